// Deletes entries about people after their term, hourly and automatically.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Storage } from '../storage/port.ts'

const firstMs = 10_000
const everyMs = 3_600_000

export interface PeopleUpkeepOptions {
  storage: Pick<Storage, 'dropExpiredPeople'>
  clock: Clock
  logger: Logger
  registry: Registry
}

export class PeopleUpkeep {
  readonly #options: PeopleUpkeepOptions
  readonly #deleted
  #cancel = (): void => undefined
  #running: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: PeopleUpkeepOptions) {
    this.#options = options
    this.#deleted = new Counter({
      name: 'gengfu_centre_people_expired_total',
      help: 'Entries about people that were deleted because their term is over, by kind',
      labelNames: ['kind'],
      registers: [options.registry],
    })
  }

  start(): void {
    this.#arm(firstMs)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#running
  }

  #arm(delayMs: number): void {
    if (this.#isStopped) return
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#running = this.#sweep().finally(() => this.#arm(everyMs))
    })
  }

  async #sweep(): Promise<void> {
    const { storage, clock, logger } = this.#options
    try {
      const deleted = await storage.dropExpiredPeople(clock.wallMs())
      for (const [kind, count] of Object.entries(deleted)) this.#deleted.inc({ kind }, count)
      if (Object.values(deleted).some((count) => count > 0))
        logger.info(deleted, 'entries about people were deleted: their term is over')
    } catch (error) {
      logger.error(
        { err: error },
        'entries about people past their term could not be deleted; it is tried again',
      )
    }
  }
}
