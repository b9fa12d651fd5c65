// How many new connections are let in, counted before any work is done for them: a TLS handshake costs the server 1 to 2 ms,
// so a few hundred a second of one stranger would leave no time for all others.
import type { Clock } from '../../protocols/kit/clock.ts'

export interface NewConnectionLimits {
  /** New connections of one network that may come at once; one that signs in gives its part back. */
  newAtOnce: number
  /** After that, so many a second of the network. */
  newPerSecond: number
  /** The same for all networks together of which no connection has signed in lately. */
  newUnknownAtOnce: number
  newUnknownPerSecond: number
}

/** A network is known for so long after its last connection that had signed in has closed. */
export const knownForMs = 24 * 3_600_000
/** Networks remembered with what they have used up, and as known; beyond it the oldest are forgotten. */
export const networksMax = 50_000

interface Bucket {
  used: number
  atMs: number
}

export class NewConnections {
  readonly #limits: NewConnectionLimits
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #buckets = new Map<string, Bucket>()
  readonly #ofUnknown: Bucket = { used: 0, atMs: 0 }
  /** Connections that have signed in, by network. */
  readonly #open = new Map<string, number>()
  /** When the last connection of a network that had signed in was closed. */
  readonly #closedAtMs = new Map<string, number>()

  constructor(limits: NewConnectionLimits, clock: Pick<Clock, 'monotonicMs'>) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Networks that are remembered. */
  get remembered(): number {
    return Math.max(this.#buckets.size, this.#closedAtMs.size)
  }

  /** A connection of `network` comes in: true when it may. */
  enter(network: string): boolean {
    const { newAtOnce, newPerSecond, newUnknownAtOnce, newUnknownPerSecond } = this.#limits
    const bucket = this.#buckets.get(network) ?? { used: 0, atMs: this.#clock.monotonicMs() }
    this.#drain(bucket, newPerSecond)
    if (bucket.used + 1 > newAtOnce) return false
    if (!this.isKnown(network)) {
      this.#drain(this.#ofUnknown, newUnknownPerSecond)
      if (this.#ofUnknown.used + 1 > newUnknownAtOnce) return false
      this.#ofUnknown.used++
    }
    bucket.used++
    putLast(this.#buckets, network, bucket)
    return true
  }

  /** A connection that came in has signed in: it does not count against the others of its network. */
  signIn(network: string): void {
    const bucket = this.#buckets.get(network)
    if (bucket) bucket.used = Math.max(0, bucket.used - 1)
    this.#open.set(network, (this.#open.get(network) ?? 0) + 1)
  }

  /** A connection that had signed in is closed. */
  close(network: string): void {
    const left = (this.#open.get(network) ?? 1) - 1
    if (left > 0) this.#open.set(network, left)
    else this.#open.delete(network)
    putLast(this.#closedAtMs, network, this.#clock.monotonicMs())
  }

  /** A connection of it has signed in and is open, or was not long ago. */
  isKnown(network: string): boolean {
    if (this.#open.has(network)) return true
    const closedAtMs = this.#closedAtMs.get(network)
    return closedAtMs !== undefined && this.#clock.monotonicMs() - closedAtMs < knownForMs
  }

  #drain(bucket: Bucket, perSecond: number): void {
    const nowMs = this.#clock.monotonicMs()
    bucket.used = Math.max(0, bucket.used - ((nowMs - bucket.atMs) / 1000) * perSecond)
    bucket.atMs = nowMs
  }
}

function putLast<T>(map: Map<string, T>, network: string, value: T): void {
  map.delete(network)
  map.set(network, value)
  const [oldest] = map.keys()
  if (map.size > networksMax && oldest !== undefined) map.delete(oldest)
}
