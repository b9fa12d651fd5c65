// The workflow of a case: `(case, input, actor, now) -> (case, events)` or a refusal with its reason. Pure: storage
// writes both in one transaction, and the desk shows the result.
import type { Case } from '../../../protocols/domain/case.ts'
import type { CasePolicy } from '../case-policy.ts'
import { activeAlarms, mustVerify, openActions } from './archive-conditions.ts'
import { alarmsPerCaseMax, takeAlarm } from './case-alarms.ts'
import { done, same, type Outcome, type Step } from './case-change.ts'
import { takeUpwardStage, reportUp } from './case-upward.ts'
import { giveBack, handOver, redistribute, reportsMax, takeBack, takeOver } from './case-handover.ts'
import { refuse, type CentreInput, type PersonInput, type Refusal } from './case-input.ts'
import { passTime } from './deadlines.ts'
import { isOver, mayFollow, stepRules, type RuledStep } from '../../../protocols/domain/case-order.ts'

/** Most entries of one case; a further one is refused. */
export const entriesMax = { reports: reportsMax, dispatches: 100, notes: 1000, attachments: 50 } as const

type InputOf<Kind extends PersonInput['do']> = Extract<PersonInput, { do: Kind }>

/** Inputs of people; centre inputs go to `takeCentreInput`. */
export function takeStep(step: Step, input: PersonInput): Outcome {
  const { item } = step
  if (isOver(item.state)) {
    // If a person repeats the last step, for example after a lost answer, the answer is "done".
    const isRepeat =
      input.do === 'archive' && item.state === 'archived' && item.archived?.who === step.actor.who
    return isRepeat ? same(item) : refuse('wrong-step', item.mergedInto ?? item.state)
  }
  switch (input.do) {
    case 'claim':
      return claim(step)
    case 'accept':
      return accept(step)
    case 'release':
      return release(step, input)
    case 'report':
      return report(step, input)
    case 'dispatch':
      return dispatch(step, input)
    case 'arrive':
    case 'cannot':
      return answerDispatch(step, input)
    case 'feedback':
      return feedback(step, input)
    case 'verify':
      return verify(step, input)
    case 'archive':
      return archive(step, input)
    case 'action':
      return doAction(step, input)
    case 'hand-over':
      return handOver(step, input)
    case 'take-back':
      return takeBack(step, input)
    default:
      return record(step, input)
  }
}

export function takeCentreInput(item: Case, input: CentreInput, policy: CasePolicy, nowMs: number): Outcome {
  if (input.do === 'time') return { ok: true, ...passTime(item, policy, nowMs) }
  if (isOver(item.state)) return refuse('wrong-step', item.state)
  if (input.do === 'alarm') {
    const isKnown = item.alarms.some(({ id }) => id === input.alarm.id)
    if (!isKnown && item.alarms.length >= alarmsPerCaseMax) return refuse('too-many')
    return takeAlarm(item, input.alarm, policy, nowMs)
  }
  const step: Step = { item, actor: { who: 'centre', isSupervisor: true }, policy, nowMs }
  if (input.do === 'redistribute') return redistribute(step, input)
  if (input.do === 'take-over') return takeOver(step, input)
  if (input.do === 'night') return handOver(step, input)
  if (input.do === 'take-back') return takeBack(step, input)
  if (input.do === 'report-up') return reportUp(step, input)
  return takeUpwardStage(step, input)
}

function check({ item, actor }: Step, rule: RuledStep): Refusal | undefined {
  if (!mayFollow(item.state, rule)) return refuse('wrong-step', item.state)
  const isOthers = stepRules[rule].isHolders && item.holder !== undefined && item.holder !== actor.who
  return isOthers && !actor.isSupervisor ? refuse('held', item.holder) : undefined
}

/** Shown to others so that two people do not work on the same case unknowingly; it reserves nothing. */
function claim(step: Step): Outcome {
  const { item, actor, nowMs } = step
  if (item.claimedBy?.who === actor.who) return same(item)
  return done(step, { claimedBy: { who: actor.who, atMs: nowMs } }, 'claimed')
}

