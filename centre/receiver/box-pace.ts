// What a box may do only so often: some at once, then one for each pause. A box alone decides about its own pace.
import type { Clock } from '../../protocols/kit/clock.ts'

export interface PaceOptions {
  clock: Pick<Clock, 'monotonicMs'>
  burst: number
  pauseMs: number
}

export class BoxPace {
  readonly #options: PaceOptions
  /** When all that a box has done is paid for. Boxes are admitted by name, so there are no more than these. */
  readonly #paidMs = new Map<string, number>()

  constructor(options: PaceOptions) {
    this.#options = options
  }

  /** False when it is too soon for `key`: nothing is counted then. */
  takes(key: string): boolean {
    const { clock, burst, pauseMs } = this.#options
    const nowMs = clock.monotonicMs()
    const paidMs = Math.max(this.#paidMs.get(key) ?? 0, nowMs)
    if (paidMs - nowMs > (burst - 1) * pauseMs) return false
    this.#paidMs.set(key, paidMs + pauseMs)
    return true
  }
}
