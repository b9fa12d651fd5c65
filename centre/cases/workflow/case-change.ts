// One change of a case: the case as it stands afterwards, with the entry for its history. Pure.
import type { Case, CaseEvent, CaseEventKind } from '../../../protocols/domain/case.ts'
import type { CasePolicy } from '../case-policy.ts'
import type { Changed } from './case-alarms.ts'
import type { Actor, Refusal } from './case-input.ts'
import { withClocks } from './deadlines.ts'

export interface Step {
  item: Case
  actor: Actor
  policy: CasePolicy
  nowMs: number
}

export type Outcome = Changed | Refusal

export const same = (item: Case): Changed => ({ ok: true, item, events: [] })

/** The changed case with its event; progress restarts the progress clock. */
export function done(
  { item, actor, policy, nowMs }: Step,
  change: Partial<Case>,
  what: CaseEventKind,
  text = '',
  subject?: string,
): Changed {
  const event: CaseEvent = {
    what,
    who: actor.who,
    atMs: nowMs,
    text,
    ...(subject === undefined ? {} : { subject }),
  }
  const moved: Case = { ...item, ...change, changedAtMs: nowMs }
  return { ok: true, item: withClocks(moved, policy, nowMs, ['progress']), events: [event] }
}
