// Reports whether the journal accepts commits, for the health page and the heartbeat. While it refuses them, a test
// commit is made regularly, so that the box detects without a message from a device that its storage works again.
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Journal } from '../journal/port.ts'

/** The time between two test commits while the journal refuses. */
export const storageProbeMs = 5000

export interface StorageWatchOptions {
  journal: Pick<Journal, 'onRefused' | 'onCommitted'>
  clock: Clock
  /** Writes a test record into the journal; rejects if the journal refuses it. */
  note: () => Promise<void>
}

export class StorageWatch {
  readonly #options: StorageWatchOptions
  #fault: string | undefined
  #cancel: (() => void) | undefined
  #isStopped = false
  #changed: () => void = () => undefined

  constructor(options: StorageWatchOptions) {
    this.#options = options
    options.journal.onRefused((error) => this.#set(`the journal refuses: ${error.message}`))
    options.journal.onCommitted(() => this.#set(undefined))
  }

  /** Called when the journal starts to refuse commits, and when it accepts them again. */
  onChange(listener: () => void): void {
    this.#changed = listener
  }

  /** The reason why the journal stores nothing at the moment; undefined while it accepts commits. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** The field for the heartbeat: present only while the journal refuses. */
  get heartbeatPart(): { isKeeping?: false } {
    return this.#fault === undefined ? {} : { isKeeping: false }
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  #set(fault: string | undefined): void {
    const isChanged = (fault === undefined) !== (this.#fault === undefined)
    this.#fault = fault
    if (!isChanged || this.#isStopped) return
    this.#cancel?.()
    if (fault !== undefined) this.#probeLater()
    this.#changed()
  }

  #probeLater(): void {
    const { clock, note } = this.#options
    this.#cancel = clock.after(storageProbeMs, () => {
      // A repeated refusal is not reported again.
      note().catch(() => undefined)
      this.#probeLater()
    })
  }
}

/** Starts the watch; the test record is a log record of the intake. */
export function watchStorage(
  journal: StorageWatchOptions['journal'],
  clock: Clock,
  intake: { log: (what: string, facts: Record<string, unknown>) => Promise<void> },
): StorageWatch {
  return new StorageWatch({ journal, clock, note: () => intake.log('storage-probed', {}) })
}
