// Presence and gaps on their way to disk and then to the stream: many boxes that return at once share one commit.
import type { Logger } from 'pino'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { BoxMessage, KnownBox, Storage, StoredChange } from '../storage/port.ts'

/** Notes waiting for the disk; beyond it the oldest are dropped, because the next heartbeat has the same facts. */
export const notesMax = 100_000
/** Notes in one commit. */
const batchMax = 1000
const retryDelayMs = 2000

export interface BoxNotesOptions {
  storage: Pick<Storage, 'noteBoxes'>
  clock: Clock
  logger: Logger
  onStored: (changes: StoredChange[]) => void
}

export class BoxNotes {
  readonly #options: BoxNotesOptions
  #waiting: { box: KnownBox | undefined; message: BoxMessage }[] = []
  #cancelRetry: () => void = () => undefined
  #running: Promise<void> | undefined
  #isFailing = false
  #isStopped = false

  constructor(options: BoxNotesOptions) {
    this.#options = options
  }

  add(message: BoxMessage, box?: KnownBox): void {
    this.#waiting.push({ box, message })
    if (this.#waiting.length > notesMax) this.#waiting.splice(0, batchMax)
    this.#running ??= this.#run()
  }

  /** Writes the waiting notes, once; does not wait for a failing disk. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelRetry()
    if (this.#waiting.length > 0) this.#running ??= this.#run()
    await this.#running
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchMax)
      if (await this.#write(batch)) continue
      this.#waiting = [...batch, ...this.#waiting]
      break
    }
    this.#running = undefined
    if (this.#waiting.length === 0 || this.#isStopped) return
    // One timer: every note that comes while storage fails leads here.
    this.#cancelRetry()
    this.#cancelRetry = this.#options.clock.after(retryDelayMs, () => {
      this.#running ??= this.#run()
    })
  }

  async #write(batch: readonly { box: KnownBox | undefined; message: BoxMessage }[]): Promise<boolean> {
    const { storage, logger, onStored } = this.#options
    try {
      const boxes = batch.flatMap(({ box }) => box ?? [])
      onStored(
        await storage.noteBoxes(
          boxes,
          batch.map(({ message }) => message),
        ),
      )
      this.#isFailing = false
      return true
    } catch (error) {
      if (!this.#isFailing) logger.error({ err: error }, 'the presence of boxes can not be stored')
      this.#isFailing = true
      return false
    }
  }
}
