// Reports whether the journal accepts commits, for the health page and the heartbeat. While it refuses them, a test
// commit is made regularly, so that the box detects without a message from a device that its storage works again.
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Journal } from '../journal/port.ts'

/** The time between two test commits while the journal refuses. */
export const keepingProbeMs = 5000

export interface KeepingWatchOptions {
  journal: Pick<Journal, 'onRefused' | 'onCommitted'>
  clock: Clock
  /** Writes a test record into the journal; rejects if the journal refuses it. */
  note: () => Promise<void>
}

export class KeepingWatch {
  readonly #options: KeepingWatchOptions
  #illness: string | undefined
  #cancel: (() => void) | undefined
  #isStopped = false
  #changed: () => void = () => undefined

  constructor(options: KeepingWatchOptions) {
    this.#options = options
    options.journal.onRefused((error) => this.#set(`the journal refuses: ${error.message}`))
    options.journal.onCommitted(() => this.#set(undefined))
  }

  /** Called when the journal starts to refuse commits, and when it accepts them again. */
  onChange(listener: () => void): void {
    this.#changed = listener
  }

  /** The reason why the journal stores nothing at the moment; undefined while it accepts commits. */
  get illness(): string | undefined {
    return this.#illness
  }

  /** The field for the heartbeat: present only while the journal refuses. */
  get said(): { isKeeping?: false } {
    return this.#illness === undefined ? {} : { isKeeping: false }
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  #set(illness: string | undefined): void {
    const isChanged = (illness === undefined) !== (this.#illness === undefined)
    this.#illness = illness
    if (!isChanged || this.#isStopped) return
    this.#cancel?.()
    if (illness !== undefined) this.#probeLater()
    this.#changed()
  }

  #probeLater(): void {
    const { clock, note } = this.#options
    this.#cancel = clock.after(keepingProbeMs, () => {
      // A repeated refusal is not reported again.
      note().catch(() => undefined)
      this.#probeLater()
    })
  }
}

/** Starts the watch; the test record is a log record of the intake. */
export function watchKeeping(
  journal: KeepingWatchOptions['journal'],
  clock: Clock,
  intake: { log: (what: string, facts: Record<string, unknown>) => Promise<void> },
): KeepingWatch {
  return new KeepingWatch({ journal, clock, note: () => intake.log('storage-probed', {}) })
}
