// Decides which heartbeats contain the armed, bypassed and tested items: the next one after each change and after each
// connection, and every tenth one.
import type { Guard } from '../../protocols/domain/guard.ts'

/** Every tenth heartbeat has it in any case: five minutes. */
const everyMany = 10

export class HeartbeatGuardState {
  readonly #read: () => Guard
  #last = ''
  #since = 0

  constructor(read: () => Guard) {
    this.#read = read
  }

  /** For the next heartbeat; undefined while the centre has it already. */
  next(): Guard | undefined {
    const guard = this.#read()
    // Ages and remaining times change without a message; a time that was set again is sent with the next tenth.
    const news = JSON.stringify(guard, (key, value: unknown) =>
      key === 'leftMs' || key === 'forMs' ? undefined : value,
    )
    if (news === this.#last && ++this.#since < everyMany) return undefined
    this.#last = news
    this.#since = 0
    return guard
  }

  /** Another connection, perhaps to a centre that has none of it. */
  forget(): void {
    this.#last = ''
  }
}
