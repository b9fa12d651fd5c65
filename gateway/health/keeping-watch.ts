// Whether the journal takes commits: the state for the health page and the heartbeat, and a test commit from time to
// time while it refuses, so that the box detects that its storage works again without a message from a device.
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Journal } from '../journal/port.ts'

/** While the journal refuses, a note is tried this often. */
export const keepingProbeMs = 5000

export interface KeepingWatchOptions {
  journal: Pick<Journal, 'onRefused' | 'onCommitted'>
  clock: Clock
  /** Writes a note into the journal. */
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

  /** The journal starts to refuse, or to take commits again. */
  onChange(listener: () => void): void {
    this.#changed = listener
  }

  /** Why nothing can be stored at the moment; undefined while all is well. */
  get illness(): string | undefined {
    return this.#illness
  }

  /** The state for the heartbeat. */
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

/** The test note is one of the intake's own records. */
export function watchKeeping(
  journal: KeepingWatchOptions['journal'],
  clock: Clock,
  intake: { log: (what: string, facts: Record<string, unknown>) => Promise<void> },
): KeepingWatch {
  return new KeepingWatch({ journal, clock, note: () => intake.log('storage-probed', {}) })
}
