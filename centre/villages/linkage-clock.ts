// Runs the linkage between villages by the clock: warnings whose time is over end, and the bulletins of new ones are sent.
// Everything is in the database, so that a restart repeats and forgets nothing.
import type { Logger } from 'pino'
import type { DeskCommand } from '../../protocols/desk/commands.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Storage, StoredChange } from '../storage/port.ts'

const lookEveryMs = 1000
/** A new warning among the changes: its bulletin must not wait for the next look. */
const raisedPrefix = '{"type":"alarm.raised"'
const kindMark = '"kind":"upstream-water"'

export interface LinkageClockOptions {
  storage: Pick<Storage, 'passLinkages'>
  clock: Clock
  logger: Logger
  push: (changes: readonly StoredChange[]) => void
  /** The stored commands of new bulletins. */
  adopt: (commands: readonly DeskCommand[]) => void
}

export class LinkageClock {
  readonly #options: LinkageClockOptions
  #cancel: () => void = () => undefined
  #running: Promise<void> = Promise.resolve()
  #isLooking = false
  /** A new warning came during a look: the next look is at once. */
  #isAsked = false
  #isStopped = false

  constructor(options: LinkageClockOptions) {
    this.#options = options
  }

  start(): void {
    this.#arm(0)
  }

  /** Changes that were stored: a new warning is looked at now. */
  heard(changes: readonly StoredChange[]): void {
    const isNew = changes.some(({ json }) => json.startsWith(raisedPrefix) && json.includes(kindMark))
    if (!isNew) return
    if (this.#isLooking) this.#isAsked = true
    else this.#arm(0)
  }

  /** Waits for the running look. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#running
  }

  /** The next look begins after the end of this one: slow looks never queue up. */
  #arm(delayMs: number): void {
    if (this.#isStopped) return
    this.#cancel()
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#isLooking = true
      this.#running = this.#look().finally(() => {
        this.#isLooking = false
        this.#arm(this.#isAsked ? 0 : lookEveryMs)
        this.#isAsked = false
      })
    })
  }

  async #look(): Promise<void> {
    const { storage, clock, logger, push, adopt } = this.#options
    try {
      const { changes, commands } = await storage.passLinkages(clock.wallMs())
      adopt(commands)
      if (changes.length > 0) push(changes)
    } catch (error) {
      if (!this.#isStopped)
        logger.error(
          { err: error },
          'warnings for villages downstream could not be looked at; they are looked at again',
        )
    }
  }
}
