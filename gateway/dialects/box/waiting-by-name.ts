// Reports that wait for their commit, by the device that sent them: one that sends without waiting for its answers takes no
// place of another.

export interface WaitingLimits {
  /** Of all devices. */
  max: number
  /** Of one. */
  perName: number
}

export class WaitingByName {
  readonly #limits: WaitingLimits
  readonly #byName = new Map<string, number>()
  #all = 0

  constructor(limits: WaitingLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#all
  }

  /** False: it gets no answer, and its device sends it again. */
  enter(name: string): boolean {
    const own = this.#byName.get(name) ?? 0
    if (own >= this.#limits.perName || this.#all >= this.#limits.max) return false
    this.#byName.set(name, own + 1)
    this.#all++
    return true
  }

  leave(name: string): void {
    const own = (this.#byName.get(name) ?? 1) - 1
    if (own > 0) this.#byName.set(name, own)
    else this.#byName.delete(name)
    this.#all--
  }
}
