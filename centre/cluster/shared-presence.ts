// What each centre must know of what the others hear: that a box has sent something, and that a person is at a desk. It goes through the
// database every few seconds; times of different machines are never compared, only that a stored time has moved on.
import type { Logger } from 'pino'
import { RepeatedWork } from '../../platform/time/repeated-work.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Storage } from '../storage/port.ts'

const everyMs = 5000

export interface SharedPresenceOptions {
  storage: Pick<Storage, 'noteHeard' | 'heardSince'>
  owner: string
  clock: Clock
  logger: Logger
  /** Boxes and persons that this centre has heard since the last call. */
  takeHeard: () => { boxes: string[]; people: string[] }
  heardElsewhere: (box: string) => void
  personElsewhere: (name: string) => void
  /** True when this centre holds the box's session, as far as it knows. */
  isMine: (box: string) => boolean
  lost: (boxes: readonly string[]) => void
}

export class SharedPresence {
  readonly #options: SharedPresenceOptions
  readonly #work: RepeatedWork
  readonly #times = new Map<string, number>()
  #since = 0
  #hasRead = false
  #isFailing = false

  constructor(options: SharedPresenceOptions) {
    this.#options = options
    this.#work = new RepeatedWork({ clock: options.clock, pauseMs: everyMs, run: () => this.#share() })
  }

  start(): void {
    this.#work.start()
  }

  stop(): Promise<void> {
    return this.#work.stop()
  }

  async #share(): Promise<void> {
    const { storage, logger, takeHeard } = this.#options
    try {
      const { boxes, people } = takeHeard()
      if (boxes.length > 0 || people.length > 0) await storage.noteHeard(boxes, people)
      const heard = await storage.heardSince(this.#since)
      this.#take(heard)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) logger.error({ err: error }, 'what other centres heard could not be read')
      this.#isFailing = true
    }
  }

  #take({ boxes, people }: Awaited<ReturnType<Storage['heardSince']>>): void {
    const { owner, isMine, lost, heardElsewhere, personElsewhere } = this.#options
    const isFirst = !this.#hasRead
    this.#hasRead = true
    const gone: string[] = []
    for (const { box, owner: of, atMs } of boxes) {
      const isNews = this.#moved(`box ${box}`, atMs)
      if (of === owner) continue
      if (isMine(box)) gone.push(box)
      // What is stored when this centre starts may be old.
      if (isNews && !isFirst) heardElsewhere(box)
    }
    for (const { name, atMs } of people)
      if (this.#moved(`person ${name}`, atMs) && !isFirst) personElsewhere(name)
    if (gone.length > 0) lost(gone)
  }

  #moved(key: string, atMs: number): boolean {
    const isNews = this.#times.get(key) !== atMs
    this.#times.set(key, atMs)
    this.#since = Math.max(this.#since, atMs - 2 * everyMs)
    return isNews
  }
}
