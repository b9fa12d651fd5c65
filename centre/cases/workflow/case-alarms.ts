// How alarms open, join and change a case, and how cases are merged and split. Pure.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { Case, CaseAction, CaseAlarm, CaseEvent, HandledBefore } from '../../../protocols/domain/case.ts'
import { outranks, type Colour } from '../../../protocols/domain/colour.ts'
import type { CasePolicy } from '../case-policy.ts'
import { refuse, type Refusal } from './case-input.ts'
import { withClocks } from './deadlines.ts'
import { isOver } from '../../../protocols/domain/case-order.ts'

/** Most alarms in one case; further ones open cases of their own. */
export const alarmsPerCaseMax = 200

export interface Changed {
  ok: true
  item: Case
  events: CaseEvent[]
}

export interface Opening {
  id: string
  village: string
  box?: string
  title: BilingualText
  colour: Colour
  isDrill: boolean
  alarms: CaseAlarm[]
  actions: CaseAction[]
  guidanceVersion: number
  guidance?: BilingualText
  handledBefore?: HandledBefore
  /** `centre` if an alarm opened it. */
  who: string
  text: string
}

export function openCase(opening: Opening, policy: CasePolicy, nowMs: number): Changed {
  const { who, text, ...given } = opening
  const item: Case = {
    ...given,
    state: 'open',
    openedAtMs: nowMs,
    changedAtMs: nowMs,
    acceptances: [],
    needsAnswer: false,
    reports: [],
    dispatches: [],
    clocks: {},
    reopened: 0,
    notes: 0,
    attachments: 0,
  }
  const subject = opening.alarms[0]?.id
  const event: CaseEvent = {
    what: 'opened',
    who,
    atMs: nowMs,
    text,
    ...(subject === undefined ? {} : { subject }),
  }
  return { ok: true, item: withClocks(item, policy, nowMs), events: [event] }
}

const worst = (a: Colour, b: Colour): Colour => (outranks(b, a) ? b : a)

/**
 * An alarm of the case, or one that joins it, in its present state. The worst colour is kept: a case never becomes less
 * urgent by itself.
 */
export function takeAlarm(item: Case, alarm: CaseAlarm, policy: CasePolicy, nowMs: number): Changed {
  const known = item.alarms.find(({ id }) => id === alarm.id)
  const eventOf = (what: CaseEvent['what'], text = ''): CaseEvent => ({
    what,
    who: 'centre',
    atMs: nowMs,
    text,
    subject: alarm.id,
  })
  if (known && JSON.stringify(known) === JSON.stringify(alarm)) return { ok: true, item, events: [] }
  const events: CaseEvent[] = []
  const isMore =
    alarm.isActive &&
    (!known || alarm.occurrences > known.occurrences || outranks(alarm.colour, known.colour))
  const asksAgain = isMore && item.state !== 'open'
  // A repeat of an alarm that waits for its first answer anyway is counted in the alarm, and each one is a record: a
  // button that is pressed a hundred times must not bury the case's history.
  if (!known) events.push(eventOf('alarm-joined', alarm.colour))
  else if (known.isActive && !alarm.isActive) events.push(eventOf('alarm-ended'))
  else if (asksAgain || (known && outranks(alarm.colour, known.colour)))
    events.push(eventOf('alarm-changed', `${alarm.colour}, ${alarm.occurrences}`))
  const alarms = known
    ? item.alarms.map((entry) => (entry.id === alarm.id ? alarm : entry))
    : [...item.alarms, alarm]
  const colour = worst(item.colour, alarm.colour)
  // It returned to the queue, and its alarm occurred again: the newer reason is shown.
  const { returned, ...rest } = item
  const next: Case = {
    ...rest,
    ...(returned && !asksAgain ? { returned } : {}),
    alarms,
    colour,
    needsAnswer: item.needsAnswer || asksAgain,
    changedAtMs: nowMs,
  }
  // A new alarm on a case that was handled or verified: the answer must be reviewed again.
  const state =
    asksAgain && (item.state === 'verified' || item.state === 'feedback') ? 'accepted' : next.state
  const restart = asksAgain && !item.needsAnswer ? (['accept'] as const) : []
  return { ok: true, item: withClocks({ ...next, state }, policy, nowMs, restart), events }
}

/** All alarms of `from` move to `into`, which continues; the history of both stays where it was written. */
export function mergeCases(
  into: Case,
  from: Case,
  who: string,
  policy: CasePolicy,
  nowMs: number,
): { ok: true; into: Changed; from: Changed } | Refusal {
  if (into.id === from.id) return refuse('wrong-step', into.id)
  if (isOver(into.state)) return refuse('wrong-step', into.id)
  if (isOver(from.state)) return refuse('wrong-step', from.id)
  if (into.alarms.length + from.alarms.length > alarmsPerCaseMax) return refuse('too-many')
  if (into.isDrill !== from.isDrill) return refuse('wrong-step', 'drill')
  const known = new Set(into.alarms.map(({ id }) => id))
  const added = from.alarms.filter(({ id }) => !known.has(id))
  const actions = [
    ...into.actions,
    ...from.actions.filter(({ id }) => !into.actions.some((action) => action.id === id)),
  ]
  const merged: Case = {
    ...into,
    alarms: [...into.alarms, ...added],
    actions,
    colour: worst(into.colour, from.colour),
    changedAtMs: nowMs,
  }
  const { holder: _left, claimedBy: _closed, ...rest } = from
  const gone: Case = {
    ...rest,
    state: 'merged',
    mergedInto: into.id,
    alarms: [],
    clocks: {},
    changedAtMs: nowMs,
  }
  const event = (subject: string, text: string): CaseEvent => ({
    what: 'merged',
    who,
    atMs: nowMs,
    text,
    subject,
  })
  return {
    ok: true,
    into: { ok: true, item: withClocks(merged, policy, nowMs), events: [event(from.id, 'from')] },
    from: { ok: true, item: gone, events: [event(into.id, 'into')] },
  }
}

/** Moves some alarms of a case into a new one; at least one must stay. */
export function splitCase(
  item: Case,
  alarmIds: readonly string[],
  newId: string,
  who: string,
  policy: CasePolicy,
  nowMs: number,
): { ok: true; from: Changed; split: Changed } | Refusal {
  if (isOver(item.state)) return refuse('wrong-step', item.id)
  const leaving = item.alarms.filter(({ id }) => alarmIds.includes(id))
  const staying = item.alarms.filter(({ id }) => !alarmIds.includes(id))
  if (leaving.length === 0 || staying.length === 0 || leaving.length !== new Set(alarmIds).size)
    return refuse('no-such-entry', alarmIds.join(', '))
  const [first] = leaving
  const opened = openCase(
    {
      id: newId,
      village: item.village,
      ...(item.box === undefined ? {} : { box: item.box }),
      title: item.title,
      colour: leaving.reduce((colour, alarm) => worst(colour, alarm.colour), first?.colour ?? item.colour),
      isDrill: item.isDrill,
      alarms: leaving,
      actions: item.actions.map(({ done: _done, ...action }) => action),
      guidanceVersion: item.guidanceVersion,
      ...(item.guidance === undefined ? {} : { guidance: item.guidance }),
      who,
      text: item.id,
    },
    policy,
    nowMs,
  )
  const event: CaseEvent = {
    what: 'split',
    who,
    atMs: nowMs,
    text: leaving.map(({ id }) => id).join(' '),
    subject: newId,
  }
  return {
    ok: true,
    from: { ok: true, item: { ...item, alarms: staying, changedAtMs: nowMs }, events: [event] },
    split: opened,
  }
}
