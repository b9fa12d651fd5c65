// Limits password guessing. Only failures are counted: per browser, per pair of network and user, per network, and per
// user. A user is not locked out by failures of other people: a browser or a network from which this user has signed in
// before, and a network without a failure for this user, can still try.
import type { Clock } from '../../protocols/kit/clock.ts'
import { networkOf } from '../../platform/strangers/network-address.ts'

const windowMs = 5 * 60_000
/** Failures within five minutes after which further attempts are refused. */
export const failuresMax = {
  browser: 5,
  pair: 5,
  /**
   * Failures from one network. From `network` on, it may try only users for whom it has no failure; from `networkFresh`
   * on, it may try none.
   */
  network: 30,
  networkFresh: 60,
  /**
   * Failures for one user. From `user` on, only networks without a failure for this user may try; from `userFresh` on,
   * none may.
   */
  user: 50,
  userFresh: 250,
} as const
/** The largest number of keys in memory; beyond it the oldest are removed. */
const keysMax = 20_000

export interface Guess {
  address: string
  user: string
  /** The id of a browser that has signed in as this user before: it has the cookie of that sign-in. */
  browser?: string | undefined
}

export class LoginLimit {
  readonly #clock: Clock
  readonly #failures = new Map<string, number[]>()
  /** Networks from which a user has signed in. */
  readonly #known = new Map<string, true>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  isAllowed({ address, user, browser }: Guess): boolean {
    const network = networkOf(address)
    if (browser !== undefined && this.#count(`browser ${browser} ${user}`) < failuresMax.browser) return true
    const ofPair = this.#count(`pair ${network} ${user}`)
    if (ofPair >= failuresMax.pair) return false
    const isFresh = ofPair === 0
    const ofNetwork = this.#count(`network ${network}`)
    if (ofNetwork >= (isFresh ? failuresMax.networkFresh : failuresMax.network)) return false
    if (this.#known.has(`${network} ${user}`)) return true
    return this.#count(`user ${user}`) < (isFresh ? failuresMax.userFresh : failuresMax.user)
  }

  fail({ address, user, browser }: Guess): void {
    const network = networkOf(address)
    const keys = [`pair ${network} ${user}`, `network ${network}`, `user ${user}`]
    if (browser !== undefined) keys.push(`browser ${browser} ${user}`)
    for (const key of keys) {
      const recent = [...this.#recent(key), this.#clock.monotonicMs()]
      this.#failures.delete(key)
      this.#failures.set(key, recent.slice(-failuresMax.userFresh))
    }
    forgetOldest(this.#failures)
  }

  succeed({ address, user, browser }: Guess): void {
    const network = networkOf(address)
    this.#failures.delete(`pair ${network} ${user}`)
    if (browser !== undefined) this.#failures.delete(`browser ${browser} ${user}`)
    this.#known.delete(`${network} ${user}`)
    this.#known.set(`${network} ${user}`, true)
    forgetOldest(this.#known)
  }

  #count(key: string): number {
    return this.#recent(key).length
  }

  #recent(key: string): number[] {
    const sinceMs = this.#clock.monotonicMs() - windowMs
    return (this.#failures.get(key) ?? []).filter((atMs) => atMs > sinceMs)
  }
}

function forgetOldest(keys: Map<string, unknown>): void {
  for (const key of keys.keys()) {
    if (keys.size <= keysMax) break
    keys.delete(key)
  }
}
