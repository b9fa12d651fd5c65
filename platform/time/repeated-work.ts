// Work that repeats on a given clock, one run at a time: the pause begins at the end of a run, and a stop waits for it.
import type { Clock } from '../../protocols/kit/clock-port.ts'

export interface RepeatedWorkOptions {
  clock: Pick<Clock, 'after'>
  /** From the end of one run to the next. */
  pauseMs: number
  /** Must not reject. */
  run: () => Promise<void>
}

export class RepeatedWork {
  readonly #options: RepeatedWorkOptions
  #cancel = (): void => undefined
  #running: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: RepeatedWorkOptions) {
    this.#options = options
  }

  /** A run that takes long ends early on this. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  start(firstMs = this.#options.pauseMs): void {
    if (this.#isStopped) return
    const { clock, pauseMs, run } = this.#options
    this.#cancel = clock.after(firstMs, () => {
      this.#running = run().finally(() => this.start(pauseMs))
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#running
  }
}
