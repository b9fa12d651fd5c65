// Runs lives from one seed, one after another, until a life breaks a promise. The campaign and the tests use it.
import { live } from './life.ts'
import { BrokenPromise, type Canary } from './life-faults.ts'

export interface LivesPlan {
  lives: number
  /** The same seed and the same number always give the same life. */
  seed: number
  /** Run only this life, to repeat a failure. */
  life?: number | undefined
  canary?: Canary | undefined
  /** Called about once a second. */
  progress?: (lived: number) => void
}

export interface LivesResult {
  lived: number
  events: number
  alarms: number
  boots: number
  restores: number
  virtualHours: number
  /** The first life that broke a promise, and the promise. */
  broken?: { life: number; promise: string }
}

/** Seeds of different campaigns share no lives: each campaign has a separate range of life seeds. */
const seedOf = (seed: number, life: number): number => (Math.imul(seed, 0x9e3779b1) + life) >>> 0

/** Errors other than a broken promise are thrown: then the simulation or the program has failed. */
export async function runLives({ lives, seed, life, canary, progress }: LivesPlan): Promise<LivesResult> {
  const result: LivesResult = { lived: 0, events: 0, alarms: 0, boots: 0, restores: 0, virtualHours: 0 }
  const first = life ?? 0
  let reportedMs = performance.now()
  for (let k = first; k < (life === undefined ? lives : first + 1); k++) {
    try {
      const figures = await live({ seed: seedOf(seed, k), canary })
      result.lived++
      result.events += figures.events
      result.alarms += figures.alarms
      result.boots += figures.boots
      result.restores += figures.restores
      result.virtualHours += figures.virtualSeconds / 3600
    } catch (error) {
      if (!(error instanceof BrokenPromise)) throw error
      return { ...result, broken: { life: k, promise: error.message } }
    }
    if (performance.now() - reportedMs < 1000) continue
    reportedMs = performance.now()
    progress?.(result.lived)
  }
  return result
}
