// The level of a simulated creek: a dry-weather base, a slow daily swing, and floods laid on top.
import type { Random } from '../../protocols/kit/random.ts'

export interface Flood {
  startMs: number
  /** Height of the wave above the base flow. */
  peakMm: number
  riseMs: number
  /** From the peak back to half of it; the rest falls at the same rate. */
  halfFallMs: number
}

/** Floods kept by one curve; the oldest is removed first. */
export const floodsMax = 16
const dayMs = 86_400_000

export class LevelCurve {
  readonly baseMm: number
  #swingMm: number
  #phase: number
  #floods: Flood[] = []

  constructor(random: Random) {
    this.baseMm = random.between(250, 600)
    this.#swingMm = random.between(5, 40)
    this.#phase = random.next() * 2 * Math.PI
  }

  addFlood(flood: Flood): void {
    this.#floods.push(flood)
    if (this.#floods.length > floodsMax) this.#floods.shift()
  }

  /** The true level at `ms` on the clock that floods are given in. */
  levelMm(ms: number): number {
    const swing = this.#swingMm * Math.sin((2 * Math.PI * ms) / dayMs + this.#phase)
    return this.baseMm + swing + this.#floods.reduce((sum, flood) => sum + waveMm(flood, ms), 0)
  }
}

function waveMm({ startMs, peakMm, riseMs, halfFallMs }: Flood, ms: number): number {
  const sinceMs = ms - startMs
  if (sinceMs <= 0) return 0
  // Half a cosine up: creeks rise slowly, then fast, then crest.
  if (sinceMs < riseMs) return (peakMm * (1 - Math.cos((Math.PI * sinceMs) / riseMs))) / 2
  return peakMm * 0.5 ** ((sinceMs - riseMs) / halfFallMs)
}
