// When a siren is offered for an alarm, and until when a requested one sounds. Pure.
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import type { DeskCommand } from '../../../protocols/desk/commands.ts'

/** How long a siren sounds when requested here. */
export const sirenSeconds = 60

/** Calls for help that must not sound at the scene. */
const silentVariants: readonly string[] = ['duress', 'silent']

/**
 * Not for a silent call, which the siren would betray, not for a drill, and not if the box reports that there is none.
 */
export const canSoundSiren = ({ variant, isDrill, colour, latchedColour, place }: DeskAlarm): boolean =>
  isDrill !== true &&
  place?.sirens?.length !== 0 &&
  !silentVariants.includes(variant ?? '') &&
  [colour, latchedColour].some((one) => one === 'red' || one === 'orange')

const overStates: readonly DeskCommand['state'][] = ['refused', 'failed', 'expired']

/** Until when a requested siren sounds, by the centre's clock; undefined when it has ended or was stopped. */
export function sirenUntilMs(commands: readonly DeskCommand[], centreNowMs: number): number | undefined {
  // Newest first: the last request counts.
  const last = commands.find((command) => command.do === 'siren' && !overStates.includes(command.state))
  if (last === undefined || (last.seconds ?? 0) === 0) return undefined
  const fromMs = last.state === 'done' || last.state === 'received' ? last.changedAtMs : last.expiresAtMs
  const untilMs = fromMs + (last.seconds ?? 0) * 1000
  return untilMs > centreNowMs ? untilMs : undefined
}
