// A stretch of Receipts in which a queue stood before the link: only then does what came back tell what the link carries.

/** Fewer Reports, or a shorter time, say nothing: a token bucket lets short trains pass at any speed. */
const reportsMin = 5
const durationMsMin = 200

export interface Queued {
  nowMs: number
  /** Bytes that have come back, counted from the start of the program. */
  deliveredBytes: number
  /** Reports of this Receipt. */
  reports: number
  queueMs: number
  /** So long a queue is none: the way itself differs by so much. */
  jitterMs: number
  /** From here on a queue is one. */
  signMs: number
}

export class Stretch {
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

  /** Bytes a millisecond, undefined while too little was seen. */
  get perMs(): number | undefined {
    const isEnough = this.#reports >= reportsMin && this.durationMs >= durationMsMin
    return isEnough ? (this.#toBytes - this.#fromBytes) / this.durationMs : undefined
  }

  /** As its last Receipt may have been late by `jitterMs`, or not. */
  get likelyPerMs(): number | undefined {
    const { perMs, durationMs } = this
    return perMs === undefined ? undefined : (perMs * durationMs) / (durationMs + this.#jitterMs / 2)
  }

  /** The most it can have been, as the ends of the stretch are only known to `jitterMs`. */
  mostPerMs(jitterMs: number): number | undefined {
    const sureMs = this.durationMs - jitterMs
    return this.perMs === undefined || sureMs < jitterMs ? undefined : (this.perMs * this.durationMs) / sureMs
  }

  take({ nowMs, deliveredBytes, reports, queueMs, jitterMs, signMs }: Queued): void {
    if (!this.#isOpen) {
      // What the first one brings was carried before.
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
