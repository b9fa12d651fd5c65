// What senders have reported as begun and not yet as over, by device: the restore of one zone or fault must not end what another still reports.
import type { Knowledge, Learned } from '../port.ts'

/** Names of one reading at one device; beyond it the oldest is forgotten, and its end ends nothing. */
export const namesMax = 200

type Document = Record<string, readonly string[] | undefined>

/** For one message: all its results are taken one after the other. */
export class Standing {
  readonly #known: Knowledge
  readonly #changed = new Map<string, Document | undefined>()

  constructor(known: Knowledge) {
    this.#known = known
  }

  /** The names of this reading that stand now. */
  begin(device: string, reading: string, name: string): readonly string[] {
    const before = this.#names(device, reading)
    return before.includes(name) ? before : this.#note(device, reading, [...before, name].slice(-namesMax))
  }

  /** The names of this reading that still stand. */
  end(device: string, reading: string, name: string): readonly string[] {
    const before = this.#names(device, reading)
    const isKnown = before.includes(name)
    return isKnown
      ? this.#note(
          device,
          reading,
          before.filter((one) => one !== name),
        )
      : before
  }

  isStanding(device: string, reading: string, name: string): boolean {
    return this.#names(device, reading).includes(name)
  }

  /** For the result of the dialect. */
  get learned(): { learned?: Learned[] } {
    return this.#changed.size === 0 ? {} : { learned: [...this.#changed] }
  }

  #document(device: string): Document {
    const key = keyOf(device)
    return (this.#changed.has(key) ? this.#changed.get(key) : (this.#known.get(key) as Document)) ?? {}
  }

  #names(device: string, reading: string): readonly string[] {
    return this.#document(device)[reading] ?? []
  }

  #note(device: string, reading: string, names: readonly string[]): readonly string[] {
    const { [reading]: _before, ...others } = this.#document(device)
    const next = names.length === 0 ? others : { ...others, [reading]: names }
    this.#changed.set(keyOf(device), Object.keys(next).length === 0 ? undefined : next)
    return names
  }
}

const keyOf = (device: string): string => `standing:${device}`
