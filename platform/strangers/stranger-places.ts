// Places of connections that have not signed in yet, counted apart from signed-in ones. Pure counting: it decides which
// one must make room, and the caller closes it.
import { networkOf } from './network-address.ts'

export interface StrangerLimits {
  /** Connections without a sign-in, of all addresses together. */
  strangers: number
  /** Of them, those of one IPv4 address or of one IPv6 /64. */
  strangersPerNetwork: number
}

/** Strangers of one network, in order of arrival. */
interface Crowd<T> {
  /** Their first message is not complete. */
  begun: Set<T>
  /** They had an answer to it. */
  heard: Set<T>
}

const sizeOf = ({ begun, heard }: Crowd<unknown>): number => begun.size + heard.size

/** Of a known network, this share of all places does not count when the largest crowd is searched. */
const shareOfKnown = 1 / 20

/**
 * When all places are taken, the oldest stranger of the network with the most strangers is closed: a crowd from one
 * address displaces itself, and a crowd from many addresses must reconnect faster than an honest connection signs in. A
 * network with earlier sign-ins is known: unknown ones are closed first. Of one network, those that have sent a whole
 * message and those that have not make room for their own kind: neither displaces the other from more than half.
 */
export class StrangerPlaces<T> {
  readonly #limits: StrangerLimits
  readonly #networks = new Map<string, Crowd<T>>()
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
    const crowd = this.#networks.get(network) ?? { begun: new Set<T>(), heard: new Set<T>() }
    const isCrowd = sizeOf(crowd) >= this.#limits.strangersPerNetwork
    const isFull = this.#networkOf.size >= this.#limits.strangers
    const evicted = isCrowd ? this.#leastOf(network) : isFull ? this.#leastOf(this.#largest()) : undefined
    if (evicted !== undefined) this.leave(evicted)
    crowd.begun.add(stranger)
    this.#networks.set(network, crowd)
    this.#networkOf.set(stranger, network)
    return evicted
  }

  /** Its first message has arrived and is answered. */
  hear(stranger: T): void {
    const crowd = this.#networks.get(this.#networkOf.get(stranger) ?? '')
    if (crowd?.begun.delete(stranger)) crowd.heard.add(stranger)
  }

  /** It has signed in, or has closed. False when it had no place. */
  leave(stranger: T): boolean {
    const network = this.#networkOf.get(stranger)
    if (network === undefined) return false
    this.#networkOf.delete(stranger)
    const crowd = this.#networks.get(network)
    crowd?.begun.delete(stranger)
    crowd?.heard.delete(stranger)
    if (crowd && sizeOf(crowd) === 0) this.#networks.delete(network)
    return true
  }

  #leastOf(network: string): T | undefined {
    const crowd = this.#networks.get(network)
    if (!crowd) return undefined
    const { begun, heard } = crowd
    const first = begun.size >= heard.size ? begun : heard
    return first.values().next().value
  }

  #largest(): string {
    let largest = ''
    let most = -Infinity
    const free = this.#limits.strangers * shareOfKnown
    // Sets and maps keep the order of arrival: among equals the network that came first is taken.
    for (const [network, crowd] of this.#networks) {
      const size = sizeOf(crowd)
      // `size` is checked first: it avoids most checks whether a network is known.
      if (size <= most) continue
      const counted = this.#isKnown(network) ? size - free : size
      if (counted > most) [largest, most] = [network, counted]
    }
    return largest
  }
}
