// Decides when to checkpoint the write-ahead log between two commits. At low load a long log is checkpointed rarely,
// which wears the flash least; at high load a short log is checkpointed often, because an alarm would wait behind a
// checkpoint of two megabytes.
import type { Clock } from '../../../protocols/kit/clock.ts'

/** This many bytes of records within the time are high load. */
export const rushBytes = 192 * 1024
export const rushMs = 1000

export class LogCheckpoints {
  readonly #clock: Clock
  #fromMs = Number.NEGATIVE_INFINITY
  #bytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts committed bytes; true when the log must be checkpointed before the next commit. */
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
