// Time as a port: programs take it from here, so that tests and the simulator can control it.

import type { Clock } from './clock-port.ts'

export type { Clock } from './clock-port.ts'

/** The machine's own time. Timers do not keep the process alive. */
export function createSystemClock(): Clock {
  return {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs)
      timer.unref()
      return () => clearTimeout(timer)
    },
  }
}

interface Waiting {
  dueMs: number
  run: () => void
  isCancelled: boolean
}

/** The shortest delay of the virtual clock; the machine's timers have one too. */
const shortestMs = 0.001

/** A clock that moves only by a call: for tests and for the simulator. */
export class VirtualClock implements Clock {
  #nowMs = 0
  #wallOffsetMs: number
  /** The next due entry is last; entries due together keep the order of their calls. */
  readonly #waiting: Waiting[] = []

  constructor(wallMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = wallMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs
  }

  after(delayMs: number, run: () => void): () => void {
    // A delay below the precision of the sum would be due at once, again and again.
    const waitMs = delayMs > 0 ? Math.max(shortestMs, delayMs) : 0
    const entry = { dueMs: this.#nowMs + waitMs, run, isCancelled: false }
    this.#waiting.splice(this.#placeOf(entry.dueMs), 0, entry)
    return () => {
      entry.isCancelled = true
    }
  }

  /** Steps the wall clock only, as NTP or a flat battery would. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  /** When the next entry is due, on the monotonic clock; Infinity when there is none. */
  nextDueMs(): number {
    while (this.#waiting.at(-1)?.isCancelled) this.#waiting.pop()
    return this.#waiting.at(-1)?.dueMs ?? Infinity
  }

  /** Moves time by `ms`, running due entries in order of time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    while (this.nextDueMs() <= endMs) {
      const next = this.#waiting.pop()
      if (!next) break
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.run()
    }
    this.#nowMs = endMs
  }

  /**
   * Moves time as on a machine that was suspended for `ms`: every entry that became due meanwhile runs once, now, also
   * a timer that would have run many times. Simulated hours with a timer per second cost nothing.
   */
  leap(ms: number): void {
    this.#nowMs += ms
    this.advance(0)
  }

  /** Before every entry due at the same time or sooner. */
  #placeOf(dueMs: number): number {
    let low = 0
    let high = this.#waiting.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#waiting[middle]?.dueMs ?? 0) > dueMs) low = middle + 1
      else high = middle
    }
    return low
  }
}
