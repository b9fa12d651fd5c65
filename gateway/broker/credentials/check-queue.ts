// The order of password checks: a few run at once, the rest waits. Addresses take turns, those with an earlier sign-in
// first, so that a crowd that guesses passwords does not delay a device that reconnects.

export interface CheckQueueLimits {
  /** Checks that run at once. */
  passwordChecks: number
  /** Waiting checks; beyond it the address with the most waiting checks loses its newest. */
  passwordChecksWaiting: number
}

type Settle = (hasTurn: boolean) => void

export class CheckQueue {
  readonly #limits: CheckQueueLimits
  /** In the order in which the networks get their turn. */
  readonly #waiting = new Map<string, Settle[]>()
  readonly #isKnown: (network: string) => boolean
  #size = 0
  #running = 0

  constructor(limits: CheckQueueLimits, isKnown: (network: string) => boolean) {
    this.#limits = limits
    this.#isKnown = isKnown
  }

  /** The result of `work`, or `busy` when too many wait. */
  async run<T>(network: string, work: () => Promise<T>): Promise<T | 'busy'> {
    if (this.#running < this.#limits.passwordChecks) this.#running++
    // A check that ends hands its place to the next one.
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

  /** Removes one; its network moves to the end. */
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
