// Places of connections that have not signed in yet, counted apart from those that have. Pure counting: who must make room
// is decided here and closed by the caller.
import { networkOf } from './network-address.ts'

export interface StrangerLimits {
  /** Connections that have not signed in, of all addresses together. */
  strangers: number
  /** Of them, those of one IPv4 address or of one IPv6 /64. */
  strangersPerNetwork: number
}

/** Of a known network, this share of all places does not count when the largest crowd is looked for. */
const shareOfKnown = 1 / 20

/**
 * When all places are taken, the oldest stranger of the network that holds most of them makes room: a crowd of one address
 * pushes out itself, and a crowd of many addresses has to come back faster than an honest connection needs to sign in.
 * A network is known when connections of it have signed in: unknown ones make room first.
 */
export class StrangerPlaces<T> {
  readonly #limits: StrangerLimits
  readonly #networks = new Map<string, Set<T>>()
  readonly #networkOf = new Map<T, string>()

  readonly #isKnown: (network: string) => boolean

  constructor(limits: StrangerLimits, isKnown: (network: string) => boolean = () => false) {
    this.#limits = limits
    this.#isKnown = isKnown
  }

  get size(): number {
    return this.#networkOf.size
  }

  has(stranger: T): boolean {
    return this.#networkOf.has(stranger)
  }

  /** Takes a place; answers the stranger that loses its own for it, which is forgotten here already. */
  enter(stranger: T, address: string): T | undefined {
    const network = networkOf(address)
    const isCrowd = (this.#networks.get(network)?.size ?? 0) >= this.#limits.strangersPerNetwork
    const isFull = this.#networkOf.size >= this.#limits.strangers
    const evicted = isCrowd ? this.#oldestOf(network) : isFull ? this.#oldestOf(this.#largest()) : undefined
    if (evicted !== undefined) this.leave(evicted)
    const strangers = this.#networks.get(network) ?? new Set<T>()
    strangers.add(stranger)
    this.#networks.set(network, strangers)
    this.#networkOf.set(stranger, network)
    return evicted
  }

  /** It has signed in, or is gone. False when it had no place. */
  leave(stranger: T): boolean {
    const network = this.#networkOf.get(stranger)
    if (network === undefined) return false
    this.#networkOf.delete(stranger)
    const strangers = this.#networks.get(network)
    strangers?.delete(stranger)
    if (strangers?.size === 0) this.#networks.delete(network)
    return true
  }

  #oldestOf(network: string): T | undefined {
    return this.#networks.get(network)?.values().next().value
  }

  #largest(): string {
    let largest = ''
    let most = -Infinity
    const free = this.#limits.strangers * shareOfKnown
    // Sets and maps keep the order of arrival: among equals it is the network that came first.
    for (const [network, { size }] of this.#networks) {
      // `size` is asked first: it spares most of the questions whether a network is known.
      if (size <= most) continue
      const counted = this.#isKnown(network) ? size - free : size
      if (counted > most) [largest, most] = [network, counted]
    }
    return largest
  }
}
