// The routes of cases: the queue, one case with its history, joining and splitting; the steps and plans are in files of
// their own.
import type { z } from 'zod'
import { answeringRoles, roles } from '../../../protocols/desk/api.ts'
import { isInScope } from '../../../protocols/desk/scope.ts'
import type { CaseAnswer } from '../../../protocols/desk/cases.ts'
import type { CaseTarget } from '../../storage/case-port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteAnswer } from '../route.ts'
import { actorOf, answerOf, refusals, settle, type CaseRouteOptions } from './case-answers.ts'
import * as schemas from './case-schemas.ts'
import { createCaseStepRoutes } from './case-step-routes.ts'
import { actionListRoutes, planRoute, shownPlan } from './plan-routes.ts'

export type { CaseRouteOptions }

export function createCaseRoutes(options: CaseRouteOptions): Route[] {
  return [
    ...queueRoutes(options),
    ...readingRoutes(options),
    ...createCaseStepRoutes(options),
    ...joiningRoutes(options),
    planRoute(options),
    ...actionListRoutes(options),
  ]
}

function queueRoutes(options: CaseRouteOptions): Route[] {
  const { storage, clock } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/cases',
      scope: 'filtered',
      summary: { zh: '案件队列', en: 'Cases, most urgent first, newest first within a colour' },
      access: roles,
      query: schemas.casesQuery,
      answer: schemas.casesAnswer,
      problems: ['bad-request', 'bad-cursor'],
      run: async ({ query, account }) => {
        const { q, kind, from, to, ...wanted } = query as z.infer<typeof schemas.casesQuery>
        const find = { text: q, kind, fromMs: from, toMs: to }
        const page = await storage.cases({ ...wanted, find, scope: account?.scope }, clock.wallMs())
        if (!page) throw new ApiProblem('bad-cursor')
        return { json: page }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/cases',
      scope: 'filtered',
      summary: { zh: '手工建案（例如来电）', en: 'Open a case without an alarm, as after a telephone call' },
      access: answeringRoles,
      body: schemas.openBody,
      answer: schemas.caseAnswer,
      problems: ['bad-request', 'not-found'],
      run: async ({ account, body }) => {
        const { box, ...made } = body as z.infer<typeof schemas.openBody>
        for (const place of [made.village, box ?? made.village])
          if (!isInScope(account?.scope, place)) throw new ApiProblem('not-found', place)
        const given = { ...made, ...(box === undefined ? {} : { box }) }
        const done = settle(await storage.openCase(given, actorOf(account).who, clock.wallMs()), options)
        return { json: answerOf(done.case, options) }
      },
    },
  ]
}

async function read(options: CaseRouteOptions, target: CaseTarget): Promise<RouteAnswer> {
  const { storage } = options
  const found = await storage.caseWithHistory(target, 1000)
  if (!found) throw new ApiProblem('not-found')
  const plans = found.plans.map(shownPlan)
  const { history, place } = found
  return {
    json: {
      ...answerOf(found.case, options),
      history,
      plans,
      ...(place === undefined ? {} : { place }),
    } satisfies CaseAnswer,
  }
}

function readingRoutes(options: CaseRouteOptions): Route[] {
  const { storage } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/alarms/{id}/case',
      summary: { zh: '报警所在的案件', en: 'The case of an alarm' },
      access: roles,
      answer: schemas.caseAnswer,
      problems: ['not-found'],
      run: async ({ id }) => read(options, { alarm: id }),
    },
    {
      method: 'GET',
      path: '/api/v1/cases/{caseId}',
      summary: { zh: '一个案件', en: 'One case with its history and plans' },
      access: roles,
      answer: schemas.caseAnswer,
      problems: ['not-found'],
      run: async ({ caseId }) => read(options, { case: caseId }),
    },
    {
      method: 'GET',
      path: '/api/v1/cases/{caseId}/history',
      summary: { zh: '案件经过', en: 'The history of a case, oldest first' },
      access: roles,
      query: schemas.historyQuery,
      answer: schemas.historyAnswer,
      problems: ['bad-request', 'not-found'],
      run: async ({ caseId, query }) => {
        const { after, limit } = query as z.infer<typeof schemas.historyQuery>
        const history = await storage.caseEvents(caseId, after, limit)
        const last = history.length === limit ? history.at(-1) : undefined
        return { json: { history, ...(last ? { next: last.position } : {}) } }
      },
    },
  ]
}

function joiningRoutes(options: CaseRouteOptions): Route[] {
  const { storage, clock } = options
  return [
    {
      method: 'POST',
      path: '/api/v1/cases/{caseId}/merge',
      summary: { zh: '并案', en: 'Take the alarms of another case into this one' },
      access: answeringRoles,
      body: schemas.mergeBody,
      answer: schemas.caseAnswer,
      problems: ['bad-request', ...refusals],
      run: async ({ caseId, body, account }) => {
        const { from } = body as z.infer<typeof schemas.mergeBody>
        const other = account?.scope && (await storage.caseOf({ case: from }))
        if (other && !isInScope(account.scope, other.case.village)) throw new ApiProblem('not-found', from)
        const done = settle(await storage.mergeCases(caseId, from, actorOf(account), clock.wallMs()), options)
        return { json: answerOf(done.case, options) }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/cases/{caseId}/split',
      summary: { zh: '拆案：返回新案件', en: 'Take alarms out into a new case, which is the answer' },
      access: answeringRoles,
      body: schemas.splitBody,
      answer: schemas.caseAnswer,
      problems: ['bad-request', ...refusals],
      run: async ({ caseId, body, account }) => {
        const { alarms } = body as z.infer<typeof schemas.splitBody>
        const done = settle(
          await storage.splitCase(caseId, alarms, actorOf(account), clock.wallMs()),
          options,
        )
        return { json: answerOf(done.case, options) }
      },
    },
  ]
}
