// What a water curve says in words: the stage, the trend and the time to the next stage. Pure.
import type { LevelSample } from '../../../protocols/desk/villages/levels.ts'
import type { StageLevel } from '../../../protocols/domain/places/water-stages.ts'

const hourMs = 3_600_000
const minuteMs = 60_000
/** The trend is that of the last hour, or of the last three where a gauge seldom sends. */
const trendSpansMs = [hourMs, 3 * hourMs] as const
const trendSamplesMin = 3
const trendSpanMinMs = 10 * minuteMs
/** Slower than 1 cm an hour counts as level, as it does at the box. */
const steadyMmPerHour = 10
/** A level that is older than this says little about now. */
export const staleAfterMs = 2 * hourMs
/** A time to the next stage beyond this is a guess. */
const nextWithinMinutes = 24 * 60

export interface Trend {
  levelMm: number
  atMs: number
  isStale: boolean
  /** The highest stage that is reached. */
  stage?: StageLevel
  /** Absent when too few samples say it. */
  riseMmPerHour?: number
  next?: StageLevel & { minutes?: number }
}

/** Least squares: one wrong sample turns it less than the difference of two. */
function slopeOf(samples: readonly LevelSample[]): number | undefined {
  const [first, last] = [samples[0], samples[samples.length - 1]]
  if (!first || !last || samples.length < trendSamplesMin || last[0] - first[0] < trendSpanMinMs)
    return undefined
  const hours = samples.map(([atMs]) => (atMs - first[0]) / hourMs)
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const levels = samples.map(([, mm]) => mm)
  const [meanHours, meanLevel] = [mean(hours), mean(levels)]
  let [top, bottom] = [0, 0]
  hours.forEach((hour, at) => {
    top += (hour - meanHours) * ((levels[at] ?? 0) - meanLevel)
    bottom += (hour - meanHours) ** 2
  })
  // Thousandths of a millimetre: what is left of the sums behind that would turn 80 minutes into 81.
  return Math.round((top / bottom) * 1000) / 1000
}

/** `samples`: oldest first. */
export function trendOf(
  samples: readonly LevelSample[],
  stages: readonly StageLevel[],
  nowMs: number,
): Trend | undefined {
  const newest = samples[samples.length - 1]
  if (!newest) return undefined
  const [atMs, levelMm] = newest
  const slopes = trendSpansMs.map((spanMs) => slopeOf(samples.filter(([at]) => at >= atMs - spanMs)))
  const riseMmPerHour = slopes.find((slope) => slope !== undefined)
  const reached = stages.filter(({ mm }) => mm <= levelMm)
  const stage = reached[reached.length - 1]
  const above = stages.find(({ mm }) => mm > levelMm)
  const isStale = nowMs - atMs > staleAfterMs
  const minutes =
    above && riseMmPerHour !== undefined && riseMmPerHour >= steadyMmPerHour && !isStale
      ? Math.ceil(((above.mm - levelMm) / riseMmPerHour) * 60)
      : undefined
  return {
    levelMm,
    atMs,
    isStale,
    ...(stage ? { stage } : {}),
    ...(riseMmPerHour === undefined ? {} : { riseMmPerHour }),
    ...(above
      ? {
          next: {
            ...above,
            ...(minutes !== undefined && minutes <= nextWithinMinutes ? { minutes } : {}),
          },
        }
      : {}),
  }
}

export const isSteady = (riseMmPerHour: number): boolean => Math.abs(riseMmPerHour) < steadyMmPerHour

/** Rows of the table beside the curve. */
const rowsMax = 24

export interface LevelRow {
  atMs: number
  levelMm: number
  stage: StageLevel | undefined
}

/** Newest first, evenly spread over the time, and the highest level among them. */
export function tableRows(samples: readonly LevelSample[], stages: readonly StageLevel[]): LevelRow[] {
  const newest = samples[samples.length - 1]
  if (!newest) return []
  let highest = newest
  for (const sample of samples) if (sample[1] > highest[1]) highest = sample
  const step = Math.max(1, Math.ceil(samples.length / (rowsMax - 1)))
  const chosen = samples.filter((sample, at) => (samples.length - 1 - at) % step === 0 || sample === highest)
  return chosen.reverse().map(([atMs, levelMm]) => {
    const reached = stages.filter(({ mm }) => mm <= levelMm)
    return { atMs, levelMm, stage: reached[reached.length - 1] }
  })
}
