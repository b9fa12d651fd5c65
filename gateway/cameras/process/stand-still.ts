// While an alarm is on its way the cameras' process and its ffmpeg stand still: on one or two processors even what runs only
// where nothing else wants to costs an alarm milliseconds, since not every kernel moves what waits to where that runs.
import type { Clock } from '../../../protocols/kit/clock.ts'

/** About a commit, a Report and its way into the kernel. As long again it runs, whatever comes. */
export const stillMs = 30

export class StandStill {
  readonly #clock: Clock
  readonly #send: (signal: 'SIGSTOP' | 'SIGCONT') => void
  #cancel: (() => void) | undefined
  #runsUntilMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, send: (signal: 'SIGSTOP' | 'SIGCONT') => void) {
    this.#clock = clock
    this.#send = send
  }

  begin(): void {
    if (this.#cancel || this.#clock.monotonicMs() < this.#runsUntilMs) return
    this.#cancel = this.#clock.after(stillMs, () => this.end())
    this.#send('SIGSTOP')
  }

  end(): void {
    if (!this.#cancel) return
    this.#cancel()
    this.#cancel = undefined
    this.#runsUntilMs = this.#clock.monotonicMs() + stillMs
    this.#send('SIGCONT')
  }
}