function accept(before: Step): Outcome {
  // A person answers: why it had returned to the queue is in its history.
  const { returned: _answered, ...item } = before.item
  const step: Step = { ...before, item }
  const { actor, policy, nowMs } = step
  if (!mayFollow(item.state, 'accept')) return refuse('wrong-step', item.state)
  if (item.state !== 'open') {
    if (!item.needsAnswer) return item.holder === actor.who ? same(before.item) : refuse('held', item.holder)
    return done(step, { holder: actor.who, needsAnswer: false }, 'accepted', 'again')
  }
  if (item.acceptances.some(({ who }) => who === actor.who)) return same(before.item)
  const acceptances = [...item.acceptances, { who: actor.who, atMs: nowMs }]
  const needed = policy.acceptancesNeeded(item.colour)
  if (item.acceptances.length >= needed) return refuse('held', item.holder)
  const isEnough = acceptances.length >= needed
  return done(
    step,
    {
      acceptances,
      holder: item.holder ?? actor.who,
      needsAnswer: false,
      ...(isEnough ? { state: 'accepted' as const } : {}),
    },
    'accepted',
    needed > 1 ? `${acceptances.length}/${needed}` : '',
  )
}

function release(step: Step, { text }: { text: string }): Outcome {
  const { item } = step
  if (item.state === 'open' && item.holder === undefined) return refuse('wrong-step', item.state)
  const refused = item.state === 'open' ? undefined : check(step, 'release')
  return refused ?? giveBack(step, 'released', text)
}

function report(step: Step, { to, text }: InputOf<'report'>): Outcome {
  const refused = check(step, 'report')
  if (refused) return refused
  const { item, actor, nowMs } = step
  if (item.reports.length >= entriesMax.reports) return refuse('too-many')
  const reports = [...item.reports, { who: actor.who, atMs: nowMs, to, text }]
  return done(step, { reports }, 'reported', text, to)
}

function dispatch(step: Step, { to, text }: InputOf<'dispatch'>): Outcome {
  const refused = check(step, 'dispatch')
  if (refused) return refused
  const { item, actor, nowMs } = step
  if (item.dispatches.length >= entriesMax.dispatches) return refuse('too-many')
  const dispatches = [...item.dispatches, { who: actor.who, atMs: nowMs, to, text }]
  return done(step, { dispatches, state: 'dispatched' }, 'dispatched', text, to.join(', '))
}

function answerDispatch(step: Step, input: InputOf<'arrive'> | InputOf<'cannot'>): Outcome {
  const refused = check(step, input.do)
  if (refused) return refused
  const { item, nowMs } = step
  const sent = item.dispatches[input.index]
  if (!sent) return refuse('no-such-entry', `${input.index}`)
  const subject = sent.to.join(', ')
  if (input.do === 'arrive') {
    if (sent.arrivedAtMs !== undefined) return same(item)
    const dispatches = item.dispatches.with(input.index, { ...sent, arrivedAtMs: nowMs })
    return done(step, { dispatches }, 'arrived', '', subject)
  }
  if (sent.cannot !== undefined) return same(item)
  const dispatches = item.dispatches.with(input.index, { ...sent, cannot: input.text })
  // If the last dispatched person is withdrawn, the case waits for another dispatch, and its clock runs.
  const isAnybodyLeft = dispatches.some(({ cannot }) => cannot === undefined)
  return done(
    step,
    { dispatches, ...(isAnybodyLeft ? {} : { state: 'accepted' as const }) },
    'dispatch-refused',
    input.text,
    subject,
  )
}

function feedback(step: Step, { text, outcome }: InputOf<'feedback'>): Outcome {
  const refused = check(step, 'feedback')
  if (refused) return refused
  const { actor, nowMs } = step
  const given = { who: actor.who, atMs: nowMs, text, outcome }
  return done(step, { feedback: given, state: 'feedback' }, 'feedback', text, outcome)
}

