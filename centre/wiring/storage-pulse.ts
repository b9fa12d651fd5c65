// Asks both threads of storage again and again whether they answer: what /healthz says and what the supervisor's watchdog is fed by.
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Storage } from '../storage/port.ts'

export const pulseEveryMs = 5000
/** Longest time without an answer of either; a commit on a slow disk takes seconds, not this. */
export const silentMsMax = 20_000

export interface StoragePulseOptions {
  storage: Pick<Storage, 'writerAnswers' | 'readerAnswers'>
  clock: Clock
  /** Both answered. */
  onAlive?: () => void
}

export class StoragePulse {
  readonly #options: StoragePulseOptions
  #answeredMs: number
  #isStopped = false

  constructor(options: StoragePulseOptions) {
    this.#options = options
    this.#answeredMs = options.clock.monotonicMs()
  }

  get isAlive(): boolean {
    return this.#options.clock.monotonicMs() - this.#answeredMs < silentMsMax
  }

  start(): void {
    void this.#ask()
  }

  stop(): void {
    this.#isStopped = true
  }

  async #ask(): Promise<void> {
    const { storage, clock, onAlive } = this.#options
    try {
      await Promise.all([storage.writerAnswers(), storage.readerAnswers()])
      this.#answeredMs = clock.monotonicMs()
      onAlive?.()
    } catch {
      // No answer: isAlive says so in time.
    }
    if (!this.#isStopped) clock.after(pulseEveryMs, () => void this.#ask())
  }
}
