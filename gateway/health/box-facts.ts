// The faults that the box detects about itself, reported to the alarm engine until they are stored: a full disk may
// refuse the record about itself.
import type { BoxFact } from '../alarms/port.ts'

type Facts = NonNullable<BoxFact['facts']>

export class BoxFacts {
  readonly #wanted = new Map<BoxFact['kind'], { isPresent: boolean; facts: Facts }>()
  readonly #kept = new Map<BoxFact['kind'], boolean>()
  #isTelling = false

  /** Stores the state; nothing is reported before `tell` is called. */
  set(kind: BoxFact['kind'], isPresent: boolean, facts: Facts = {}): void {
    this.#wanted.set(kind, { isPresent, facts })
  }

  /**
   * Reports the changes since the last stored state; a report that could not be stored is repeated at the next call.
   */
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