function verify(step: Step, { isGood, text }: InputOf<'verify'>): Outcome {
  const refused = check(step, 'verify')
  if (refused) return refused
  const { item, actor, nowMs } = step
  if (item.feedback?.who === actor.who || item.holder === actor.who) return refuse('same-person', actor.who)
  if (item.needsAnswer) return refuse('wrong-step', 'needs-answer')
  if (isGood)
    return done(
      step,
      { verified: { who: actor.who, atMs: nowMs, text }, state: 'verified' },
      'verified',
      text,
    )
  if (text === '') return refuse('needs-reason')
  const { feedback: _refused, ...rest } = item
  return done({ ...step, item: rest }, { state: 'accepted' }, 'sent-back', text)
}

function archive(step: Step, { text }: InputOf<'archive'>): Outcome {
  const { item, actor, policy, nowMs } = step
  const isEarly = !mustVerify(item, policy) && item.state !== 'open'
  if (!mayFollow(item.state, 'archive') && !isEarly) return refuse('wrong-step', item.state)
  if (item.needsAnswer) return refuse('wrong-step', 'needs-answer')
  const mayOverrule = actor.isSupervisor && text !== ''
  const missing = openActions(item)
  if (missing.length > 0 && !mayOverrule)
    return refuse('open-actions', missing.map(({ id }) => id).join(', '))
  const active = activeAlarms(item)
  if (active.length > 0 && !mayOverrule) return refuse('alarm-active', active.map(({ id }) => id).join(', '))
  return done(step, { state: 'archived', archived: { who: actor.who, atMs: nowMs, text } }, 'archived', text)
}

/** Format of an answer to an action; the label has the rest. */
const yesNo = new Set(['yes', 'no'])

function doAction(step: Step, { action: id, value }: InputOf<'action'>): Outcome {
  const { item, actor, nowMs } = step
  const at = item.actions.findIndex((action) => action.id === id)
  const action = item.actions[at]
  if (!action) return refuse('no-such-action', id)
  if (action.type === 'yes-no' && !yesNo.has(value)) return refuse('needs-reason', 'yes, no')
  if (action.type !== 'basic' && value === '') return refuse('needs-reason', id)
  const actions = item.actions.with(at, { ...action, done: { who: actor.who, atMs: nowMs, value } })
  return done(step, { actions }, 'action-done', value, id)
}

type Recorded = Exclude<
  PersonInput['do'],
  | 'claim'
  | 'accept'
  | 'release'
  | 'report'
  | 'dispatch'
  | 'arrive'
  | 'cannot'
  | 'feedback'
  | 'verify'
  | 'archive'
  | 'action'
  | 'hand-over'
  | 'take-back'
>

/** Entries that are recorded and change no step. */
function record(step: Step, input: InputOf<Recorded>): Outcome {
  const { item, actor, nowMs } = step
  switch (input.do) {
    case 'note':
      if (item.notes >= entriesMax.notes) return refuse('too-many')
      return done(step, { notes: item.notes + 1 }, 'note', input.text)
    case 'attach':
      if (item.attachments >= entriesMax.attachments) return refuse('too-many')
      return done(step, { attachments: item.attachments + 1 }, 'attachment', input.name, input.sha256)
    case 'plan-step':
      return done(step, {}, 'plan-step', input.text, input.step)
    case 'instruct':
      return done(step, {}, 'instructed', input.text)
    case 'call':
      return done(step, {}, 'called', input.text, input.to)
    case 'on-test':
      return done(step, { onTest: { who: actor.who, untilMs: input.untilMs } }, 'on-test', input.text)
    case 'pre-cancel':
      return done(
        step,
        { preCancelled: { who: actor.who, atMs: nowMs, text: input.text } },
        'pre-cancelled',
        input.text,
      )
  }
}
