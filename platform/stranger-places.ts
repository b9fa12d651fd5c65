// Places of connections that have not signed in yet, counted apart from those that have. Pure counting: who must make room
// is decided here and closed by the caller.
import { networkOf } from './network-address.ts'

export interface StrangerLimits {
  /** Connections that have not signed in, of all addresses together. */
  strangers: number
  /** Of them, those of one IPv4 address or of one IPv6 /64. */
  strangersPerNetwork: number
}

/**
 * When all places are taken, the oldest stranger of the network that holds most of them makes room: a crowd of one address
 * pushes out itself, and a crowd of many addresses has to come back faster than an honest connection needs to sign in.
 */
export class StrangerPlaces<T> {
  readonly #limits: StrangerLimits
  readonly #networks = new Map<string, Set<T>>()
  readonly #networkOf = new Map<T, string>()

  constructor(limits: StrangerLimits) {
    this.#limits = limits
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
    let size = 0
    // Sets and maps keep the order of arrival: among equals it is the network that came first.
    for (const [network, strangers] of this.#networks)
      if (strangers.size > size) [largest, size] = [network, strangers.size]
    return largest
  }
}
