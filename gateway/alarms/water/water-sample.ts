// Takes one reading of a gauge: finds its time, and adds it to the track, either in order or as a late sample.
import type { Sample } from './water-rise.ts'
import { takeLate } from './water-late.ts'
import type { ResolvedWater } from './water-limits.ts'
import { placeSample, withoutFuture, type Arrival } from './water-time.ts'
import {
  emptyTrack,
  isMeasured,
  keepSample,
  riseMmPerHourOf,
  samplesForMs,
  takeInOrder,
  type WaterTrack,
  type WaterVerdict,
} from './water-track.ts'

/** Takes one reading, in order or late. `deviceAtMs`: the time that the gauge has sent. */
export function takeWaterSample(
  before: WaterTrack | undefined,
  reading: { levelMm: number; deviceAtMs?: number | undefined },
  arrival: Arrival,
  water: ResolvedWater,
  intervalMs: number,
): { track: WaterTrack; verdict: WaterVerdict } {
  const known = withoutFuture(before, arrival)
  const placed = placeSample(known, arrival, reading.deviceAtMs, intervalMs)
  const sample: Sample = [placed.atMs, reading.levelMm]
  const start = known ?? { ...emptyTrack, flatSinceMs: placed.atMs }
  if (placed.isLate) {
    const flags = ['late']
    if (!isMeasured(reading.levelMm, water))
      return {
        track: start,
        verdict: { flags: [...flags, 'out-of-range'], wantsBurst: false, riseMmPerHour: 0 },
      }
    const { track, peak } = takeLate(start, sample, water, intervalMs)
    const verdict = {
      flags,
      wantsBurst: false,
      riseMmPerHour: riseMmPerHourOf(track),
      ...(peak ? { peak } : {}),
    }
    return { track: { ...track, heardSteadyMs: arrival.steadyMs }, verdict }
  }
  const { track, verdict } = takeInOrder(
    placed.isOwnTime ? { ...start, isOwnTime: true } : start,
    sample,
    water,
    intervalMs,
  )
  const next: WaterTrack = { ...track, heardSteadyMs: arrival.steadyMs }
  if (next.pending && next.pending !== start.pending) next.pendingSteadyMs = arrival.steadyMs
  // Raw samples are kept in the order of arrival, because a late sample may belong between them.
  if (placed.isOwnTime && isMeasured(reading.levelMm, water)) next.raw = keepSample(start.raw ?? [], sample)
  const youngestLateMs = next.late?.at(-1)?.[0]
  if (youngestLateMs !== undefined && placed.atMs - youngestLateMs > samplesForMs) delete next.late
  return { track: next, verdict }
}
