// Writes what would otherwise be rebuilt from records at the next start: what each device last said and which of its
// messages were heard. In steps, so that no press waits behind the documents of a whole village.
import type { Journal } from '../journal/port.ts'
import { documentPrefix, type AlarmDocuments } from './alarm-documents.ts'
import { repeatPrefix, type RepeatMemory } from './memory/repeat-memory.ts'

/** Devices whose documents share a commit. What a device said and what was heard of it always stand together. */
export const devicesPerStep = 32
const trackingPrefix = 'device:'

/** Written after this many inputs or at the latest after the interval. */
const inputsPerCheckpoint = 20_000
const intervalMs = 15 * 60_000

/** When the next checkpoint is due. */
export class CheckpointDue {
  readonly #monotonicMs: () => number
  #inputs = 0
  #sinceMs = 0

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  /** Counts from here. */
  restart(): void {
    this.#inputs = 0
    this.#sinceMs = this.#monotonicMs()
  }

  /** One more input is kept; true when it is time. */
  count(): boolean {
    return ++this.#inputs >= inputsPerCheckpoint || this.#monotonicMs() - this.#sinceMs >= intervalMs
  }
}

export interface CheckpointOptions {
  journal: Journal
  documents: AlarmDocuments
  repeats: RepeatMemory
  /** False once a commit was refused, as memory holds what is not on disk, until memory was built anew and ever after. */
  isCurrent: () => boolean
}

export async function writeCheckpoint(options: CheckpointOptions): Promise<void> {
  const { journal, documents, repeats, isCurrent } = options
  // Records behind these are judged again at a start, unless their device's documents know them already.
  const positions = Object.entries(journal.positions())
  const watermark = Object.fromEntries(positions.map(([lane, { last }]) => [lane, last]))
  const tracked = documents.takeTouched().map((key) => key.slice(trackingPrefix.length))
  const devices = [...new Set([...tracked, ...repeats.takeTouched()])]
  for (let from = 0; from < devices.length && isCurrent(); from += devicesPerStep) {
    const state = devices
      .slice(from, from + devicesPerStep)
      .flatMap((device): [string, object | undefined][] => {
        const key = trackingPrefix + device
        return [
          [documentPrefix + key, documents.get(key) as object | undefined],
          [repeatPrefix + device, repeats.documentOf(device)],
        ]
      })
    await journal.append({ records: [], state, isUrgent: false })
  }
  if (isCurrent()) await journal.append({ records: [], state: [['checkpoint', watermark]], isUrgent: false })
}
