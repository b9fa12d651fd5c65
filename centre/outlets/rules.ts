// Which receivers get a step of a case: by their rules, and because they have the case already. Pure.
import type { CaseEventKind } from '../../protocols/domain/case.ts'
import { isOver } from '../../protocols/domain/case-order.ts'
import { isInScope } from '../../protocols/desk/scope.ts'
import type { OutletStep } from '../../protocols/desk/outlets.ts'
import type { OutletCommon } from '../config/outlets/outlet-settings.ts'
import type { OutletRule } from '../config/outlets/outlet-rules.ts'
import { isWithin } from '../people/duty.ts'
import type { OutletCase, OutletEvent } from '../storage/outlet-port.ts'

/** Kinds about outlets: sent only where a rule names them, or the failure of one receiver would go around among the others. */
const aboutOutlets = ['outlet-failed', 'outlet-silent']

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

const everyDay = [1, 2, 3, 4, 5, 6, 7]

const isAtTime = (
  { from = '00:00', until = from, weekdays = everyDay }: OutletRule,
  minute: number,
): boolean => isWithin({ days: weekdays, from, to: until }, minute)

function fits(rule: OutletRule, { case: item }: OutletCase, step: OutletStep, minute: number): boolean {
  const { villages, kinds, colours, steps } = rule
  const of = item.alarms.map(({ kind }) => kind)
  const isKind =
    kinds === undefined
      ? of.length === 0 || of.some((kind) => !aboutOutlets.includes(kind))
      : of.some((kind) => kinds.includes(kind))
  return (
    steps.includes(step) &&
    isKind &&
    (colours === undefined || colours.includes(item.colour)) &&
    isInScope(villages, item.village) &&
    isAtTime(rule, minute)
  )
}

/** Which step this receiver gets of the event, if any. `minute`: of the week, by the clock of the town. */
export function stepFor(
  outlet: Pick<OutletCommon, 'name' | 'drills' | 'rules' | 'followUps'>,
  event: OutletEvent,
  sent: readonly { outlet: string; step: OutletStep }[],
  minute: number,
): OutletStep | undefined {
  const step = stepOfEvent[event.what]
  const { case: item } = event
  if (step === undefined || (item.isDrill && !outlet.drills)) return undefined
  // The failure of a receiver is no message to the same one.
  if (event.alarm?.variant === outlet.name && aboutOutlets.includes(event.alarm.kind)) return undefined
  const has = sent.some((one) => one.outlet === outlet.name)
  const isRaised = sent.some((one) => one.outlet === outlet.name && one.step === 'raised')
  const byRule = (wanted: OutletStep): boolean =>
    outlet.rules.some((rule) => fits(rule, event, wanted, minute))
  // The first event of a case that fits the rule: its opening, or the alarm that made it red.
  if (!isRaised && !isOver(item.state) && isAlarm(step) && byRule('raised')) return 'raised'
  if (event.what === 'opened') return undefined
  return byRule(step) || (has && outlet.followUps.includes(step)) ? step : undefined
}

/** `late` too: a deadline may pass at night, when a rule by the time of day begins. */
const isAlarm = (step: OutletStep): boolean => step === 'again' || step === 'late' || step === 'supervisor'
