// How much low lanes may have in flight where nothing paces them: it grows while no Report is seen to queue, and shrinks to what fits.

/** Least and most bytes in flight whatever is measured: two small Reports, and a long fast link. */
export const windowBytesMin = 1280
export const windowBytesMax = 1024 * 1024
/** While nothing queues the window grows by this share of what arrives: by half at first, later from little to more. */
const startGrowth = 0.5
/** Where a token bucket may hide a queue it grows at first by so many bytes a round trip: what comes back shows too late that it is empty. */
const gentleBytes = 512
const gentleBelowBytes = 6 * 1024
const laterGrowthMin = 0.02
const laterGrowthMax = 0.25

/** What one Receipt tells. */
export interface WindowSample {
  nowMs: number
  /** When the newest Report of it left, and how long it took. */
  sentMs: number
  rawMs: number
  /** What it would have taken without a queue, how long it queued, and how long it may. */
  freeMs: number
  queueMs: number
  allowedMs: number
  /** Bytes of this Receipt, and what was in flight before it. */
  bytes: number
  usedBytes: number
  reportBytes: number
  latelyPerMs: number
}

export class Window {
  #bytes = windowBytesMin
  #isStarting = true
  #growth = startGrowth
  #grownMs = 0
  #shrunkMs = Number.NEGATIVE_INFINITY

  get bytes(): number {
    return this.#bytes
  }

  /** Grows fast: nothing has queued yet. */
  get isStarting(): boolean {
    return this.#isStarting
  }

  /** Finds out anew what fits, from so much on. */
  restart(bytes: number): void {
    this.#bytes = bounded(bytes)
    this.#isStarting = true
    this.#growth = startGrowth
    this.#shrunkMs = Number.NEGATIVE_INFINITY
  }

  adjust(sample: WindowSample): void {
    const { nowMs, sentMs, rawMs, freeMs, queueMs, allowedMs, latelyPerMs } = sample
    if (queueMs <= allowedMs / 2) {
      this.grow(sample)
    } else {
      this.#isStarting = false
      this.#growth = laterGrowthMin
      if (queueMs > allowedMs && sentMs >= this.#shrunkMs) {
        this.#bytes *= (freeMs + allowedMs) / rawMs
        this.#shrunkMs = nowMs
      }
    }
    // A centre's disk and the way back make Receipts late too: what the link was seen to carry is never given up for it.
    this.#bytes = bounded(Math.max(this.#bytes, latelyPerMs * (freeMs + allowedMs)))
  }

  /** On a link that may be thin. */
  growGently(sample: WindowSample): void {
    const isGentle = this.#isStarting && this.#bytes < gentleBelowBytes
    this.#growth = isGentle
      ? Math.min(startGrowth, gentleBytes / this.#bytes)
      : Math.max(this.#growth, startGrowth)
    this.grow(sample)
  }

  grow({ nowMs, sentMs, bytes, usedBytes, reportBytes }: WindowSample): void {
    // Room that is not used says nothing: it must not grow on.
    const most = this.#isStarting ? usedBytes * 2 : usedBytes + reportBytes * 1.5
    const grown = Math.min(most, this.#bytes + bytes * this.#growth)
    this.#bytes = bounded(Math.max(this.#bytes, grown))
    if (!this.#isStarting && sentMs >= this.#grownMs) {
      this.#growth = Math.min(laterGrowthMax, this.#growth * 1.5)
      this.#grownMs = nowMs
    }
  }
}

function bounded(bytes: number): number {
  return Math.max(windowBytesMin, Math.min(windowBytesMax, Math.floor(bytes)))
}
