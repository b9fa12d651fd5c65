// Which receivers get a step of a case: what happened to the case, as the rules of outlets ask for it. Pure.
import { aboutOutlets, stepOfRules } from '../../platform/outlets/rules.ts'
import type { OutletCommon } from '../../platform/outlets/settings/outlet-rules.ts'
import type { CaseEventKind } from '../../protocols/domain/case.ts'
import { isOver } from '../../protocols/domain/case-order.ts'
import type { OutletStep } from '../../protocols/desk/outlets.ts'
import type { OutletEvent } from '../storage/outlet-port.ts'

/** Undefined: no receiver is concerned. What opens, joins or raises a case is `again` for the receivers that have it. */
const stepOfEvent: Partial<Record<CaseEventKind, OutletStep>> = {
  opened: 'again',
  'alarm-joined': 'again',
  'alarm-changed': 'again',
  merged: 'again',
  reopened: 'late',
  accepted: 'accepted',
  dispatched: 'dispatched',
  arrived: 'arrived',
  feedback: 'feedback',
  verified: 'verified',
  'alarm-ended': 'ended',
  archived: 'over',
  'pre-cancelled': 'cancelled',
  'deadline-red': 'late',
  'supervisor-called': 'supervisor',
}

/** Which step this receiver gets of the event, if any. `minute`: of the week, by the clock of the town. */
export function stepFor(
  outlet: Pick<OutletCommon, 'name' | 'drills' | 'rules' | 'followUps'>,
  event: OutletEvent,
  sent: readonly { outlet: string; step: OutletStep }[],
  minute: number,
): OutletStep | undefined {
  const step = stepOfEvent[event.what]
  const { case: item, alarm } = event
  if (step === undefined) return undefined
  const facts = {
    step,
    isOpening: event.what === 'opened',
    isOver: isOver(item.state),
    isDrill: item.isDrill,
    village: item.village,
    colour: item.colour,
    kinds: item.alarms.map(({ kind }) => kind),
    ...(alarm && aboutOutlets.includes(alarm.kind) ? { about: alarm.variant } : {}),
  }
  return stepOfRules(outlet, facts, sent, minute)
}
