// Rate of rise: how far the water rose within a quarter of an hour and within an hour.
import type { Colour } from '../../../protocols/domain/colour.ts'

export type Sample = [atMs: number, levelMm: number]

/** 0 none, 1 yellow, 2 orange, 3 red. */
export type RiseGrade = 0 | 1 | 2 | 3
export const riseColours: readonly (Colour | undefined)[] = [undefined, 'yellow', 'orange', 'red']

const quarterMs = 15 * 60_000
const hourMs = 60 * 60_000

export const riseLimits = { yellowMm: 300, orangeMm: 500, redMm: 1000 } as const

/** The samples and limits from which rates are computed. */
export interface RiseBase {
  /** Below this level there is no water: a rise from there is a probe that recovered, not a flood. */
  bedMm: number
  /**
   * If two samples are further apart than this, a late one may belong between them: nothing is computed across the
   * gap.
   */
  gapMsMax: number
}

/**
 * The level `agoMs` before `atMs`, interpolated between the samples around it; undefined when no sample is that old.
 */
export function levelAgoMm(
  samples: readonly Sample[],
  atMs: number,
  agoMs: number,
  gapMsMax = Infinity,
): number | undefined {
  const thenMs = atMs - agoMs
  for (let index = samples.length - 1; index >= 0; index--) {
    const sample = samples[index]
    if (!sample || sample[0] > thenMs) continue
    const next = samples[index + 1]
    if (sample[0] === thenMs) return sample[1]
    if (next && next[0] - sample[0] > gapMsMax) return undefined
    if (!next || next[0] === sample[0]) return sample[1]
    return sample[1] + ((next[1] - sample[1]) * (thenMs - sample[0])) / (next[0] - sample[0])
  }
  return undefined
}

/** How far `levelMm` is above the lowest level of the last `withinMs`. */
function riseWithinMm(
  samples: readonly Sample[],
  [atMs, levelMm]: Sample,
  withinMs: number,
  gapMsMax: number,
): number {
  let lowest = levelAgoMm(samples, atMs, withinMs, gapMsMax) ?? levelMm
  for (const [sampleMs, mm] of samples) if (atMs - sampleMs <= withinMs && mm < lowest) lowest = mm
  return levelMm - lowest
}

export function judgeRise(samples: readonly Sample[], now: Sample, { bedMm, gapMsMax }: RiseBase): RiseGrade {
  const wet = samples.every(([, mm]) => mm >= bedMm) ? samples : samples.filter(([, mm]) => mm >= bedMm)
  if (riseWithinMm(wet, now, hourMs, gapMsMax) >= riseLimits.redMm) return 3
  const quarter = riseWithinMm(wet, now, quarterMs, gapMsMax)
  if (quarter >= riseLimits.orangeMm) return 2
  return quarter >= riseLimits.yellowMm ? 1 : 0
}
