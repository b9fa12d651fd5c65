// Runs the rest of the search index's catch-up after the start, page by page, with a pause in which alarms are stored.
import type { Logger } from 'pino'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Storage } from '../storage/port.ts'

const pauseMs = 50
const retryDelayMs = 10_000

export interface SearchCatchUpOptions {
  storage: Pick<Storage, 'catchUpSearch'>
  clock: Clock
  logger: Logger
}

export class SearchCatchUp {
  readonly #options: SearchCatchUpOptions
  #cancel: () => void = () => undefined
  #running: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: SearchCatchUpOptions) {
    this.#options = options
  }

  start(): void {
    this.#arm(pauseMs)
  }

  /** Waits for the page that runs. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#running
  }

  #arm(delayMs: number): void {
    if (this.#isStopped) return
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#running = this.#enter()
    })
  }

  async #enter(): Promise<void> {
    try {
      if (await this.#options.storage.catchUpSearch()) this.#arm(pauseMs)
    } catch (error) {
      if (this.#isStopped) return
      this.#options.logger.warn({ err: error }, 'the search index could not go on; it is tried again')
      this.#arm(retryDelayMs)
    }
  }
}
