// The rate of low lanes on a thin link: slightly below the rate that was measured while a queue existed, so that no
// queue forms.
import { type Queued, QueueSample } from './queue-sample.ts'

/** Low lanes use this share of the link. Below 100 % no queue forms, and a token bucket stays full for red. */
const share = 0.9
/**
 * From time to time low lanes are sent this much faster than the measured rate, until a queue shows the limit again.
 * A queue grows for one round trip before it can be detected, so the step is small where the rate is well known. If
 * no queue forms at this rate, a higher one is tried.
 */
const probeGains = [1.125, 1.25, 1.5] as const
export const probeEveryMsMin = 10_000
export const probeEveryMsMax = 150_000
const probeEveryFactor = 6
/** A token bucket hides a slower link for this many bytes; and each Receipt reports the state of one round trip ago. */
const bucketBytesMax = 6 * 1024
const probeRoundTripsMin = 2
/** Two measurements within this factor count as the same link. */
const sameLink = 0.15
/** If a queue neither grows nor shrinks for this long, the link carries exactly the sent rate. */
const standingMsMax = 2000
const standingShrink = 0.95

/**
 * This many Receipts in a row count as a queue, where the path has jitter of more than some milliseconds and where it
 * has not.
 */
const signs = 2
const signsOnJitter = 4
const jitterMsMin = 10

/** The measurement of one Receipt. */
export interface ReceiptMeasurement extends Queued {
  /** When its newest Report was sent. */
  sentMs: number
  roundTripMs: number
  isJitterKnown: boolean
  /** The recent rate of receipted bytes, bytes per millisecond. */
  carriedPerMs: number
}

/**
 * `start`: the rate is unknown, the window grows until a queue forms. `cruise`: below the rate. `probe`: above it.
 * `empty`: nothing is sent until everything in flight is receipted, and the queue is measured while it drains.
 */
export type PacePhase = 'start' | 'cruise' | 'probe' | 'empty'

export class Pace {
  #phase: PacePhase = 'start'
  /** The rate of the link, bytes per millisecond; 0 while unknown. */
  #linkPerMs = 0
  /** From a whole queue sample, not only from Receipts before a queue was seen. */
  #isLearned = false
  readonly #sample = new QueueSample()
  #probeAtMs = Number.POSITIVE_INFINITY
  #probeEveryMs = probeEveryMsMin
  #probe = { fromMs: 0, bytes: 0, doneMs: Number.POSITIVE_INFINITY }
  #probeSteps = 0
  #emptyUntilMs = 0
  /** The queue existed before the fast sending: the link carries less, however late the Receipts are. */
  #mostPerMs = Number.POSITIVE_INFINITY

  get phase(): PacePhase {
    return this.#phase
  }

  get linkPerMs(): number {
    return this.#linkPerMs
  }

  /** Rate of low lanes, bytes per millisecond; 0 while unknown. */
  get perMs(): number {
    return this.#linkPerMs * (this.#phase === 'probe' ? this.#probeGain : share)
  }

  /** Reports that may be in flight while the queue is measured: as many as the measurement still needs. */
  get reportsWanted(): number {
    return this.#sample.reportsWanted
  }

  /** A new connection, or a link too fast for pacing. */
  restart(): void {
    this.#phase = 'start'
    this.#linkPerMs = 0
    this.#isLearned = false
    this.#sample.end()
    this.#probeEveryMs = probeEveryMsMin
    this.#probeAtMs = Number.POSITIVE_INFINITY
  }

