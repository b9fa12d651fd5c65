// Compares two kinds of phases of one run: how much later the slowest presses are in one than in the other, and how
// much that number varies by chance, measured between phases of the same kind.
import type { Random } from '../../protocols/kit/random.ts'
import { percentile } from '../bench/figures/figures.ts'

const resamples = 300

export interface Comparison {
  without: { presses: number; p50: number; p99: number }
  with: { presses: number; p50: number; p99: number }
  /** 95 % interval of p99 with minus p99 without, phases drawn again and again. */
  differenceMs: [low: number, high: number]
  /** 95 % of the differences between random halves of the quiet phases are below this. */
  noiseMs: number
  isWithinNoise: boolean
}

export function comparePhases(
  without: readonly number[][],
  busy: readonly number[][],
  random: Random,
): Comparison {
  const p99 = (phases: readonly number[][]): number => percentile(phases.flat(), 0.99)
  const pick = (phases: readonly number[][]): number[][] =>
    phases.map(() => phases[Math.floor(random.next() * phases.length)] ?? [])
  const differences = Array.from({ length: resamples }, () => p99(pick(busy)) - p99(pick(without)))
  const noise = Array.from({ length: resamples }, () => {
    const order = without.map((phase) => ({ phase, at: random.next() })).sort((a, b) => a.at - b.at)
    const half = order.length >> 1
    const part = (from: number, to: number): number[][] => order.slice(from, to).map(({ phase }) => phase)
    return Math.abs(p99(part(0, half)) - p99(part(half, order.length)))
  })
  const differenceMs: [number, number] = [percentile(differences, 0.025), percentile(differences, 0.975)]
  const noiseMs = percentile(noise, 0.95)
  const facts = (phases: readonly number[][]): Comparison['with'] => ({
    presses: phases.flat().length,
    p50: percentile(phases.flat(), 0.5),
    p99: p99(phases),
  })
  return {
    without: facts(without),
    with: facts(busy),
    differenceMs,
    noiseMs,
    isWithinNoise: differenceMs[0] <= noiseMs,
  }
}
