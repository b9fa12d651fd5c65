// Holds routine messages of a device that sends too fast, in order, until their time; an urgent message releases all of
// them.
import type { Clock } from '../../../protocols/kit/clock.ts'

interface Held {
  dueMs: number
  run: () => void
}

export class DelayedMessages {
  readonly #clock: Clock
  // Bounded by one read of the parser: nothing more is read until these are handed on.
  readonly #held: Held[] = []
  #cancel: (() => void) | undefined
  #isEnded = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#held.length
  }

  /** Runs `run` after `delayMs`, and after everything that was held before it. */
  hold(delayMs: number, run: () => void): void {
    if (this.#isEnded || (delayMs <= 0 && this.#held.length === 0)) {
      run()
      return
    }
    const nowMs = this.#clock.monotonicMs()
    const lastMs = this.#held.at(-1)?.dueMs ?? nowMs
    this.#held.push({ dueMs: Math.max(lastMs, nowMs + delayMs), run })
    if (!this.#cancel) this.#wait()
  }

  /** Runs everything held, now and in order. */
  release(): void {
    this.#cancel?.()
    this.#cancel = undefined
    for (const held of this.#held.splice(0)) held.run()
  }

  /**
   * Releases all, and everything from now on: its connection or the broker ends, and messages read before must still be
   * handed on.
   */
  end(): void {
    this.#isEnded = true
    this.release()
  }

  #wait(): void {
    const first = this.#held[0]
    if (!first) return
    this.#cancel = this.#clock.after(Math.max(1, first.dueMs - this.#clock.monotonicMs()), () => {
      this.#cancel = undefined
      const nowMs = this.#clock.monotonicMs()
      while (this.#held[0] && this.#held[0].dueMs <= nowMs) this.#held.shift()?.run()
      this.#wait()
    })
  }
}
