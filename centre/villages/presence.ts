// When a box last sent, and its presence: pure, on monotonic time.
import type { BoxPresence } from '../../protocols/desk/api.ts'
import { lateAfterMs, silentAfterMs } from '../../protocols/uplink/heartbeat.ts'

/**
 * `heardMs` is undefined while nothing came since the centre started at `startedMs`. A box that sent in an earlier
 * run must send within the same time; a box that never sent is not installed yet and stays unknown.
 */
export function presenceOf(
  nowMs: number,
  startedMs: number,
  heardMs: number | undefined,
  wasEverHeard: boolean,
): BoxPresence {
  if (heardMs === undefined) return wasEverHeard && nowMs - startedMs >= silentAfterMs ? 'silent' : 'unknown'
  const quietMs = nowMs - heardMs
  if (quietMs >= silentAfterMs) return 'silent'
  return quietMs >= lateAfterMs ? 'late' : 'present'
}
