// Log lines that any machine on the network can cause: a few at once and then one a minute, which says how many were left out.
// A log without a bound fills the disk, and hides what matters.
import type { Clock } from '../protocols/kit/clock.ts'

export const linesAtOnce = 10
const pauseMs = 60_000

export class PacedLog {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #level = 0
  #atMs: number
  #leftOut = 0

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
    this.#atMs = clock.monotonicMs()
  }

  /** Calls `write` with the number of lines that were left out before this one, or counts one more. */
  line(write: (leftOut: number) => void): void {
    const nowMs = this.#clock.monotonicMs()
    this.#level = Math.max(0, this.#level - (nowMs - this.#atMs) / pauseMs)
    this.#atMs = nowMs
    if (this.#level + 1 > linesAtOnce) {
      this.#leftOut++
      return
    }
    this.#level++
    write(this.#leftOut)
    this.#leftOut = 0
  }
}
