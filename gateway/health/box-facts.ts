// What the box notices about itself, handed to the alarm engine until it has been kept: a full disk may refuse the very
// record that says so.
import type { BoxFact } from '../alarms/port.ts'

type Facts = NonNullable<BoxFact['facts']>

export class BoxFacts {
  readonly #wanted = new Map<BoxFact['kind'], { isPresent: boolean; facts: Facts }>()
  readonly #kept = new Map<BoxFact['kind'], boolean>()
  #isTelling = false

  /** Notes how it is; nothing is told before `tell`. */
  set(kind: BoxFact['kind'], isPresent: boolean, facts: Facts = {}): void {
    this.#wanted.set(kind, { isPresent, facts })
  }

  /** Tells what changed since it was last kept; what can not be kept is told again at the next call. */
  async tell(judge: (fact: BoxFact) => Promise<void>): Promise<void> {
    if (this.#isTelling) return
    this.#isTelling = true
    try {
      for (const [kind, { isPresent, facts }] of this.#wanted) {
        if (this.#kept.get(kind) === isPresent) continue
        await judge({ kind, isPresent, facts })
        this.#kept.set(kind, isPresent)
      }
    } finally {
      this.#isTelling = false
    }
  }
}
