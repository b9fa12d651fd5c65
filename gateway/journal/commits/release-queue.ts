// Tells waiting callers that their entries are kept, a few per turn of the event loop: answering hundreds of devices at
// once would hold up the button that is pressed meanwhile.

/** Callers told in one turn: their devices send again, and a turn lasts as long as what it lets in. Exported for its test. */
export const perTurnMax = 16

/** Callers that are told and still in the list. */
const toldMax = 1024

export class ReleaseQueue<Waiting> {
  readonly #release: (waiting: Waiting) => void
  /** As long as what devices have under way, which the broker bounds. */
  #waiting: Waiting[] = []
  #next = 0
  #isRunning = false

  constructor(release: (waiting: Waiting) => void) {
    this.#release = release
  }

  /** Callers in the list, told ones that are not yet let go of included. */
  get length(): number {
    return this.#waiting.length
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  push(waiting: Waiting): void {
    this.#waiting.push(waiting)
  }

  /** Tells the first of them now and the rest in the turns that follow. */
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
    // Under full load it is never empty: who was told is let go of all the same.
    if (this.#next >= toldMax) this.#letGo()
    this.#isRunning = this.#next < this.#waiting.length
    if (this.#isRunning) {
      setImmediate(() => this.#turn())
      return
    }
    this.#waiting = []
    this.#next = 0
  }
}
