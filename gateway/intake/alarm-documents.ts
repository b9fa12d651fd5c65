// The alarm engine's memory in this process: keyed documents, and which of them changed since they were last written.
import type { AlarmMemory } from '../alarms/port.ts'

/**
 * Tracking documents can be rebuilt from the journal's records, so they are written rarely; all others with the input
 * that changed them.
 */
/** Prefix of the engine's documents in the journal's state. */
export const documentPrefix = 'judge:'

const isTracking = (key: string): boolean => key.startsWith('device:')

export class AlarmDocuments implements AlarmMemory {
  readonly #documents = new Map<string, object>()
  #changed = new Map<string, object | undefined>()
  readonly #dirtyTracking = new Set<string>()

  get(key: string): unknown {
    return this.#documents.get(key)
  }

  set(key: string, value: object | undefined): void {
    if (value === undefined) this.#documents.delete(key)
    else this.#documents.set(key, value)
    if (isTracking(key)) this.#dirtyTracking.add(key)
    else this.#changed.set(documentPrefix + key, value)
  }

  *keys(prefix: string): Iterable<string> {
    for (const key of this.#documents.keys()) if (key.startsWith(prefix)) yield key
  }

  /** Documents that must be committed with the input that changed them. */
  takeChanged(): [string, object | undefined][] {
    if (this.#changed.size === 0) return []
    const taken = [...this.#changed]
    this.#changed = new Map()
    return taken
  }

  /** Keys of tracking documents that changed since the last call. */
  takeTouched(): string[] {
    const taken = [...this.#dirtyTracking]
    this.#dirtyTracking.clear()
    return taken
  }

  takeTracking(): [string, object | undefined][] {
    const taken = [...this.#dirtyTracking].map((key): [string, object | undefined] => [
      documentPrefix + key,
      this.#documents.get(key),
    ])
    this.#dirtyTracking.clear()
    return taken
  }

  /** Takes a document as stored in the journal. */
  load(storedKey: string, value: object): void {
    this.#documents.set(storedKey.slice(documentPrefix.length), value)
  }

  clear(): void {
    this.#documents.clear()
    this.#changed.clear()
    this.#dirtyTracking.clear()
  }
}
