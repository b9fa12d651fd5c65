// Places of connections that have not signed in yet, counted apart from signed-in ones. Pure counting: it decides which
// one must make room, and the caller closes it.
import { networkOf } from './network-address.ts'

export interface StrangerLimits {
  /** Connections without a sign-in, of all addresses together. */
  strangers: number
  /** Of them, those of one IPv4 address or of one IPv6 /64. */
  strangersPerNetwork: number
}

/** Of a known network, this share of all places does not count when the largest crowd is searched. */
const shareOfKnown = 1 / 20

/**
 * When all places are taken, the oldest stranger of the network with the most strangers is closed: a crowd from one
 * address displaces itself, and a crowd from many addresses must reconnect faster than an honest connection signs in. A
 * network with earlier sign-ins is known: unknown ones are closed first.
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

  /** Takes a place; returns the stranger that loses its own for it, already removed here. */
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

  /** It has signed in, or has closed. False when it had no place. */
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
    // Sets and maps keep the order of arrival: among equals the network that came first is taken.
    for (const [network, { size }] of this.#networks) {
      // `size` is checked first: it avoids most checks whether a network is known.
      if (size <= most) continue
      const counted = this.#isKnown(network) ? size - free : size
      if (counted > most) [largest, most] = [network, counted]
    }
    return largest
  }
}
