// While an alarm is on its way the cameras' process and its ffmpeg are stopped: on one or two processors even the idle
// scheduling class costs an alarm milliseconds, since not every kernel moves a waiting process to a free processor.
import type { Clock } from '../../../protocols/kit/clock.ts'

/**
 * About the time of a commit, a Report and its way into the kernel. It then runs for the same time, also if further
 * alarms come.
 */
export const pauseMs = 30

export class CameraPause {
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
    this.#cancel = this.#clock.after(pauseMs, () => this.end())
    this.#send('SIGSTOP')
  }

  end(): void {
    if (!this.#cancel) return
    this.#cancel()
    this.#cancel = undefined
    this.#runsUntilMs = this.#clock.monotonicMs() + pauseMs
    this.#send('SIGCONT')
  }
}
