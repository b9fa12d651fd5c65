// Limits new connections before any work is done for them: a TLS handshake costs the server 1 to 2 ms, so a few hundred
// per second from one stranger would leave no time for all others.
import { forgetOldest } from '../forget-oldest.ts'
import type { Clock } from '../../protocols/kit/clock.ts'

export interface NewConnectionLimits {
  /** New connections of one network that may come at once; one that signs in gives its share back. */
  newAtOnce: number
  /** After that, this many per second of the network. */
  newPerSecond: number
  /** The same for all networks together without a recent sign-in. */
  newUnknownAtOnce: number
  newUnknownPerSecond: number
}

/** A network counts as known for this long after its last signed-in connection has closed. */
export const knownForMs = 24 * 3_600_000
/** Networks kept with their use, and as known; beyond it the oldest are removed. */
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
  /** Signed-in connections, by network. */
  readonly #open = new Map<string, number>()
  /** When the last signed-in connection of a network was closed. */
  readonly #closedAtMs = new Map<string, number>()

  constructor(limits: NewConnectionLimits, clock: Pick<Clock, 'monotonicMs'>) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Networks that are kept. */
  get remembered(): number {
    return Math.max(this.#buckets.size, this.#closedAtMs.size)
  }

  /** A new connection of `network`: true when it is accepted. */
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

  /** An accepted connection has signed in: it no longer counts for its network's limit. */
  signIn(network: string): void {
    const bucket = this.#buckets.get(network)
    if (bucket) bucket.used = Math.max(0, bucket.used - 1)
    this.#open.set(network, (this.#open.get(network) ?? 0) + 1)
  }

  /** A signed-in connection has closed. */
  close(network: string): void {
    const left = (this.#open.get(network) ?? 1) - 1
    if (left > 0) this.#open.set(network, left)
    else this.#open.delete(network)
    putLast(this.#closedAtMs, network, this.#clock.monotonicMs())
  }

  /** True when the network has, or recently had, a signed-in connection. */
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
  forgetOldest(map, networksMax)
}
