// The routes of cases: the six steps of an alarm's case, the queue, one case with its history, and the town's lists of
// actions.
import type { z } from 'zod'
import { answeringRoles, roles, type Role } from '../../protocols/desk/api.ts'
import { isInScope } from '../../protocols/desk/scope.ts'
import type { CaseAnswer, CasePlan } from '../../protocols/desk/cases.ts'
import type { Case } from '../../protocols/domain/case.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { ActionList, Plan } from '../cases/action-lists.ts'
import type { ResponseLinks } from '../people/response-links.ts'
import type { CasePolicy } from '../cases/case-policy.ts'
import { deadlinesOf } from '../cases/case-summary.ts'
import type { Actor, PersonInput } from '../cases/workflow/case-input.ts'
import type { CaseOutcome, CaseReaderCalls, CaseTarget, CaseWriterCalls } from '../storage/case-port.ts'
import type { Account, StoredChange } from '../storage/port.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import { askForCommand, commandBody, type CommandRouteOptions } from './command-routes.ts'
import * as schemas from './case-schemas.ts'
import { ApiProblem, problemOfRefusal, type ProblemCode } from './problems.ts'
import type { Route, RouteAnswer, RouteCall } from './route.ts'

/** An instruction waits for a link that is cut for so long. */
const instructionLifeMs = 24 * 3_600_000

const leadingRoles: readonly Role[] = ['supervisor', 'admin']

type Promised<Calls> = {
  [Name in keyof Calls]: Calls[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Awaited<Answer>>
    : never
}

export interface CaseRouteOptions {
  storage: Promised<CaseWriterCalls> & Promised<CaseReaderCalls>
  clock: Clock
  policy: CasePolicy
  /** A person has changed a case: push it and send the stage to the boxes of its alarms. */
  onStep: (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]) => void
  links: Pick<ResponseLinks, 'make'>
  /** For the steps of a plan that are commands. */
  commands: CommandRouteOptions
}

const refusals = [
  'not-found',
  'already-accepted',
  'wrong-step',
  'same-person',
  'open-actions',
  'alarm-active',
  'needs-reason',
  'too-many-entries',
] as const satisfies readonly ProblemCode[]

/** Steps with a route on the alarm, for programs that use alarms only. */
const alarmSteps = ['accept', 'report', 'dispatch', 'feedback', 'verify', 'archive'] as const

const summaries: Record<schemas.CaseStepName, { zh: string; en: string }> = {
  claim: { zh: '打开案件：让他人看到有人在处理', en: 'Show others that a person has the case open' },
  accept: { zh: '接警', en: 'Take it; the same user again changes nothing' },
  release: { zh: '放回队列', en: 'Give it back to the queue' },
  report: { zh: '上报', en: 'Report upward' },
  dispatch: { zh: '派遣', en: 'Send a person' },
  arrive: { zh: '到达现场', en: 'A dispatched person has arrived' },
  cannot: { zh: '无法前往', en: 'A dispatched person cannot go' },
  feedback: { zh: '现场反馈', en: 'Feedback from the scene' },
  verify: { zh: '核查（须由另一人）', en: 'Verify; by a second person' },
  archive: { zh: '归档', en: 'Archive; a supervisor may set open points aside with a reason' },
  note: { zh: '备注', en: 'Write a note' },
  action: { zh: '完成一项处置要求', en: 'Do one of the listed actions' },
  call: { zh: '记录一次通话', en: 'Write down a telephone call' },
  'on-test': { zh: '标记为测试中', en: 'Mark as on test for some minutes' },
  'pre-cancel': { zh: '当事人说明为误报', en: 'The household says that it was a mistake' },
  'hand-over': { zh: '移交其他中心', en: 'Hand over to another centre' },
  instruct: { zh: '向上报本案的下级中心下达指示', en: 'Instruct the centre below that reported this case' },
  'take-back': { zh: '从其他中心收回', en: 'Take back from another centre' },
}

function actorOf(account: Account | undefined): Actor {
  if (!account) throw new ApiProblem('unauthenticated')
  return { who: account.user, isSupervisor: leadingRoles.includes(account.role) }
}

function inputOf(step: schemas.CaseStepName, body: unknown, nowMs: number): PersonInput {
  if (step !== 'on-test') return { do: step, ...(body as object) } as PersonInput
  const { minutes, text } = body as z.infer<(typeof schemas.stepBodies)['on-test']>
  return { do: 'on-test', untilMs: nowMs + minutes * 60_000, text }
}

