// Which receivers get a step: by their rules, and because they have the case already. Pure.
import type { Colour } from '../../protocols/domain/colour.ts'
import type { OutletStep } from '../../protocols/desk/outlets.ts'
import { isInScope } from '../../protocols/desk/scope.ts'
import { isWithin } from '../time/duty-hours.ts'
import type { OutletCommon, OutletRule } from './settings/outlet-rules.ts'

/** Kinds about outlets: sent only where a rule names them, or the failure of one receiver would go around among the others. */
export const aboutOutlets: readonly string[] = ['outlet-failed', 'outlet-silent']

/** What has happened, as far as rules ask. */
export interface RuleFacts {
  /** `again`: it opens, joins or raises the case, also the first time. */
  step: OutletStep
  /** The beginning itself: nothing of it was sent before. */
  isOpening: boolean
  isOver: boolean
  isDrill: boolean
  village: string
  colour: Colour
  kinds: readonly string[]
  /** The alarm is about this outlet. */
  about?: string | undefined
}

const everyDay = [1, 2, 3, 4, 5, 6, 7]

const isAtTime = (
  { from = '00:00', until = from, weekdays = everyDay }: OutletRule,
  minute: number | undefined,
): boolean =>
  // Of a clock that is not set the time of day is unknown: then every time fits, so that no alarm is left out.
  minute === undefined || isWithin({ days: weekdays, from, to: until }, minute)

function fits(rule: OutletRule, facts: RuleFacts, step: OutletStep, minute: number | undefined): boolean {
  const { villages, kinds, colours, steps } = rule
  const of = facts.kinds
  const isKind =
    kinds === undefined
      ? of.length === 0 || of.some((kind) => !aboutOutlets.includes(kind))
      : of.some((kind) => kinds.some((wanted) => wanted === kind))
  return (
    steps.includes(step) &&
    isKind &&
    (colours === undefined || colours.includes(facts.colour)) &&
    isInScope(villages, facts.village) &&
    isAtTime(rule, minute)
  )
}

/** Which step this receiver gets, if any. `sent`: of this case, to all; `minute`: of the week, by the local clock; undefined when that is not set. */
export function stepOfRules(
  outlet: Pick<OutletCommon, 'name' | 'drills' | 'rules' | 'followUps'>,
  facts: RuleFacts,
  sent: readonly { outlet: string; step: OutletStep }[],
  minute: number | undefined,
): OutletStep | undefined {
  const { step, isDrill, isOver, isOpening, about } = facts
  if (isDrill && !outlet.drills) return undefined
  // The failure of a receiver is no message to the same one.
  if (about === outlet.name) return undefined
  // A call back to the household is no message of the case to this receiver.
  const has = sent.some((one) => one.outlet === outlet.name && one.step !== 'household')
  const isRaised = sent.some((one) => one.outlet === outlet.name && one.step === 'raised')
  const byRule = (wanted: OutletStep): boolean =>
    outlet.rules.some((rule) => fits(rule, facts, wanted, minute))
  // The first event of a case that fits the rule: its opening, or the alarm that made it red.
  if (!isRaised && !isOver && isAlarm(step) && byRule('raised')) return 'raised'
  if (isOpening) return undefined
  return byRule(step) || (has && outlet.followUps.includes(step)) ? step : undefined
}

/** `late` too: a deadline may pass at night, when a rule by the time of day begins. */
const isAlarm = (step: OutletStep): boolean => step === 'again' || step === 'late' || step === 'supervisor'
