// A sample of Receipts during which a queue existed before the link: only then the rate of the Receipts is the rate of
// the link.

/** With fewer Reports, or in a shorter time, there is no result: a token bucket passes short bursts at any speed. */
const reportsMin = 5
const durationMsMin = 200

export interface Queued {
  nowMs: number
  /** Receipted bytes, counted from the start of the program. */
  deliveredBytes: number
  /** Reports of this Receipt. */
  reports: number
  queueMs: number
  /** A wait up to this long is not a queue: the path itself varies this much. */
  jitterMs: number
  /** A longer wait than this is a queue. */
  signMs: number
}

export class QueueSample {
  #isOpen = false
  #fromMs = 0
  #toMs = 0
  #fromBytes = 0
  #toBytes = 0
  #reports = 0
  #jitterMs = 0

  get reports(): number {
    return this.#isOpen ? this.#reports : 0
  }

  get durationMs(): number {
    return this.#isOpen ? this.#toMs - this.#fromMs : 0
  }

  get reportsWanted(): number {
    return Math.max(0, reportsMin - this.reports)
  }

  /** Bytes per millisecond; undefined while there are too few samples. */
  get perMs(): number | undefined {
    const isEnough = this.#reports >= reportsMin && this.durationMs >= durationMsMin
    return isEnough ? (this.#toBytes - this.#fromBytes) / this.durationMs : undefined
  }

  /** As if its last Receipt had been late by `jitterMs`, or not. */
  get likelyPerMs(): number | undefined {
    const { perMs, durationMs } = this
    return perMs === undefined ? undefined : (perMs * durationMs) / (durationMs + this.#jitterMs / 2)
  }

  /** The highest possible rate: the ends of the sample are known only to within `jitterMs`. */
  mostPerMs(jitterMs: number): number | undefined {
    const sureMs = this.durationMs - jitterMs
    return this.perMs === undefined || sureMs < jitterMs ? undefined : (this.perMs * this.durationMs) / sureMs
  }

  take({ nowMs, deliveredBytes, reports, queueMs, jitterMs, signMs }: Queued): void {
    if (!this.#isOpen) {
      // The bytes of the first Receipt were carried before the sample.
      if (queueMs > signMs) this.#open(nowMs, deliveredBytes)
      return
    }
    if (queueMs < (signMs + jitterMs) / 2) return this.end()
    this.#toMs = nowMs
    this.#jitterMs = jitterMs
    this.#toBytes = deliveredBytes
    this.#reports += reports
  }

  end(): void {
    this.#isOpen = false
    this.#reports = 0
  }

  #open(nowMs: number, deliveredBytes: number): void {
    this.#isOpen = true
    this.#fromMs = nowMs
    this.#toMs = nowMs
    this.#fromBytes = deliveredBytes
    this.#toBytes = deliveredBytes
    this.#reports = 1
  }
}
