// A level that arrives after younger ones. It is put at its own time and the whole series is judged again: alarms
// that the right order would have raised are raised now, alarms that come only from the disorder are not.
import type { Sample } from './water-rise.ts'
import type { ResolvedWater } from './water-limits.ts'
import { outranks } from '../../../protocols/domain/colour.ts'
import { emptyTrack, takeInOrder, trackColour, type WaterTrack } from './water-track.ts'

/** Most late levels kept: one day with one each five minutes. Beyond it the oldest are dropped. */
export const lateMax = 288

/** The peak of a series, and its end. */
interface Replayed {
  end: WaterTrack
  peak: WaterTrack | undefined
}

function insert(samples: readonly Sample[], sample: Sample): Sample[] {
  let at = samples.length
  while (at > 0 && (samples[at - 1] as Sample)[0] > sample[0]) at--
  return [...samples.slice(0, at), sample, ...samples.slice(at)]
}

function replay(samples: readonly Sample[], water: ResolvedWater, intervalMs: number): Replayed {
  const first = samples[0]?.[0] ?? 0
  let end: WaterTrack = { ...emptyTrack, flatSinceMs: first, isOwnTime: true }
  let peak: WaterTrack | undefined
  for (const sample of samples) {
    end = takeInOrder(end, sample, water, intervalMs).track
    const colour = trackColour(end, water)
    const before = peak && trackColour(peak, water)
    if (colour && (!before || outranks(colour, before))) peak = end
  }
  return { end, peak }
}

/** The track with the late level in it; `peak` is set if the series now reaches more than before. */
export function takeLate(
  track: WaterTrack,
  sample: Sample,
  water: ResolvedWater,
  intervalMs: number,
): { track: WaterTrack; peak?: WaterTrack } {
  const known = [...(track.late ?? []), ...(track.raw ?? [])].sort((a, b) => a[0] - b[0])
  if (known.some(([atMs, levelMm]) => atMs === sample[0] && levelMm === sample[1])) return { track }
  const before = replay(known, water, intervalMs)
  const after = replay(insert(known, sample), water, intervalMs)
  const late = insert(track.late ?? [], sample).slice(-lateMax)
  const { pending: _replayed, ...rest } = track
  const { samples, pending, stage, rise, riseSeenMs } = after.end
  const next: WaterTrack = {
    ...rest,
    samples,
    late,
    stage: Math.max(track.stage, stage),
    ...(rise > track.rise ? { rise, riseSeenMs } : {}),
    ...(pending ? { pending } : {}),
  }
  const was = before.peak && trackColour(before.peak, water)
  const is = after.peak && trackColour(after.peak, water)
  const isMore = is !== undefined && (!was || outranks(is, was))
  return { track: next, ...(isMore && after.peak ? { peak: after.peak } : {}) }
}
