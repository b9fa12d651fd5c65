// The API as a table: the input, answers, refusals and allowed roles of each route. The server registers this table and
// openapi.json is generated from it, so that the two can not differ.
import type { z } from 'zod'
import type {
  AlarmAnswer,
  AlarmsAnswer,
  RetireAnswer,
  Role,
  VillagesAnswer,
} from '../../protocols/desk/api.ts'
import { answeringRoles, retiringRoles, roles } from '../../protocols/desk/api.ts'
import { isInScope, type Scope } from '../../protocols/desk/scope.ts'
import { isAboutPicture } from '../alarms/picture-records.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'
import { createAccountRoutes, type AccountRouteOptions } from './account-routes.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { EventPage, StepOutcome, Storage, StoredChange } from '../storage/port.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import { createCaseRoutes, type CaseRouteOptions } from './cases/case-routes.ts'
import { createCommandRoutes, type CommandRouteOptions } from './command-routes.ts'
import { ApiProblem } from './problems.ts'
import type { Route, RouteAnswer } from './route.ts'
import * as schemas from './schemas.ts'

export interface RouteOptions extends CommandRouteOptions, Omit<AccountRouteOptions, 'storage'> {
  storage: AccountRouteOptions['storage'] &
    Pick<Storage, 'alarm' | 'alarms' | 'events' | 'openAlarmCounts' | 'seeAlarm' | 'commands'>
  clock: Clock
  villages: (counts: { box: string; colourRank: number; count: number }[]) => VillagesAnswer
  /** Adds to each village whether its daily report is there. */
  markDaily: (answer: VillagesAnswer) => Promise<VillagesAnswer>
  /** A person has changed the stage of an alarm: push the change and send the stage to the box. */
  onStep: (alarm: DeskAlarm, changes: StoredChange[]) => void
  openApi: () => object
  /** `heard`: not done, because the box still sends. */
  retire: (box: string, by: string, why: string) => Promise<'retired' | 'heard' | 'unknown'>
  cases: CaseRouteOptions
}

/** Inserts stored bodies into the answer unchanged: they are already JSON. */
function eventsText({ rows, next, isEnd }: EventPage, role: Role | undefined): string {
  const seesPictures = answeringRoles.some((one) => one === role)
  const shown = seesPictures ? rows : rows.filter(({ body }) => !isPictureBody(body))
  const events = shown.map(({ body, ...row }) => `${JSON.stringify(row).slice(0, -1)},"record":${body}}`)
  return `{"events":[${events.join(',')}],"next":${JSON.stringify(next)},"isEnd":${isEnd}}`
}

/** Records about pictures need the right to see pictures. */
function isPictureBody(body: string): boolean {
  return body.includes('"what":"snapshot-') && isAboutPicture(JSON.parse(body) as JournalRecord)
}

/** The centre's own certificates are for accounts without a scope. */
function villagesInScope(answer: VillagesAnswer, scope: Scope | undefined): VillagesAnswer {
  if (!scope) return answer
  return {
    villages: answer.villages.filter(({ id }) => isInScope(scope, id)),
    certificates: (answer.certificates ?? []).filter(({ use }) => isInScope(scope, use)),
  }
}

export function createRoutes(options: RouteOptions): Route[] {
  return [
    ...createAccountRoutes(options),
    ...alarmRoutes(options),
    ...villageRoutes(options),
    eventsRoute(options),
    ...createCommandRoutes(options),
    ...createCaseRoutes(options.cases),
    {
      method: 'GET',
      path: '/api/v1/openapi.json',
      summary: { zh: '本接口的说明', en: 'This description' },
      access: 'open',
      answer: schemas.openApiAnswer,
      problems: [],
      run: async () => ({ json: options.openApi() }),
    },
  ]
}

