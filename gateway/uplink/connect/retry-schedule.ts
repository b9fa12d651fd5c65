// When to try the next connection: exponential with full jitter, so that twenty thousand boxes do not reconnect at
// the same moment.
import type { Random } from '../../../protocols/kit/random.ts'

export const retryBaseMs = 1000
/** While a red or orange record waits, no pause is longer than this. */
export const urgentRetryMsMax = 5000
/** Two attempts never start closer together than this, also with an alarm waiting. */
export const retryGapMs = 1000

export class RetrySchedule {
  #failures = 0
  readonly #random: Random
  readonly #capMs: number

  constructor(random: Random, capMs: number) {
    this.#random = random
    this.#capMs = capMs
  }

  get failures(): number {
    return this.#failures
  }

  /**
   * The centre answered with a Receipt: start again with the shortest pause. A connection without a Receipt changes
   * nothing.
   */
  succeed(): void {
    this.#failures = 0
  }

  /** Milliseconds to wait after the next failure. */
  nextDelayMs(isUrgent: boolean): number {
    const ceilingMs = Math.min(this.#capMs, retryBaseMs * 2 ** Math.min(this.#failures, 20))
    this.#failures++
    const delayMs = this.#random.next() * ceilingMs
    return Math.max(retryGapMs / 4, isUrgent ? Math.min(delayMs, urgentRetryMsMax) : delayMs)
  }
}
