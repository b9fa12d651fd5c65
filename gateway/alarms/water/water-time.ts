// When a level was measured. A gauge with a clock says it; a backlog handed over in one go, or out of order, is judged by that time.
// A clock that can not be right is not believed: then the level counts from when it arrived.
import type { ClockQuality } from '../../../protocols/domain/event.ts'
import type { WaterTrack } from './water-track.ts'

/** The wall clock before which no gauge's word is believed: the program is younger. */
const earliestMs = Date.UTC(2025, 0, 1)
/** And after which none is, for a box that does not know the date itself. */
const latestMs = Date.UTC(2100, 0, 1)
/** A gauge's clock may be ahead by this much. */
const aheadMs = 10 * 60_000
/** A backlog older than this is no backlog. */
const backlogMs = 31 * 86_400_000

export interface Arrival {
  steadyMs: number
  wallMs: number
  clock: ClockQuality
}

export interface Placed {
  /** Milliseconds since 1970, or since any other moment where neither box nor gauge knows the date. */
  atMs: number
  /** It is older than the latest that was heard. */
  isLate: boolean
  isOwnTime: boolean
}

function canBe(deviceAtMs: number, { wallMs, clock }: Arrival): boolean {
  if (deviceAtMs < earliestMs) return false
  if (clock === 'unsynced') return deviceAtMs < latestMs
  return deviceAtMs <= wallMs + aheadMs && deviceAtMs >= wallMs - backlogMs
}

/** When the box heard it: on the wall, or as long after the sample before as it really was. */
function arrivalMs(track: WaterTrack | undefined, { steadyMs, wallMs, clock }: Arrival): number {
  const lastMs = track?.samples.at(-1)?.[0]
  if (lastMs === undefined || track?.heardSteadyMs === undefined) return wallMs
  const onwardsMs = lastMs + Math.max(0, steadyMs - track.heardSteadyMs)
  return clock === 'unsynced' ? onwardsMs : Math.max(wallMs, onwardsMs)
}

/** Of a track whose latest sample lies in the future, only what it has reached is kept. */
export function withoutFuture(track: WaterTrack | undefined, arrival: Arrival): WaterTrack | undefined {
  const lastMs = track?.samples.at(-1)?.[0]
  if (!track || lastMs === undefined || arrival.clock === 'unsynced') return track
  // Tracks of an older program counted from the box's first start.
  const isOtherCount = lastMs < earliestMs && arrival.wallMs >= earliestMs
  if (lastMs <= arrival.wallMs + aheadMs && !isOtherCount) return track
  const { pending: _unknown, lowerSinceMs: _since, raw: _own, late: _old, ...rest } = track
  return { ...rest, samples: [], flatSinceMs: arrival.wallMs, riseSeenMs: arrival.wallMs }
}

export function placeSample(
  track: WaterTrack | undefined,
  arrival: Arrival,
  deviceAtMs: number | undefined,
  intervalMs: number,
): Placed {
  const lastMs = track?.pending?.[0] ?? track?.samples.at(-1)?.[0]
  const heard = { atMs: arrivalMs(track, arrival), isLate: false, isOwnTime: false }
  if (deviceAtMs === undefined || !canBe(deviceAtMs, arrival)) return heard
  if (lastMs === undefined || deviceAtMs > lastMs) return { atMs: deviceAtMs, isLate: false, isOwnTime: true }
  // Handed over one after the other it is a backlog. One that comes when the next was due, and says that it is old, comes
  // from a clock that was set back, as at the end of summer time.
  const sinceMs = arrival.steadyMs - (track?.heardSteadyMs ?? -Infinity)
  if (sinceMs >= intervalMs / 2) return heard
  return { atMs: deviceAtMs, isLate: true, isOwnTime: true }
}
