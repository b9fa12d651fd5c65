// When to fold the write-ahead log into the database between two commits. A calm village folds a long log now and then, which
// wears the flash least; in a rush a short one is folded often, or a press would wait behind a commit that folds two megabytes.
import type { Clock } from '../../../protocols/kit/clock.ts'

/** So many bytes of records within the time make a rush. */
export const rushBytes = 192 * 1024
export const rushMs = 1000

export class LogFolding {
  readonly #clock: Clock
  #fromMs = Number.NEGATIVE_INFINITY
  #bytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Records of so many bytes were committed; true when the log is to be folded before the next commit. */
  committed(bytes: number): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#fromMs > rushMs) {
      this.#fromMs = nowMs
      this.#bytes = 0
    }
    this.#bytes += bytes
    if (this.#bytes < rushBytes) return false
    this.#fromMs = nowMs
    this.#bytes = 0
    return true
  }
}