  /** A Report was sent; `isIdle`: nothing waits behind it, so this phase can measure nothing. */
  depart(bytes: number, nowMs: number, isIdle: boolean): void {
    if (this.#phase === 'probe') {
      this.#probe.bytes += bytes
      const { fromMs, doneMs } = this.#probe
      const spareBytes = this.#probe.bytes - this.#linkPerMs * (nowMs - fromMs)
      if (spareBytes >= bucketBytesMax) this.#probe.doneMs = Math.min(doneMs, nowMs)
      // There was not enough to send: nothing was measured.
      else if (nowMs - fromMs > (bucketBytesMax * 2) / (this.#linkPerMs * (this.#probeGain - 1)))
        this.#cruise(nowMs)
    } else if (this.#phase === 'cruise' && !isIdle && nowMs >= this.#probeAtMs) {
      this.#phase = 'probe'
      this.#probeSteps = this.#probeEveryMs > probeEveryMsMin ? 0 : 1
      this.#probe = { fromMs: nowMs, bytes, doneMs: Number.POSITIVE_INFINITY }
    }
  }

  arrive(heard: ReceiptMeasurement): void {
    const { nowMs, queueMs, jitterMs, signMs, roundTripMs } = heard
    // While the link drains the queue ends by itself: the measurement until then counts.
    if (this.#phase !== 'empty' || queueMs >= (signMs + jitterMs) / 2) this.#sample.take(heard)
    const least = jitterMs > jitterMsMin || !heard.isJitterKnown ? signsOnJitter : signs
    const isQueue = this.#sample.reports >= least && queueMs > signMs
    if (this.#phase === 'cruise') this.#watch(heard)
    else if (this.#phase === 'empty') return
    else if (isQueue) {
      this.#mostPerMs = this.#linkPerMs === 0 ? Number.POSITIVE_INFINITY : this.perMs
      if (this.#linkPerMs === 0) this.#linkPerMs = heard.carriedPerMs
      this.#empty(nowMs, roundTripMs)
    } else if (this.#phase === 'probe') {
      const { fromMs, doneMs } = this.#probe
      // No queue, and no token bucket is that large: the link has become faster.
      if (heard.sentMs >= doneMs && nowMs - fromMs > roundTripMs * probeRoundTripsMin) this.#probeOn(nowMs)
    }
  }

  /** Everything in flight is answered, or takes too long. */
  emptied(inFlightBytes: number, nowMs: number): void {
    if (this.#phase !== 'empty' || (inFlightBytes > 0 && nowMs < this.#emptyUntilMs)) return
    const perMs = this.#sample.likelyPerMs
    if (perMs !== undefined) this.#learn(Math.min(perMs, this.#mostPerMs))
    this.#cruise(nowMs)
  }

  get #probeGain(): number {
    return probeGains[Math.min(this.#probeSteps, probeGains.length - 1)] ?? 1
  }

  #probeOn(nowMs: number): void {
    this.#linkPerMs = this.perMs
    this.#probeSteps++
    this.#probe = { fromMs: nowMs, bytes: 0, doneMs: Number.POSITIVE_INFINITY }
  }

  #empty(nowMs: number, roundTripMs: number): void {
    this.#phase = 'empty'
    this.#emptyUntilMs = nowMs + roundTripMs * 3 + standingMsMax
  }

  #cruise(nowMs: number): void {
    this.#phase = 'cruise'
    this.#sample.end()
    this.#probeAtMs = nowMs + this.#probeEveryMs
  }

  /**
   * A queue although the sent rate is below the link's: the link has become slower. If Receipts are only late, their
   * rate does not change.
   */
  #watch({ nowMs, jitterMs, roundTripMs }: ReceiptMeasurement): void {
    const perMs = this.#sample.mostPerMs(jitterMs)
    if (perMs === undefined) return
    if (perMs < this.perMs * standingShrink) this.#linkPerMs = perMs
    else if (this.#sample.durationMs > standingMsMax && perMs < this.perMs / standingShrink)
      this.#linkPerMs *= standingShrink
    else return
    this.#probeEveryMs = probeEveryMsMin
    this.#mostPerMs = Number.POSITIVE_INFINITY
    this.#empty(nowMs, roundTripMs)
  }

  #learn(perMs: number): void {
    const isSame = this.#isLearned && Math.abs(perMs / this.#linkPerMs - 1) < sameLink
    // A new measurement is compared only with a rate that was measured twice.
    const isSure = isSame && this.#probeEveryMs > probeEveryMsMin
    this.#linkPerMs = isSure ? (this.#linkPerMs + perMs) / 2 : perMs
    this.#probeEveryMs = isSame
      ? Math.min(probeEveryMsMax, this.#probeEveryMs * probeEveryFactor)
      : probeEveryMsMin
    this.#isLearned = true
  }
}
