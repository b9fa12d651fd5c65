// Every change that any centre has stored, once and in the order of positions. Changes of this centre are passed on at once when nothing
// lies between; else everything since the last one is read from the database.
import type { Logger } from 'pino'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Storage, StoredChange } from '../storage/port.ts'

/** In case a notification was lost. */
const lookEveryMs = 1000
const pageMax = 1000
/** Positions of own changes that are remembered until they are read. */
const ownMax = 50_000

export interface ChangeFeedOptions {
  storage: Pick<Storage, 'changesAfter' | 'lastPosition'>
  clock: Clock
  logger: Logger
  /** `foreign` are those among them that another centre has stored. */
  deliver: (changes: readonly StoredChange[], foreign: readonly StoredChange[]) => void
  /** The oldest of the missed changes are deleted already: everything must be loaded again. */
  onMissed: () => void
}

export class ChangeFeed {
  readonly #options: ChangeFeedOptions
  readonly #own = new Set<number>()
  #last: number
  #isReading = false
  #isAsked = false
  #cancel: () => void = () => undefined
  #isStopped = false

  constructor(options: ChangeFeedOptions, last: number) {
    this.#options = options
    this.#last = last
  }

  start(): void {
    this.#cancel = this.#options.clock.after(lookEveryMs, () => {
      this.start()
      this.look()
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  /** Changes that this centre has stored. */
  push(changes: readonly StoredChange[]): void {
    const isNext = changes.every(({ position }, i) => position === this.#last + 1 + i)
    if (isNext && !this.#isReading) {
      this.#pass(changes, [])
      return
    }
    for (const { position } of changes) if (position > this.#last) this.#own.add(position)
    for (const position of this.#own) {
      if (this.#own.size <= ownMax) break
      this.#own.delete(position)
    }
    this.look()
  }

  /** Another centre may have stored something. */
  look(): void {
    this.#isAsked = true
    if (!this.#isReading) void this.#read()
  }

  async #read(): Promise<void> {
    const { storage, logger, onMissed } = this.#options
    this.#isReading = true
    try {
      while (this.#isAsked && !this.#isStopped) {
        this.#isAsked = false
        const page = await storage.changesAfter(this.#last, pageMax)
        if (!page) {
          this.#last = await storage.lastPosition()
          logger.warn('more changes were missed than are stored: desks load everything again')
          onMissed()
          continue
        }
        const news = page.filter(({ position }) => position > this.#last)
        this.#pass(
          news,
          news.filter(({ position }) => !this.#own.delete(position)),
        )
        if (page.length === pageMax) this.#isAsked = true
      }
    } catch (error) {
      if (!this.#isStopped) logger.error({ err: error }, 'changes could not be read: they are read again')
    } finally {
      this.#isReading = false
    }
  }

  #pass(changes: readonly StoredChange[], foreign: readonly StoredChange[]): void {
    this.#last = changes.at(-1)?.position ?? this.#last
    if (changes.length > 0) this.#options.deliver(changes, foreign)
  }
}
