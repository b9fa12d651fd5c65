// At most one attempt per camera at a time: an urgent one runs next, a routine one is ended for it and never queued.
import { CameraProblem } from './talk/camera-problem.ts'

export class AttemptLine {
  #running: { isUrgent: boolean; abort: AbortController; done: Promise<unknown> } | undefined
  #isStopped = false
  #waiting = 0

  get isIdle(): boolean {
    return this.#running === undefined && this.#waiting === 0
  }

  /** Runs now if no other attempt runs, else refuses with `busy`. Aborted as soon as an urgent attempt arrives. */
  async runRoutine<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (!this.isIdle) throw new CameraProblem('busy')
    return this.#run(false, work)
  }

  /** Runs as soon as the attempt before it has ended; a routine attempt is aborted for it. */
  async runUrgent<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#waiting++
    try {
      while (this.#running) {
        if (!this.#running.isUrgent) this.#running.abort.abort(new CameraProblem('busy'))
        await this.#running.done
      }
    } finally {
      this.#waiting--
    }
    return this.#run(true, work)
  }

  /** Aborts the running attempt and refuses the rest; resolves when none runs. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#running?.abort.abort(new CameraProblem('stopped'))
    await this.#running?.done
  }

  async #run<T>(isUrgent: boolean, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#isStopped) throw new CameraProblem('stopped')
    const abort = new AbortController()
    const result = work(abort.signal)
    const done = result.catch(() => {})
    const running = { isUrgent, abort, done }
    this.#running = running
    try {
      return await result
    } finally {
      if (this.#running === running) this.#running = undefined
    }
  }
}
