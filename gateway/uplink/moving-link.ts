// Whether the uplink goes on: its timers run, and neither an attempt to connect nor a pause lasts longer than its settings allow. The
// watchdog asks for it.
import type { UplinkSettings } from '../config/uplink-settings.ts'
import type { UplinkState } from './port.ts'

/** An attempt or a send that takes longer than this counts as frozen, not as slow. */
export const frozenAfterMs = 15_000

/** All on the monotonic clock. */
export interface LinkTimes {
  /** The last turn of its own timer. */
  tickedMs: number
  /** Since when it is in this state. */
  sinceMs: number
  attemptAtMs: number
}

export function isLinkMoving(
  state: UplinkState,
  { tickedMs, sinceMs, attemptAtMs }: LinkTimes,
  { connectSeconds, retrySecondsMax }: Pick<UplinkSettings, 'connectSeconds' | 'retrySecondsMax'>,
  nowMs: number,
): boolean {
  if (nowMs - tickedMs > frozenAfterMs) return false
  if (state === 'connecting') return nowMs - attemptAtMs <= connectSeconds * 1000 + frozenAfterMs
  return state !== 'down' || nowMs - sinceMs <= retrySecondsMax * 1000 + frozenAfterMs
}