export function createCaseRoutes(options: CaseRouteOptions): Route[] {
  const { storage, clock, policy, onStep } = options

  const answered = (item: Case): CaseAnswer => ({ case: item, deadlines: deadlinesOf(item, policy) })

  /** Pushes the change; throws a refusal. */
  function settled(outcome: CaseOutcome): Extract<CaseOutcome, { type: 'done' }> {
    if (outcome.type === 'unknown') throw new ApiProblem('not-found')
    if (outcome.type === 'refused')
      throw new ApiProblem(problemOfRefusal[outcome.code], outcome.detail, outcome.alarm)
    if (outcome.changes.length > 0) onStep(outcome.alarms, outcome.changes)
    return outcome
  }

  async function step(target: CaseTarget, name: schemas.CaseStepName, { account, body }: RouteCall) {
    const nowMs = clock.wallMs()
    return settled(await storage.takeCaseStep(target, inputOf(name, body, nowMs), actorOf(account), nowMs))
  }

  /** Of a dispatch: one link for each name, for the page of the person who goes. */
  async function linksOf(name: schemas.CaseStepName, { case: item }: { case: Case }, call: RouteCall) {
    if (name !== 'dispatch') return {}
    const { to } = call.body as z.infer<(typeof schemas.stepBodies)['dispatch']>
    const links = await options.links.make(item.id, item.dispatches.length - 1, to, actorOf(call.account).who)
    return links && links.length > 0 ? { links } : {}
  }

  const onAlarm = (name: (typeof alarmSteps)[number]): Route => ({
    method: 'POST',
    path: `/api/v1/alarms/{id}/${name}`,
    summary: {
      zh: `${summaries[name].zh}（该报警所在的案件）`,
      en: `${summaries[name].en} (the case of this alarm)`,
    },
    access: answeringRoles,
    body: schemas.stepBodies[name],
    answer: schemas.alarmCaseAnswer,
    problems: ['bad-request', ...refusals],
    run: async (call) => {
      const done = await step({ alarm: call.id }, name, call)
      const alarm = done.alarms.find(({ id }) => id === call.id) ?? done.asked
      if (!alarm) throw new ApiProblem('not-found')
      return { json: { alarm, case: done.case, ...(await linksOf(name, done, call)) } }
    },
  })

  const onCase = (name: schemas.CaseStepName): Route => ({
    method: 'POST',
    path: `/api/v1/cases/{caseId}/${name}`,
    summary: summaries[name],
    access: answeringRoles,
    body: schemas.stepBodies[name],
    answer: schemas.caseAnswer,
    problems: ['bad-request', ...refusals],
    run: async (call) => {
      const done = await step({ case: call.caseId }, name, call)
      if (name === 'instruct') await sendInstruction(options.commands, done.case, call)
      return { json: { ...answered(done.case), ...(await linksOf(name, done, call)) } satisfies CaseAnswer }
    },
  })

  async function read(target: CaseTarget): Promise<RouteAnswer> {
    const found = await storage.caseOf(target)
    if (!found) throw new ApiProblem('not-found')
    const history = await storage.caseEvents(found.case.id, 0, 1000)
    const plans = found.plans.map(shownPlan)
    return { json: { ...answered(found.case), history, plans } satisfies CaseAnswer }
  }

  return [
    ...alarmSteps.map(onAlarm),
    {
      method: 'GET',
      path: '/api/v1/alarms/{id}/case',
      summary: { zh: '报警所在的案件', en: 'The case of an alarm' },
      access: roles,
      answer: schemas.caseAnswer,
      problems: ['not-found'],
      run: async ({ id }) => read({ alarm: id }),
    },
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
        const done = settled(await storage.openCase(given, actorOf(account).who, clock.wallMs()))
        return { json: answered(done.case) }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/cases/{caseId}',
      summary: { zh: '一个案件', en: 'One case with its history and plans' },
      access: roles,
      answer: schemas.caseAnswer,
      problems: ['not-found'],
      run: async ({ caseId }) => read({ case: caseId }),
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
    ...(Object.keys(schemas.stepBodies) as schemas.CaseStepName[]).map(onCase),
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
        const done = settled(await storage.mergeCases(caseId, from, actorOf(account), clock.wallMs()))
        return { json: answered(done.case) }
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
        const done = settled(await storage.splitCase(caseId, alarms, actorOf(account), clock.wallMs()))
        return { json: answered(done.case) }
      },
    },
    planRoute(options, settled, answered),
    ...actionListRoutes(options),
  ]
}

const shownPlan = ({ id, label, steps }: Plan): CasePlan => ({
  id,
  label,
  steps: steps.map((step) => ({
    id: step.id,
    do: step.do,
    label: step.label,
    ...(step.do === 'call' ? { to: step.to } : step.do === 'dispatch' ? { to: step.to.join(', ') } : {}),
  })),
})

