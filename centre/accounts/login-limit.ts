// Slows down password guessing. Only failures are counted, by browser, by network and user together, by network and by
// user. Failures of others lock no user out: a known browser, a network with an earlier sign-in, and one without a
// failure can still try.
import type { Clock } from '../../protocols/kit/clock.ts'
import { networkOf } from '../../platform/strangers/network-address.ts'

const windowMs = 5 * 60_000
/** Failures within five minutes after which further attempts are refused. */
export const failuresMax = {
  browser: 5,
  pair: 5,
  /** Of one network: beyond the first figure only for users without a failure from it, up to the second. */
  network: 30,
  networkFresh: 60,
  /** Of one user: beyond the first figure only from networks without a failure for this user, up to the second. */
  user: 50,
  userFresh: 250,
} as const
/** Most keys kept; beyond it the oldest are removed. */
const keysMax = 20_000

export interface Guess {
  address: string
  user: string
  /** The browser has signed in as this user before and proves it by its cookie. */
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
