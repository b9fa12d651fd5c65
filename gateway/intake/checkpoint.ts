// The checkpoint writes what a start would otherwise rebuild from records: each device's last values and the ids of its
// messages. It is written in steps, so that no alarm waits behind the documents of a whole village.
import type { Journal } from '../journal/port.ts'
import { documentPrefix, type AlarmDocuments } from './alarm-documents.ts'
import { repeatPrefix, type RepeatMemory } from './memory/repeat-memory.ts'

/** Devices whose documents share a commit. A device's last values and its ids are always in the same commit. */
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

  /** Inputs are counted from here. */
  restart(): void {
    this.#inputs = 0
    this.#sinceMs = this.#monotonicMs()
  }

  /** Counts a stored input; true when the checkpoint is due. */
  count(): boolean {
    return ++this.#inputs >= inputsPerCheckpoint || this.#monotonicMs() - this.#sinceMs >= intervalMs
  }
}

export interface CheckpointOptions {
  journal: Journal
  documents: AlarmDocuments
  repeats: RepeatMemory
  /** False after a refused commit, because memory contains inputs that are not on disk, until memory was rebuilt. */
  isCurrent: () => boolean
  /** While the program stops: each step commits at once, instead of after a window of routine records. */
  isUrgent: boolean
}

export async function writeCheckpoint(options: CheckpointOptions): Promise<void> {
  const { journal, documents, repeats, isCurrent, isUrgent } = options
  // A start judges the records after these again, except those that a device's documents already include.
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
    await journal.append({ records: [], state, isUrgent })
  }
  if (isCurrent()) await journal.append({ records: [], state: [['checkpoint', watermark]], isUrgent })
}
