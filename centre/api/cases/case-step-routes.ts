// The steps of a case as routes, on the case and, for programs that use alarms only, on an alarm of it.
import type { z } from 'zod'
import { answeringRoles } from '../../../protocols/desk/api.ts'
import type { CaseAnswer } from '../../../protocols/desk/cases.ts'
import type { Case } from '../../../protocols/domain/case.ts'
import type { PersonInput } from '../../cases/workflow/case-input.ts'
import type { CaseTarget } from '../../storage/case-port.ts'
import type { CommandRouteOptions } from '../command-routes.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'
import {
  actorOf,
  answerOf,
  refusals,
  settle,
  type CaseRouteOptions,
  type DoneOutcome,
} from './case-answers.ts'
import * as schemas from './case-schemas.ts'

/** An instruction waits for a link that is cut for so long. */
const instructionLifeMs = 24 * 3_600_000

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

function inputOf(step: schemas.CaseStepName, body: unknown, nowMs: number): PersonInput {
  if (step !== 'on-test') return { do: step, ...(body as object) } as PersonInput
  const { minutes, text } = body as z.infer<(typeof schemas.stepBodies)['on-test']>
  return { do: 'on-test', untilMs: nowMs + minutes * 60_000, text }
}

export function createCaseStepRoutes(options: CaseRouteOptions): Route[] {
  return [
    ...alarmSteps.map((name) => alarmStepRoute(options, name)),
    ...(Object.keys(schemas.stepBodies) as schemas.CaseStepName[]).map((name) => stepRoute(options, name)),
  ]
}

async function step(
  options: CaseRouteOptions,
  target: CaseTarget,
  name: schemas.CaseStepName,
  { account, body }: RouteCall,
): Promise<DoneOutcome> {
  const { storage, clock } = options
  const nowMs = clock.wallMs()
  const outcome = await storage.takeCaseStep(target, inputOf(name, body, nowMs), actorOf(account), nowMs)
  return settle(outcome, options)
}

/** Of a dispatch: one link for each name, for the page of the person who goes. */
async function linksOf(
  { links: responseLinks }: CaseRouteOptions,
  name: schemas.CaseStepName,
  { case: item }: { case: Case },
  call: RouteCall,
) {
  if (name !== 'dispatch') return {}
  const { to } = call.body as z.infer<(typeof schemas.stepBodies)['dispatch']>
  const links = await responseLinks.make(item.id, item.dispatches.length - 1, to, actorOf(call.account).who)
  return links && links.length > 0 ? { links } : {}
}

function alarmStepRoute(options: CaseRouteOptions, name: (typeof alarmSteps)[number]): Route {
  return {
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
      const done = await step(options, { alarm: call.id }, name, call)
      const alarm = done.alarms.find(({ id }) => id === call.id) ?? done.asked
      if (!alarm) throw new ApiProblem('not-found')
      return { json: { alarm, case: done.case, ...(await linksOf(options, name, done, call)) } }
    },
  }
}

function stepRoute(options: CaseRouteOptions, name: schemas.CaseStepName): Route {
  return {
    method: 'POST',
    path: `/api/v1/cases/{caseId}/${name}`,
    summary: summaries[name],
    access: answeringRoles,
    body: schemas.stepBodies[name],
    answer: schemas.caseAnswer,
    problems: ['bad-request', ...refusals],
    run: async (call) => {
      const done = await step(options, { case: call.caseId }, name, call)
      if (name === 'instruct') await sendInstruction(options.commands, done.case, call)
      return {
        json: {
          ...answerOf(done.case, options),
          ...(await linksOf(options, name, done, call)),
        } satisfies CaseAnswer,
      }
    },
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
