// The turns of password checks: a few run at once, the rest waits. Addresses are served in turn, those that have signed in
// before first, so that a crowd that guesses does not keep a device waiting that comes back.

export interface CheckQueueLimits {
  /** Checks that run at once. */
  passwordChecks: number
  /** Checks that wait; beyond it the address that has most of them loses its newest. */
  passwordChecksWaiting: number
}

type Settle = (hasTurn: boolean) => void

export class CheckQueue {
  readonly #limits: CheckQueueLimits
  /** In the order in which the networks are served. */
  readonly #waiting = new Map<string, Settle[]>()
  readonly #isKnown: (network: string) => boolean
  #size = 0
  #running = 0

  constructor(limits: CheckQueueLimits, isKnown: (network: string) => boolean) {
    this.#limits = limits
    this.#isKnown = isKnown
  }

  /** What `work` answers, or `busy` when too many wait. */
  async run<T>(network: string, work: () => Promise<T>): Promise<T | 'busy'> {
    if (this.#running < this.#limits.passwordChecks) this.#running++
    // The check that ends hands its place on.
    else if (!(await this.#turn(network))) return 'busy'
    try {
      return await work()
    } finally {
      const next = this.#next()
      if (next) next(true)
      else this.#running--
    }
  }

  #turn(network: string): Promise<boolean> {
    return new Promise((settle) => {
      const queue = this.#waiting.get(network) ?? []
      queue.push(settle)
      this.#waiting.set(network, queue)
      this.#size++
      if (this.#size > this.#limits.passwordChecksWaiting) this.#take(this.#largest(), 'newest')?.(false)
    })
  }

  #largest(): string {
    let largest = ''
    for (const [network, queue] of this.#waiting)
      if (queue.length > (this.#waiting.get(largest)?.length ?? 0)) largest = network
    return largest
  }

  #next(): Settle | undefined {
    let next: string | undefined
    for (const network of this.#waiting.keys()) {
      next ??= network
      if (!this.#isKnown(network)) continue
      next = network
      break
    }
    return next === undefined ? undefined : this.#take(next, 'oldest')
  }

  /** Takes one out; the network goes to the end. */
  #take(network: string, which: 'oldest' | 'newest'): Settle | undefined {
    const queue = this.#waiting.get(network)
    const settle = which === 'oldest' ? queue?.shift() : queue?.pop()
    if (!queue || !settle) return undefined
    this.#size--
    if (which === 'oldest') this.#waiting.delete(network)
    if (queue.length > 0) this.#waiting.set(network, queue)
    else this.#waiting.delete(network)
    return settle
  }
}
