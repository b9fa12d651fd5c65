// A rate limit per box: some actions at once, then one per pause. Only a box's own actions count for it.
import type { Clock } from '../../../protocols/kit/clock.ts'

export interface PaceOptions {
  clock: Pick<Clock, 'monotonicMs'>
  burst: number
  pauseMs: number
}

export class BoxPace {
  readonly #options: PaceOptions
  /** When the debt of a box is paid. Boxes are admitted by name, so there are no more entries than boxes. */
  readonly #paidMs = new Map<string, number>()

  constructor(options: PaceOptions) {
    this.#options = options
  }

  /** False when it is too soon for `key`: the attempt is not counted. */
  takes(key: string): boolean {
    const { clock, burst, pauseMs } = this.#options
    const nowMs = clock.monotonicMs()
    const paidMs = Math.max(this.#paidMs.get(key) ?? 0, nowMs)
    if (paidMs - nowMs > (burst - 1) * pauseMs) return false
    this.#paidMs.set(key, paidMs + pauseMs)
    return true
  }
}
