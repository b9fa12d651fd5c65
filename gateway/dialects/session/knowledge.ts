// The learned facts of a dialect, as documents in memory: the journal has the same ones, and changes wait here for a
// commit.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import type { Knowledge, Learned } from '../port.ts'

/** Documents of one bridge; beyond it the one unchanged for the longest time is removed. */
export const documentsMax = 20_000
/** Largest document as JSON; a larger one is not stored. */
export const documentBytesMax = 65_536

export class LearnedDocuments implements Knowledge {
  readonly #documents = new Map<string, object>()
  readonly #changed = new Map<string, object | undefined>()

  get(key: string): unknown {
    return this.#documents.get(key)
  }

  get size(): number {
    return this.#documents.size
  }

  *entries(prefix: string): Generator<[key: string, value: object]> {
    for (const [key, value] of this.#documents) if (key.startsWith(prefix)) yield [key, value]
  }

  /** Returns the undo: documents that have changed again since then stay. */
  take(learned: readonly Learned[]): () => void {
    const before = learned.map(([key]) => this.#documents.get(key))
    for (const [key, value] of learned) {
      if (value !== undefined && JSON.stringify(value).length > documentBytesMax) continue
      this.#documents.delete(key)
      if (value !== undefined) this.#documents.set(key, value)
      this.#changed.set(key, value)
    }
    forgetOldest(this.#documents, documentsMax, (key) => this.#changed.set(key, undefined))
    return () => {
      const isStill = ([key, value]: Learned): boolean => this.#documents.get(key) === value
      this.take(learned.flatMap((one, at): Learned[] => (isStill(one) ? [[one[0], before[at]]] : [])))
    }
  }

  restore(key: string, value: object): void {
    this.#documents.set(key, value)
  }

  /** The documents for the next commit. */
  takeChanged(): Learned[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    return changed
  }

  /** The commit failed: its documents wait again, unless they have changed since. */
  putBack(changed: readonly Learned[]): void {
    for (const [key, value] of changed) if (!this.#changed.has(key)) this.#changed.set(key, value)
  }
}
