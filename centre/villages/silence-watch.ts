// Keeps the box-silent alarm on disk in step with what villages believes, through failing commits and restarts.
import type { Logger } from 'pino'
import type { Alarm } from '../../protocols/domain/alarm.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import { boxHeardAgain, boxSilentAlarm } from './box-silent.ts'

const retryDelayMs = 2000

export interface SilenceWatchOptions {
  storage: Pick<Storage, 'changeOwnAlarm'>
  clock: Clock
  random: Random
  logger: Logger
  nameOf: (box: string) => string
  onStored: (changes: StoredChange[]) => void
}

interface Watched {
  isSilent: boolean
  /** The alarm that stands on disk. */
  open: Alarm | undefined
  isBusy: boolean
}

export class SilenceWatch {
  readonly #options: SilenceWatchOptions
  readonly #boxes = new Map<string, Watched>()
  readonly #running = new Set<Promise<void>>()
  #isStopped = false

  constructor(options: SilenceWatchOptions) {
    this.#options = options
  }

  /** The alarms that stood when the centre stopped; they end when their box is heard. */
  remember(alarms: readonly DeskAlarm[]): void {
    for (const { id, box } of alarms) {
      const open = boxSilentAlarm(id.slice(box.length + 1), box, this.#options.nameOf(box))
      this.#boxes.set(box, { isSilent: true, open, isBusy: false })
    }
  }

  note(box: string, isSilent: boolean): void {
    const watched = this.#boxes.get(box) ?? { isSilent: false, open: undefined, isBusy: false }
    watched.isSilent = isSilent
    this.#boxes.set(box, watched)
    this.#start(box, watched)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#running)
  }

  #start(box: string, watched: Watched): void {
    if (watched.isBusy || this.#isStopped) return
    const run = this.#align(box, watched).finally(() => this.#running.delete(run))
    this.#running.add(run)
  }

  async #align(box: string, watched: Watched): Promise<void> {
    const { storage, clock, random, logger, nameOf, onStored } = this.#options
    watched.isBusy = true
    try {
      while (watched.isSilent !== (watched.open !== undefined)) {
        const atMs = clock.wallMs()
        const { open } = watched
        const alarm = open ? boxHeardAgain(open) : boxSilentAlarm(`silent-${random.hex(8)}`, box, nameOf(box))
        const change = open ? ('ended' as const) : ('raised' as const)
        const changes = await storage.changeOwnAlarm({ box, change, alarm, atMs })
        watched.open = open ? undefined : alarm
        onStored(changes)
      }
    } catch (error) {
      logger.error({ err: error, box }, 'the alarm of a silent box can not be stored')
      clock.after(retryDelayMs, () => this.#start(box, watched))
    } finally {
      watched.isBusy = false
    }
  }
}
