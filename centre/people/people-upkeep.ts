// Deletes entries about people after their term, hourly and automatically.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import { RepeatedWork } from '../../platform/time/repeated-work.ts'
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
  readonly #work: RepeatedWork
  readonly #options: PeopleUpkeepOptions
  readonly #deleted

  constructor(options: PeopleUpkeepOptions) {
    this.#options = options
    this.#work = new RepeatedWork({ clock: options.clock, pauseMs: everyMs, run: () => this.#sweep() })
    this.#deleted = new Counter({
      name: 'gengfu_centre_people_expired_total',
      help: 'Entries about people that were deleted because their term is over, by kind',
      labelNames: ['kind'],
      registers: [options.registry],
    })
  }

  start(): void {
    this.#work.start(firstMs)
  }

  stop(): Promise<void> {
    return this.#work.stop()
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
