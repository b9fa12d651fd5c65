// Time as a port: programs take it from here, so that tests and the simulator can own it.

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
  order: number
  run: () => void
}

/** A clock that moves only when told to: for tests and for the simulator. */
export class VirtualClock implements Clock {
  #nowMs = 0
  #wallOffsetMs: number
  #order = 0
  #waiting: Waiting[] = []

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
    const entry = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run }
    this.#waiting.push(entry)
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry)
    }
  }

  /** Steps the wall clock only, as NTP or a flat battery would. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  /** Moves time on by `ms`, running what falls due in order of time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const next = this.#waiting
        .filter((entry) => entry.dueMs <= endMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0]
      if (!next) break
      this.#waiting = this.#waiting.filter((entry) => entry !== next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.run()
    }
    this.#nowMs = endMs
  }
}
