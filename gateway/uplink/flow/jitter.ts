// How much neighbouring round trips differ without a queue of our own: a wait within this difference is not a queue.
// Without it a thin link drains 0.16 to 0.51 of the records a second (docs/decisions/034).

const factor = 2
const msMax = 200
const samplesMax = 15
/** With fewer samples the result is unknown. */
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

  /** The same, but it falls slowly: random delays of Receipts can be similar for a while. */
  get steadyMs(): number {
    return Math.max(this.#ms, this.#steadyMs)
  }

  get isKnown(): boolean {
    return this.#stepsMs.length >= samplesMin
  }

  /** One round trip without the transmission time of the Report itself. */
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