/**
 * Starts a plan: commands are sent, people are dispatched, calls wait for a person; each step's result is in the
 * history.
 */
function planRoute(
  { storage, clock, commands }: CaseRouteOptions,
  settled: (outcome: CaseOutcome) => Extract<CaseOutcome, { type: 'done' }>,
  answered: (item: Case) => CaseAnswer,
): Route {
  return {
    method: 'POST',
    path: '/api/v1/cases/{caseId}/plan',
    summary: { zh: '启动预案', en: 'Start a plan: every step of it, or one' },
    access: answeringRoles,
    body: schemas.planBody,
    answer: schemas.caseAnswer,
    problems: ['bad-request', ...refusals],
    run: async ({ caseId, body, account }) => {
      const wanted = body as z.infer<typeof schemas.planBody>
      const actor = actorOf(account)
      const found = await storage.caseOf({ case: caseId })
      const plan = found?.plans.find(({ id }) => id === wanted.plan)
      if (!found || !plan || !account) throw new ApiProblem('not-found', wanted.plan)
      const [alarm] = found.case.alarms
      let item = found.case
      for (const step of plan.steps) {
        if (wanted.step !== undefined && step.id !== wanted.step) continue
        let text = 'to be called'
        if (item.isDrill && step.do !== 'call') text = 'drill: not sent'
        else if (step.do === 'command') {
          if (item.box === undefined) text = 'failed: the case has no box'
          else text = await sendCommand(commands, item.box, { ...step.command, alarm: alarm?.id }, account)
        }
        const input: PersonInput =
          step.do === 'dispatch' && !item.isDrill
            ? { do: 'dispatch', to: step.to, text: plan.label.zh }
            : { do: 'plan-step', step: `${plan.id}/${step.id}`, text }
        item = settled(await storage.takeCaseStep({ case: caseId }, input, actor, clock.wallMs())).case
      }
      return { json: answered(item) }
    },
  }
}

/** The outcome of a step, as text for the history; a failed step does not stop the plan. */
async function sendCommand(
  options: CommandRouteOptions,
  box: string,
  body: unknown,
  account: Account,
): Promise<string> {
  const wanted = commandBody.safeParse(body)
  if (!wanted.success) return `failed: ${wanted.error.issues[0]?.message ?? 'not a command'}`
  try {
    return `sent as ${(await askForCommand(options, box, wanted.data, account)).id}`
  } catch (error) {
    if (error instanceof ApiProblem) return `failed: ${error.message}`
    throw error
  }
}

/** The centre below is asked as a box is: stored first, sent until it answers. Its case is an alarm here. */
async function sendInstruction(
  { isBoxKnown, ask, random, clock }: CommandRouteOptions,
  { alarms: [alarm] }: Case,
  { account, body }: RouteCall,
): Promise<void> {
  const box = alarm?.id.slice(0, alarm.id.indexOf('.'))
  if (!alarm || box === undefined || !isBoxKnown(box)) return
  const { text } = body as z.infer<typeof schemas.stepBodies.instruct>
  const askedAtMs = Math.round(clock.wallMs())
  const isAsked = await ask({
    id: `k-${random.hex(10)}`,
    box,
    do: 'device',
    device: 'centre',
    order: { do: 'instruct', text },
    by: (account?.user ?? '').slice(0, 80),
    alarm: alarm.id,
    state: 'waiting',
    askedAtMs,
    expiresAtMs: askedAtMs + instructionLifeMs,
    changedAtMs: askedAtMs,
  })
  if (!isAsked) throw new ApiProblem('too-many-commands')
}

function actionListRoutes({ storage, clock }: CaseRouteOptions): Route[] {
  const path = '/api/v1/action-lists'
  return [
    {
      method: 'GET',
      path,
      scope: 'none',
      summary: { zh: '处置要求、指引与预案', en: 'Required actions, guidance and plans by kind and place' },
      access: roles,
      answer: schemas.actionListsAnswer,
      problems: [],
      run: async () => ({ json: await storage.actionLists() }),
    },
    {
      method: 'POST',
      path,
      summary: { zh: '写入新版本', en: 'Write a new version of them; cases that are open keep theirs' },
      access: leadingRoles,
      body: schemas.actionListsBody,
      answer: schemas.versionAnswer,
      problems: ['bad-request'],
      run: async ({ account, body }) => {
        const { lists } = body as z.infer<typeof schemas.actionListsBody>
        const version = await storage.putActionLists(
          lists as ActionList[],
          actorOf(account).who,
          clock.wallMs(),
        )
        return { json: { version } }
      },
    },
  ]
}
