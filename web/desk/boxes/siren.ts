// Decides whether the desk offers to sound a siren for an alarm, and how long a requested siren sounds. Pure.
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import type { DeskCommand } from '../../../protocols/desk/commands.ts'

/** How long a siren sounds when the desk requests it. */
export const sirenSeconds = 60

/** Calls for help that must make no sound at the scene: an attacker would notice the call. */
const silentVariants: readonly string[] = ['duress', 'silent']

/** Red and orange alarms, except silent calls, drills, and places for which the box reports that there is no siren. */
export const canSoundSiren = ({ variant, isDrill, colour, latchedColour, place }: DeskAlarm): boolean =>
  isDrill !== true &&
  place?.sirens?.length !== 0 &&
  !silentVariants.includes(variant ?? '') &&
  [colour, latchedColour].some((one) => one === 'red' || one === 'orange')

const overStates: readonly DeskCommand['state'][] = ['refused', 'failed', 'expired']

/** The time at which a requested siren ends, by the centre's clock; undefined when it has ended or was stopped. */
export function sirenUntilMs(commands: readonly DeskCommand[], centreNowMs: number): number | undefined {
  // Newest first: the last request counts.
  const last = commands.find((command) => command.do === 'siren' && !overStates.includes(command.state))
  if (last === undefined || (last.seconds ?? 0) === 0) return undefined
  const fromMs = last.state === 'done' || last.state === 'received' ? last.changedAtMs : last.expiresAtMs
  const untilMs = fromMs + (last.seconds ?? 0) * 1000
  return untilMs > centreNowMs ? untilMs : undefined
}