function alarmRoutes({ storage, clock, onStep }: RouteOptions): Route[] {
  function stepAnswer(outcome: StepOutcome): RouteAnswer {
    if (outcome.type === 'unknown') throw new ApiProblem('not-found')
    if (outcome.changes.length > 0) onStep(outcome.alarm, outcome.changes)
    return { json: { alarm: outcome.alarm } }
  }

  return [
    {
      method: 'GET',
      path: '/api/v1/alarms',
      scope: 'filtered',
      summary: { zh: '报警列表', en: 'Alarms, most urgent first, newest first within a colour' },
      access: roles,
      query: schemas.alarmsQuery,
      answer: schemas.alarmsAnswer,
      problems: ['bad-request', 'bad-cursor'],
      run: async ({ query, account }) => {
        const { state, after, limit, q, kind, colour, village, from, to } = query as z.infer<
          typeof schemas.alarmsQuery
        >
        const find = { text: q, kind, colour, village, fromMs: from, toMs: to }
        const page = await storage.alarms({ state, after, limit, find, scope: account?.scope })
        if (!page) throw new ApiProblem('bad-cursor')
        return { json: page satisfies AlarmsAnswer }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/alarms/{id}',
      summary: { zh: '一条报警，含已结束的', en: 'One alarm with its readings, also when it is over' },
      access: roles,
      answer: schemas.alarmAnswer,
      problems: ['not-found'],
      run: async ({ id }) => {
        const alarm = await storage.alarm(id)
        if (!alarm) throw new ApiProblem('not-found')
        return { json: { alarm } satisfies AlarmAnswer }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/alarms/{id}/seen',
      summary: { zh: '已显示给值班员', en: 'A desk has shown the alarm to a person' },
      access: answeringRoles,
      answer: schemas.alarmAnswer,
      problems: ['not-found'],
      run: async ({ account, id }) =>
        stepAnswer(await storage.seeAlarm(id, account?.user ?? '', clock.wallMs())),
    },
  ]
}

function villageRoutes(options: RouteOptions): Route[] {
  const { storage } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/villages',
      scope: 'filtered',
      summary: { zh: '村庄与网关', en: 'Villages, their boxes and open alarms' },
      access: roles,
      answer: schemas.villagesAnswer,
      problems: [],
      run: async ({ account }) => {
        const answer = options.villages(await storage.openAlarmCounts())
        return { json: villagesInScope(await options.markDaily(answer), account?.scope) }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/villages/{boxId}/retire',
      summary: {
        zh: '注销已拆除的网关：不再列出，不再因失联报警；再次听到时自动恢复。留痕。',
        en: 'Retire a box that was removed: it is not listed and its silence raises no alarm; when it sends again, it is listed again. Recorded in the trail',
      },
      access: retiringRoles,
      body: schemas.retireBody,
      answer: schemas.retireAnswer,
      problems: ['bad-request', 'not-found', 'box-present'],
      run: async ({ account, boxId, body }) => {
        const { why } = body as z.infer<typeof schemas.retireBody>
        const outcome = await options.retire(boxId, account?.user ?? '', why)
        if (outcome === 'unknown') throw new ApiProblem('not-found', boxId)
        if (outcome === 'heard') throw new ApiProblem('box-present')
        return { json: { box: boxId, retired: true } satisfies RetireAnswer }
      },
    },
  ]
}

function eventsRoute({ storage }: RouteOptions): Route {
  return {
    method: 'GET',
    path: '/api/v1/events',
    scope: 'filtered',
    summary: {
      zh: '全部已存记录',
      en: "Every stored record, in the box's order, then the records that arrive later",
    },
    access: roles,
    query: schemas.eventsQuery,
    answer: schemas.eventsAnswer,
    problems: ['bad-request', 'bad-cursor'],
    run: async ({ query, account }) => {
      const page = await storage.events({
        ...(query as z.infer<typeof schemas.eventsQuery>),
        scope: account?.scope,
      })
      if (!page) throw new ApiProblem('bad-cursor')
      return { text: eventsText(page, account?.role) }
    },
  }
}
