// How fast low lanes leave on a thin link: a little slower than it was seen to carry while a queue stood before it, so that none stands.
import { type Queued, Stretch } from './stretch.ts'

/** Low lanes take this share of the link. With less than all of it no queue stands, and a token bucket stays full for red. */
const share = 0.9
/**
 * Now and then they leave this much faster than the link was seen to carry, until a queue shows that it still is so. The
 * queue grows for a round trip before anybody notices: so it begins with little where the rate is known well. A link on
 * which no queue comes carries that much, and is tried with more.
 */
const probeGains = [1.125, 1.25, 1.5] as const
export const probeEveryMsMin = 10_000
export const probeEveryMsMax = 150_000
const probeEveryFactor = 6
/** A token bucket hides a slower link for so many bytes; and what comes back is a round trip old. */
const bucketBytesMax = 6 * 1024
const probeRoundTripsMin = 2
/** So far apart two measurements may be and still mean the same link. */
const sameLink = 0.15
/** A queue that neither grows nor goes for so long: the link carries just what we send. */
const standingMsMax = 2000
const standingShrink = 0.95

/** So many Receipts in a row make a queue, where the way differs by more than some milliseconds and where not. */
const signs = 2
const signsOnJitter = 4
const jitterMsMin = 10

/** What one Receipt tells. */
export interface Heard extends Queued {
  /** When the newest Report of it left. */
  sentMs: number
  roundTripMs: number
  isJitterKnown: boolean
  /** What came back lately, in bytes a millisecond. */
  carriedPerMs: number
}

/**
 * `start`: the rate is not known, the window grows until a queue stands. `cruise`: below the rate. `probe`: above it.
 * `empty`: nothing leaves until what was sent has come back, and the queue is measured while it goes.
 */
export type PacePhase = 'start' | 'cruise' | 'probe' | 'empty'

export class Pace {
  #phase: PacePhase = 'start'
  /** What the link carries, bytes a millisecond; 0 while unknown. */
  #linkPerMs = 0
  /** From a whole stretch, not only from what came back before a queue was seen. */
  #isLearned = false
  readonly #stretch = new Stretch()
  #probeAtMs = Number.POSITIVE_INFINITY
  #probeEveryMs = probeEveryMsMin
  #probe = { fromMs: 0, bytes: 0, doneMs: Number.POSITIVE_INFINITY }
  #probeSteps = 0
  #emptyUntilMs = 0
  /** The queue stood before what was sent so fast: the link carries less, whatever late Receipts say. */
  #mostPerMs = Number.POSITIVE_INFINITY

  get phase(): PacePhase {
    return this.#phase
  }

  get linkPerMs(): number {
    return this.#linkPerMs
  }

  /** Bytes a millisecond of low lanes; 0 while unknown. */
  get perMs(): number {
    return this.#linkPerMs * (this.#phase === 'probe' ? this.#probeGain : share)
  }

  /** Reports that may be under way while the queue is measured: as many as are still needed to measure it. */
  get reportsWanted(): number {
    return this.#stretch.reportsWanted
  }

  /** A new connection, or a link too fast to be paced. */
  restart(): void {
    this.#phase = 'start'
    this.#linkPerMs = 0
    this.#isLearned = false
    this.#stretch.end()
    this.#probeEveryMs = probeEveryMsMin
    this.#probeAtMs = Number.POSITIVE_INFINITY
  }

  /** A Report leaves; `isIdle`: nothing waits behind it, so nothing can be learned now. */
  depart(bytes: number, nowMs: number, isIdle: boolean): void {
    if (this.#phase === 'probe') {
      this.#probe.bytes += bytes
      const { fromMs, doneMs } = this.#probe
      const spareBytes = this.#probe.bytes - this.#linkPerMs * (nowMs - fromMs)
      if (spareBytes >= bucketBytesMax) this.#probe.doneMs = Math.min(doneMs, nowMs)
      // There was not enough to send: nothing was learned.
      else if (nowMs - fromMs > (bucketBytesMax * 2) / (this.#linkPerMs * (this.#probeGain - 1)))
        this.#cruise(nowMs)
    } else if (this.#phase === 'cruise' && !isIdle && nowMs >= this.#probeAtMs) {
      this.#phase = 'probe'
      this.#probeSteps = this.#probeEveryMs > probeEveryMsMin ? 0 : 1
      this.#probe = { fromMs: nowMs, bytes, doneMs: Number.POSITIVE_INFINITY }
    }
  }

  arrive(heard: Heard): void {
    const { nowMs, queueMs, jitterMs, signMs, roundTripMs } = heard
    // While it empties the queue ends by itself: what was measured until then counts.
    if (this.#phase !== 'empty' || queueMs >= (signMs + jitterMs) / 2) this.#stretch.take(heard)
    const least = jitterMs > jitterMsMin || !heard.isJitterKnown ? signsOnJitter : signs
    const isQueue = this.#stretch.reports >= least && queueMs > signMs
    if (this.#phase === 'cruise') this.#watch(heard)
    else if (this.#phase === 'empty') return
    else if (isQueue) {
      this.#mostPerMs = this.#linkPerMs === 0 ? Number.POSITIVE_INFINITY : this.perMs
      if (this.#linkPerMs === 0) this.#linkPerMs = heard.carriedPerMs
      this.#empty(nowMs, roundTripMs)
    } else if (this.#phase === 'probe') {
      const { fromMs, doneMs } = this.#probe
      // No queue, and no bucket so large: the link has become faster.
      if (heard.sentMs >= doneMs && nowMs - fromMs > roundTripMs * probeRoundTripsMin) this.#probeOn(nowMs)
    }
  }

  /** What was under way has come back, or takes too long. */
  emptied(inFlightBytes: number, nowMs: number): void {
    if (this.#phase !== 'empty' || (inFlightBytes > 0 && nowMs < this.#emptyUntilMs)) return
    const perMs = this.#stretch.likelyPerMs
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
    this.#stretch.end()
    this.#probeAtMs = nowMs + this.#probeEveryMs
  }

  /** A queue although we keep below the rate: the link has become slower. Receipts that are only late come as fast as ever. */
  #watch({ nowMs, jitterMs, roundTripMs }: Heard): void {
    const perMs = this.#stretch.mostPerMs(jitterMs)
    if (perMs === undefined) return
    if (perMs < this.perMs * standingShrink) this.#linkPerMs = perMs
    else if (this.#stretch.durationMs > standingMsMax && perMs < this.perMs / standingShrink)
      this.#linkPerMs *= standingShrink
    else return
    this.#probeEveryMs = probeEveryMsMin
    this.#mostPerMs = Number.POSITIVE_INFINITY
    this.#empty(nowMs, roundTripMs)
  }

  #learn(perMs: number): void {
    const isSame = this.#isLearned && Math.abs(perMs / this.#linkPerMs - 1) < sameLink
    // Only what was measured the same twice is held against what is measured next.
    const isSure = isSame && this.#probeEveryMs > probeEveryMsMin
    this.#linkPerMs = isSure ? (this.#linkPerMs + perMs) / 2 : perMs
    this.#probeEveryMs = isSame
      ? Math.min(probeEveryMsMax, this.#probeEveryMs * probeEveryFactor)
      : probeEveryMsMin
    this.#isLearned = true
  }
}
