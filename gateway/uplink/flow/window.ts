// How many bytes low lanes may have in flight without pacing: the window grows while no Report queues, and shrinks to
// the capacity of the link.

/** Least and most bytes in flight, whatever is measured: two small Reports, and a long fast link. */
export const windowBytesMin = 1280
export const windowBytesMax = 1024 * 1024
/**
 * While nothing queues, the window grows by this share of the receipted bytes: by half at first, later from small to
 * larger.
 */
const startGrowth = 0.5
/**
 * Where a token bucket may hide a queue, the window at first grows by this many bytes per round trip: Receipts show
 * too late that the bucket is empty.
 */
const gentleBytes = 512
const gentleBelowBytes = 6 * 1024
const laterGrowthMin = 0.02
const laterGrowthMax = 0.25

/** The measurement of one Receipt. */
export interface WindowSample {
  nowMs: number
  /** When its newest Report was sent, and its round trip. */
  sentMs: number
  rawMs: number
  /** The round trip without a queue, the time in the queue, and the allowed time in the queue. */
  freeMs: number
  queueMs: number
  allowedMs: number
  /** Bytes of this Receipt, and the bytes in flight before it. */
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

  /** Searches the capacity again, from this many bytes on. */
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
    // The centre's disk and the way back also delay Receipts: the measured rate of the link is never given up for
    // that.
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
    // An unused window shows nothing about the link: it must not grow.
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
