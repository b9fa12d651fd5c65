// When a heartbeat carries what is armed, bypassed and on test: after each change, after each connection, and now and then.
import type { Guard } from '../../protocols/domain/guard.ts'

/** Every tenth heartbeat has it in any case: five minutes. */
const everyMany = 10

export class GuardNews {
  readonly #read: () => Guard
  #told = ''
  #since = 0

  constructor(read: () => Guard) {
    this.#read = read
  }

  /** For the next heartbeat; undefined while the centre has it already. */
  next(): Guard | undefined {
    const guard = this.#read()
    // Ages and what is left pass by themselves; a time that was set anew is told with the next tenth.
    const told = JSON.stringify(guard, (key, value: unknown) =>
      key === 'leftMs' || key === 'forMs' ? undefined : value,
    )
    if (told === this.#told && ++this.#since < everyMany) return undefined
    this.#told = told
    this.#since = 0
    return guard
  }

  /** Another connection, perhaps to a centre that knows nothing. */
  forget(): void {
    this.#told = ''
  }
}
