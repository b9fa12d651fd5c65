// How much neighbouring round trips differ although nothing of ours queues: so much of a wait is no queue.

const factor = 2
const msMax = 200
const samplesMax = 15
/** Fewer say nothing yet. */
const samplesMin = 8
const decay = 0.99

export class Jitter {
  readonly #stepsMs: number[] = []
  #lastTripMs: number | undefined
  #ms = 0
  #steadyMs = 0

  get ms(): number {
    return this.#ms
  }

  /** The same, but it goes down only slowly: Receipts that are late at random are alike now and then. */
  get steadyMs(): number {
    return Math.max(this.#ms, this.#steadyMs)
  }

  get isKnown(): boolean {
    return this.#stepsMs.length >= samplesMin
  }

  /** One round trip without the Report's own time on the link. */
  take(tripMs: number): void {
    this.#stepsMs.push(Math.abs(tripMs - (this.#lastTripMs ?? tripMs)))
    if (this.#stepsMs.length > samplesMax) this.#stepsMs.shift()
    this.#lastTripMs = tripMs
    this.#ms = Math.min(msMax, median(this.#stepsMs) * factor)
    if (this.isKnown) this.#steadyMs = Math.max(this.#ms, this.#steadyMs * decay)
  }

  restart(): void {
    this.#stepsMs.length = 0
    this.#lastTripMs = undefined
    this.#ms = 0
    this.#steadyMs = 0
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
