// Slows down whoever guesses passwords: failures are counted by address, by user, and by both together.
import type { Clock } from '../../protocols/kit/clock.ts'

const windowMs = 5 * 60_000
/** Failures within five minutes after which logins are refused. */
export const failuresMax = { pair: 5, address: 30, user: 50 } as const
/** Addresses and users remembered; beyond it the oldest are forgotten. */
const keysMax = 20_000

export class LoginLimit {
  readonly #clock: Clock
  readonly #failures = new Map<string, number[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  isAllowed(address: string, user: string): boolean {
    return this.#keys(address, user).every(([key, max]) => this.#recent(key).length < max)
  }

  fail(address: string, user: string): void {
    for (const [key] of this.#keys(address, user)) {
      const recent = [...this.#recent(key), this.#clock.monotonicMs()]
      this.#failures.delete(key)
      this.#failures.set(key, recent.slice(-failuresMax.user))
    }
    for (const key of this.#failures.keys()) {
      if (this.#failures.size <= keysMax) break
      this.#failures.delete(key)
    }
  }

  succeed(address: string, user: string): void {
    this.#failures.delete(`pair ${address} ${user}`)
  }

  #recent(key: string): number[] {
    const sinceMs = this.#clock.monotonicMs() - windowMs
    return (this.#failures.get(key) ?? []).filter((atMs) => atMs > sinceMs)
  }

  #keys(address: string, user: string): [key: string, max: number][] {
    return [
      [`pair ${address} ${user}`, failuresMax.pair],
      [`address ${address}`, failuresMax.address],
      [`user ${user}`, failuresMax.user],
    ]
  }
}
