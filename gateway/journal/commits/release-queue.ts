// Answers waiting callers after a commit, a few per turn of the event loop: answering hundreds of devices in one turn
// would delay the next alarm.

/**
 * Callers answered in one turn. Their devices send again at once, so this bounds the work of the next turn. Exported
 * for its test.
 */
export const perTurnMax = 16

/** Answered callers that are still in the list. */
const releasedMax = 1024

export class ReleaseQueue<Waiting> {
  readonly #release: (waiting: Waiting) => void
  /** The length is bounded by the broker's limit on messages in flight. */
  #waiting: Waiting[] = []
  #next = 0
  #isRunning = false

  constructor(release: (waiting: Waiting) => void) {
    this.#release = release
  }

  /** Callers in the list, including answered ones that are not yet removed. */
  get length(): number {
    return this.#waiting.length
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  push(waiting: Waiting): void {
    this.#waiting.push(waiting)
  }

  /** Answers the first callers now and the rest in the next turns. */
  run(): void {
    if (this.#isRunning) return
    this.#turn()
  }

  #letGo(): void {
    this.#waiting = this.#waiting.slice(this.#next)
    this.#next = 0
  }

  #turn(): void {
    const end = Math.min(this.#waiting.length, this.#next + perTurnMax)
    this.#isRunning = true
    while (this.#next < end) this.#release(this.#waiting[this.#next++] as Waiting)
    // Under full load the list is never empty: answered callers are removed all the same.
    if (this.#next >= releasedMax) this.#letGo()
    this.#isRunning = this.#next < this.#waiting.length
    if (this.#isRunning) {
      setImmediate(() => this.#turn())
      return
    }
    this.#waiting = []
    this.#next = 0
  }
}
