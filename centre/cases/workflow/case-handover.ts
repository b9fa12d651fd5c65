// Moves a case between people: back to the queue, to the next shift, to another centre for the night, and back. Pure.
import type { Case, ReturnReason } from '../../../protocols/domain/case.ts'
import { done, same, type Outcome, type Step } from './case-change.ts'
import { refuse } from './case-input.ts'

/** Reports of one case, upward and to other centres; a further one is refused. */
export const reportsMax = 50

/**
 * The case has no holder any more; a person who is on the way stays on the way, and the next holder continues from
 * there.
 */
export function giveBack(
  step: Step,
  what: Exclude<ReturnReason, 'reopened'>,
  text: string,
  subject?: string,
): Outcome {
  const { holder, claimedBy: _closed, ...rest } = step.item
  const state = rest.state === 'accepted' ? ('open' as const) : rest.state
  const returned = { why: what, atMs: step.nowMs, ...(holder === undefined ? {} : { who: holder }) }
  const change: Partial<Case> = { state, acceptances: [], needsAnswer: state !== 'open', returned }
  return done({ ...step, item: rest }, change, what, text === '' ? (holder ?? '') : text, subject)
}

/** States in which the next step belongs to the holder; after feedback and verification a second person continues. */
const isHolders = (state: Case['state']): boolean =>
  state === 'open' || state === 'accepted' || state === 'dispatched'

/** The person went off duty, or made no request for too long. */
export function redistribute(step: Step, { who, text }: { who: string; text: string }): Outcome {
  const { item } = step
  if (item.holder === who && isHolders(item.state)) return giveBack(step, 'redistributed', text, who)
  if (item.claimedBy?.who !== who) return same(item)
  const { claimedBy: _closed, ...rest } = item
  return done({ ...step, item: rest }, {}, 'redistributed', text, who)
}

/** The next shift continues where this one stopped. */
export function takeOver(step: Step, input: { from: string; to: string; text: string }): Outcome {
  const { item } = step
  const { from, to, text } = input
  if (item.holder !== from) return same(item)
  const acceptances = item.acceptances.map((one) => (one.who === from ? { ...one, who: to } : one))
  const { claimedBy: _closed, ...rest } = item
  const change: Partial<Case> = { holder: to, acceptances }
  return done({ ...step, item: rest, actor: { ...step.actor, who: to } }, change, 'taken-over', text, from)
}

/** Hands the case to another centre, as an entry of its reports that can hold that centre's answer. A drill stays here. */
export function handOver(step: Step, { to, text }: { to: string; text: string }): Outcome {
  const { item, actor, nowMs } = step
  if (item.handedTo === to) return same(item)
  if (item.isDrill) return refuse('wrong-step', 'drill')
  if (item.reports.length >= reportsMax) return refuse('too-many')
  const reports = [...item.reports, { who: actor.who, atMs: nowMs, to, text }]
  return done(step, { handedTo: to, reports }, 'handed-over', text, to)
}

export function takeBack(step: Step, { text }: { text: string }): Outcome {
  const { item } = step
  if (item.handedTo === undefined) return same(item)
  const { handedTo, ...rest } = item
  const back = { ...step, item: rest }
  // A case that the other centre holds has no operator here.
  if (item.holder === `centre:${handedTo}`) return giveBack(back, 'taken-back', text, handedTo)
  return done(back, {}, 'taken-back', text, handedTo)
}
