// Places of connections that have signed in, by the account, device or link that holds them. Pure counting: it decides which
// one must make room, and the caller closes it.

export interface AdmittedLimits {
  /** Signed-in connections. */
  admitted: number
  /** Of them, those of one holder; with one more its oldest is closed. Absent: no limit of its own. */
  admittedPerHolder?: number
}

/** `full`: it gets no place. Otherwise it has one, and `evicted` has lost its own for it. */
export type AdmittedEntry<T> = 'full' | { evicted: T | undefined }

/**
 * When all places are taken, the oldest connection of the largest holder is closed: an account that takes every place it can
 * displaces itself, and any other still gets in. A connection without a holder is counted, and is never closed for another.
 */
export class AdmittedPlaces<T> {
  readonly #limits: AdmittedLimits
  readonly #holderOf = new Map<T, string | undefined>()
  /** In order of arrival. */
  readonly #held = new Map<string, Set<T>>()

  constructor(limits: AdmittedLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#holderOf.size
  }

  isFullFor(holder: string | undefined): boolean {
    return this.size >= this.#limits.admitted && this.#nextToLeave(holder) === undefined
  }

  enter(one: T, holder: string | undefined): AdmittedEntry<T> {
    if (this.isFullFor(holder)) return 'full'
    const evicted = this.#nextToLeave(holder)
    if (evicted !== undefined) this.leave(evicted)
    this.#holderOf.set(one, holder)
    if (holder !== undefined) this.#held.set(holder, (this.#held.get(holder) ?? new Set<T>()).add(one))
    return { evicted }
  }

  /** False when it had no place. */
  leave(one: T): boolean {
    if (!this.#holderOf.has(one)) return false
    const holder = this.#holderOf.get(one) ?? ''
    this.#holderOf.delete(one)
    const held = this.#held.get(holder)
    held?.delete(one)
    if (held?.size === 0) this.#held.delete(holder)
    return true
  }

  /** Undefined when there is room, or no one has to make it. */
  #nextToLeave(holder: string | undefined): T | undefined {
    const { admitted, admittedPerHolder = Infinity } = this.#limits
    const own = holder === undefined ? undefined : this.#held.get(holder)
    if ((own?.size ?? 0) >= admittedPerHolder) return own?.values().next().value
    return this.size >= admitted ? this.#crowdBeside(own)?.values().next().value : undefined
  }

  /** The largest, when it has at least two more; else the newcomer's own: equals do not displace each other in turn. */
  #crowdBeside(own: Set<T> | undefined): Set<T> | undefined {
    let largest: Set<T> | undefined
    for (const held of this.#held.values()) if (held.size > (largest?.size ?? 0)) largest = held
    return largest && largest.size >= (own?.size ?? 0) + 2 ? largest : own
  }
}
