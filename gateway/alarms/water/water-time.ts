// When a level was measured. A gauge with a clock gives the time, and a backlog that arrives at once or out of order
// is judged by it. If the gauge's time is impossible, the time of arrival counts.
import type { ClockQuality } from '../../../protocols/domain/event.ts'
import type { WaterTrack } from './water-track.ts'

/** A gauge's time before this date is ignored: this program is younger. */
const earliestMs = Date.UTC(2025, 0, 1)
/** A gauge's time after this date is ignored when the box itself has no date. */
const latestMs = Date.UTC(2100, 0, 1)
/** A gauge's clock may be ahead by at most this. */
const aheadMs = 10 * 60_000
/** A sample older than this does not count as backlog. */
const backlogMs = 31 * 86_400_000

export interface Arrival {
  steadyMs: number
  wallMs: number
  clock: ClockQuality
}

export interface Placed {
  /** Milliseconds since 1970, or since another fixed moment if neither box nor gauge has the date. */
  atMs: number
  /** The sample is older than the latest one. */
  isLate: boolean
  isOwnTime: boolean
}

function canBe(deviceAtMs: number, { wallMs, clock }: Arrival): boolean {
  if (deviceAtMs < earliestMs) return false
  if (clock === 'unsynced') return deviceAtMs < latestMs
  return deviceAtMs <= wallMs + aheadMs && deviceAtMs >= wallMs - backlogMs
}

/** Time of arrival: the wall time, or the time of the sample before plus the steady time between them. */
function arrivalMs(track: WaterTrack | undefined, { steadyMs, wallMs, clock }: Arrival): number {
  const lastMs = track?.samples.at(-1)?.[0]
  if (lastMs === undefined || track?.heardSteadyMs === undefined) return wallMs
  const onwardsMs = lastMs + Math.max(0, steadyMs - track.heardSteadyMs)
  return clock === 'unsynced' ? onwardsMs : Math.max(wallMs, onwardsMs)
}

/** If the latest sample of a track lies in the future, only its stage is kept. */
export function withoutFuture(track: WaterTrack | undefined, arrival: Arrival): WaterTrack | undefined {
  const lastMs = track?.samples.at(-1)?.[0]
  if (!track || lastMs === undefined || arrival.clock === 'unsynced') return track
  // Tracks stored by an older version count from the first start of the box.
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
  // Old samples that arrive one directly after the other are a backlog. A single old sample that arrives when the
  // next report was due means that the gauge's clock was set back, as at the end of summer time.
  const sinceMs = arrival.steadyMs - (track?.heardSteadyMs ?? -Infinity)
  if (sinceMs >= intervalMs / 2) return heard
  return { atMs: deviceAtMs, isLate: true, isOwnTime: true }
}
