// Passwords are hashed a few at a time, since each takes a tenth of a second of a processor: a crowd that guesses
// passwords can not delay an honest sign-in or take the processors from alarms.

/** Hashes computed at once; libuv has four threads, which file access needs, too. */
export const hashesMax = 2
/** Waiting sign-ins, of all networks and of one; beyond it the one that has waited longest is refused. */
export const waitingMax = 64
export const waitingPerNetworkMax = 8

export interface HashJob<T> {
  network: string
  /** Jobs of one key run one after the other, so that failures are counted before the next guess. */
  key: string
  /** A known browser goes first. */
  isKnown: boolean
  /** A request whose sender has disconnected is not processed. */
  isGone: () => boolean
  work: () => Promise<T>
}

interface Waiting {
  job: HashJob<unknown>
  settle: (run: (() => Promise<unknown>) | 'busy' | 'gone') => void
}

export class HashQueue {
  readonly #waiting: Waiting[] = []
  readonly #networks = new Map<string, number>()
  readonly #keys = new Set<string>()
  #running = 0

  get waiting(): number {
    return this.#waiting.length
  }

  /** The result of the work; `busy` when too many waited, `gone` when the sender had disconnected. */
  async run<T>(job: HashJob<T>): Promise<T | 'busy' | 'gone'> {
    const turn = await new Promise<(() => Promise<unknown>) | 'busy' | 'gone'>((settle) => {
      this.#waiting.push({ job, settle })
      this.#makeRoom(job)
      this.#next()
    })
    if (typeof turn === 'string') return turn
    try {
      return (await turn()) as T
    } finally {
      this.#running--
      this.#keys.delete(job.key)
      const left = (this.#networks.get(job.network) ?? 1) - 1
      if (left > 0) this.#networks.set(job.network, left)
      else this.#networks.delete(job.network)
      this.#next()
    }
  }

  #makeRoom({ network }: HashJob<unknown>): void {
    const ofNetwork = this.#waiting.filter(({ job }) => job.network === network && !job.isKnown)
    const evicted =
      ofNetwork.length > waitingPerNetworkMax
        ? ofNetwork[0]
        : this.#waiting.length > waitingMax
          ? (this.#waiting.find(({ job }) => !job.isKnown) ?? this.#waiting.at(-1))
          : undefined
    if (!evicted) return
    this.#waiting.splice(this.#waiting.indexOf(evicted), 1)
    evicted.settle('busy')
  }

  #next(): void {
    while (this.#running < hashesMax) {
      const next = this.#pick()
      if (!next) return
      this.#waiting.splice(this.#waiting.indexOf(next), 1)
      const { job, settle } = next
      if (job.isGone()) {
        settle('gone')
        continue
      }
      this.#running++
      this.#keys.add(job.key)
      this.#networks.set(job.network, (this.#networks.get(job.network) ?? 0) + 1)
      settle(job.work)
    }
  }

  /**
   * Known browsers first; then networks with the least work in progress; then the newest, because the oldest have
   * probably given up.
   */
  #pick(): Waiting | undefined {
    const ready = this.#waiting.filter(({ job }) => !this.#keys.has(job.key))
    const known = ready.find(({ job }) => job.isKnown)
    if (known) return known
    let best: Waiting | undefined
    let least = Infinity
    for (const one of ready) {
      const atWork = this.#networks.get(one.job.network) ?? 0
      if (atWork <= least) [best, least] = [one, atWork]
    }
    return best
  }
}
