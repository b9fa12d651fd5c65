// Measures the link from the Receipts: rate and round trip, and from both how many bytes low lanes may have in
// flight. With a fixed window of 64 KiB a red record waits 7 s on a thin link instead of 0.2 (docs/decisions/034).
import { Jitter, median } from './jitter.ts'
import { Pace } from './pace.ts'
import { Window } from './window.ts'

/** How long Reports of low lanes may queue on the link before the window shrinks; a link with jitter gets more. */
export const queueMsMax = 10
/** On a short path the centre's processing time looks like a queue: there this much in total is allowed. */
const shortWayMs = 80
/** Within one building the path is too short to measure: this many Reports keep the centre busy. */
const shortRoundTripMs = 5
const shortWayReports = 4
/** Target transmission time of one Report of a low lane. */
export const reportDurationMs = 75
/** Smallest and largest Report on the wire, in bytes. */
export const reportWireBytesMin = 512
export const reportWireBytesMax = 16 * 1024
/** The smallest round trip is measured again after this long, with an empty link: routes change. */
export const roundTripExpiresMs = 60_000
/** Low lanes are sent this much faster than the known rate of the link, never in a burst longer than that. */
const startPace = 1.5
const laterPace = 1.2
const burstMs = 4
/** If the rate was measured far too low, for example after lost Receipts, it delays a Report at most this long. */
export const paceMsMax = 1000
/**
 * On a thin and long link low lanes are sent below its rate (`pace.ts`); on other links the window alone keeps queues
 * short.
 */
const pacedBytesPerMsMax = 500
const pacedRoundTripMsMin = 20
/** On a paced link a wait longer than this, and longer than the jitter explains, is a queue. */
const queueSignMs = 25
/** On a paced link Receipts may be this late before the window limits sending. */
const lateMs = 200
const rateSamplesMax = 9
/** The recent rate is the median of this many samples: about two seconds of a thin link. */
const latelySamplesMax = 24

/** Stored when a Report is sent, for the measurement when its Receipt comes. */
export interface Departure {
  bytes: number
  sentMs: number
  firstSentMs: number
  delivered: number
  deliveredMs: number
  /** Sent when nothing else was in flight: its round trip contains no queue of our own. */
  isAlone: boolean
  /** Sent while nothing more was waiting: its rate can be lower than the link's. */
  isIdle: boolean
}

export class LinkMeter {
  #delivered = 0
  #deliveredMs = 0
  #firstSentMs = 0
  #inFlightBytes = 0
  #rates: number[] = []
  #bytesPerMs = 0
  /** Samples of the rate, newest last, and the recent rate. */
  #lately: number[] = []
  #latelyPerMs = 0
  /** The shortest round trip and the bytes of that Report. */
  #quickest: { ms: number; bytes: number; atMs: number } | undefined
  #smoothedMs = 0
  #isProbing = false
  #paceMs = 0
  readonly #window = new Window()
  readonly #jitter = new Jitter()
  readonly #pace = new Pace()

  get inFlightBytes(): number {
    return this.#inFlightBytes
  }

  /** Bytes per second, 0 while unknown. */
  get bytesPerSecond(): number {
    return this.#linkPerMs * 1000
  }

  /** The round trip without a queue and without the transmission time of the Report, ms; 0 while unknown. */
  get roundTripMs(): number {
    if (!this.#quickest) return 0
    return Math.max(this.#quickest.ms - this.#ownMs(this.#quickest.bytes), this.#quickest.ms / 10)
  }

  /** The recent round trip, ms; 0 while unknown. */
  get smoothedMs(): number {
    return this.#smoothedMs
  }

  /** The target wire size of a Report of a low lane. */
  get reportBytes(): number {
    return clamp(this.#linkPerMs * reportDurationMs, reportWireBytesMin, reportWireBytesMax)
  }

  /**
   * How many bytes low lanes may have in flight: the capacity of the link and a little more, so that it is never
   * idle.
   */
  get windowBytes(): number {
    if (this.#isProbing) return 1
    if (this.#isPaced) return this.#pacedWindowBytes
    const isShortWay = this.#quickest !== undefined && this.roundTripMs < shortRoundTripMs
    return isShortWay ? Math.max(this.#window.bytes, this.reportBytes * shortWayReports) : this.#window.bytes
  }

  /** How long the next Report of a low lane must wait, so that its own lane forms no burst; 0 for now. */
  paceDelayMs(nowMs: number): number {
    return this.#isProbing ? 0 : Math.max(0, this.#paceMs - burstMs - nowMs)
  }

  depart(bytes: number, nowMs: number, isIdle: boolean): Departure {
    const isAlone = this.#inFlightBytes === 0
    if (isAlone) {
      this.#firstSentMs = nowMs
      this.#deliveredMs = nowMs
    }
    this.#inFlightBytes += bytes
    if (this.#isPaceable) this.#pace.depart(bytes, nowMs, isIdle)
    const pace = this.#pacePerMs
    const dueMs = Math.max(this.#paceMs, nowMs) + (pace > 0 ? bytes / pace : 0)
    this.#paceMs = Math.min(dueMs, nowMs + paceMsMax)
    return {
      bytes,
      sentMs: nowMs,
      firstSentMs: this.#firstSentMs,
      delivered: this.#delivered,
      deliveredMs: this.#deliveredMs,
      isAlone,
      isIdle,
    }
  }

  /** These Reports were receipted together. */
  arrive(departures: readonly Departure[], nowMs: number): void {
    if (departures.length === 0) return
    let newest: Departure | undefined
    for (const departure of departures) {
      this.#inFlightBytes -= departure.bytes
      this.#delivered += departure.bytes
      if (!newest || departure.sentMs >= newest.sentMs) newest = departure
    }
    this.#deliveredMs = nowMs
    if (!newest) return
    this.#firstSentMs = newest.sentMs
    this.#measureRate(newest, nowMs)
    this.#measureRoundTrip(newest, nowMs)
    if (!newest.isIdle) this.#adjust(departures, newest, nowMs)
  }

  /** Lost without a Receipt: removed from the window, not measured. */
  forget(departures: readonly Departure[]): void {
    for (const departure of departures) this.#inFlightBytes -= departure.bytes
  }

  /** A new connection, perhaps another route: nothing is in flight, and the window starts at half of its last value. */
  restart(): void {
    this.#window.restart(this.#window.bytes / 2)
    this.#pace.restart()
    this.#paceMs = 0
    this.#inFlightBytes = 0
    this.#bytesPerMs /= 2
    this.#rates = []
    this.#lately = []
    this.#latelyPerMs = 0
    this.#quickest = undefined
    this.#smoothedMs = 0
    this.#isProbing = false
    this.#jitter.restart()
  }

  /**
   * Called before each Report: lets the link become empty from time to time, so that our own queue is not measured as
   * distance.
   */
  probeWhenDue(nowMs: number): void {
    this.#pace.emptied(this.#inFlightBytes, nowMs)
    const isStale = this.#quickest !== undefined && nowMs - this.#quickest.atMs > roundTripExpiresMs
    this.#isProbing = isStale && this.#inFlightBytes > 0
  }

  #measureRate(newest: Departure, nowMs: number): void {
    const sendMs = newest.sentMs - newest.firstSentMs
    const intervalMs = Math.max(sendMs, nowMs - newest.deliveredMs, 0.05)
    const rate = (this.#delivered - newest.delivered) / intervalMs
    if (newest.isIdle && rate <= this.#bytesPerMs) return
    this.#rates.push(rate)
    if (this.#rates.length > rateSamplesMax) this.#rates.shift()
    // The median: Receipts that arrive in groups make single samples too high or too low.
    this.#bytesPerMs = median(this.#rates)
    this.#lately.push(rate)
    if (this.#lately.length > latelySamplesMax) this.#lately.shift()
    this.#latelyPerMs = median(this.#lately)
  }

  #measureRoundTrip(newest: Departure, nowMs: number): void {
    const rawMs = Math.max(nowMs - newest.sentMs, 0.05)
    this.#smoothedMs = this.#smoothedMs === 0 ? rawMs : this.#smoothedMs * 0.875 + rawMs * 0.125
    this.#jitter.take(rawMs - this.#ownMs(newest.bytes))
    const quickest = this.#quickest
    const isExpired = quickest !== undefined && nowMs - quickest.atMs > roundTripExpiresMs
    if (!quickest || rawMs <= quickest.ms || (isExpired && newest.isAlone)) {
      this.#quickest = { ms: rawMs, bytes: newest.bytes, atMs: nowMs }
    }
  }

  /** From the wait of the newest Report: sets the pace on a thin and long link, the window on others. */
  #adjust(departures: readonly Departure[], newest: Departure, nowMs: number): void {
    if (!this.#quickest) return
    const [isPaceable, wasPaced] = [this.#isPaceable, this.#isPaced]
    const isPairs = this.#window.isStarting && !isPaceable
    const { bytes: quickestBytes, ms: quickestMs } = this.#quickest
    const rawMs = Math.max(nowMs - newest.sentMs, 0.05)
    const freeMs = quickestMs + this.#ownMs(newest.bytes) - this.#ownMs(quickestBytes)
    // At the start our own pairs of Reports look like jitter.
    const jitterMs = wasPaced ? this.#jitter.steadyMs : Math.min(this.#jitter.ms, 50)
    const shortMs = shortWayMs - freeMs
    const bytes = departures.reduce((sum, departure) => sum + departure.bytes, 0)
    const sample = {
      nowMs,
      sentMs: newest.sentMs,
      rawMs,
      freeMs,
      // At first Reports are sent in pairs: the second one of a pair is not a queue.
      queueMs: rawMs - freeMs - (isPairs ? this.#ownMs(newest.bytes) : 0),
      allowedMs: Math.max(queueMsMax, shortMs) + this.#jitter.ms,
      jitterMs,
      isJitterKnown: this.#jitter.isKnown,
      signMs: Math.max(queueSignMs, shortMs) + jitterMs,
      bytes,
      deliveredBytes: this.#delivered,
      reports: departures.length,
      usedBytes: this.#inFlightBytes + bytes,
      reportBytes: this.reportBytes,
      roundTripMs: freeMs,
      carriedPerMs: this.#bytesPerMs,
      latelyPerMs: this.#latelyPerMs,
    }
    const before = this.#pace.phase
    if (isPaceable) this.#pace.arrive(sample)
    else if (wasPaced) this.#pace.restart()
    // On a slower link each Report takes longer by itself: the round trip without a queue is measured again.
    if (before === 'cruise' && this.#pace.phase === 'empty') this.#quickest.atMs = Number.NEGATIVE_INFINITY
    if (this.#isPaced) return
    // The link is faster than measured: the window is searched again from here.
    if (wasPaced) this.#window.restart(sample.usedBytes)
    if (isPaceable) this.#window.growGently(sample)
    else this.#window.adjust(sample)
  }

  /** True for a link so thin and long that pacing low lanes keeps it free for red. */
  get #isPaceable(): boolean {
    return this.#linkPerMs < pacedBytesPerMsMax && this.roundTripMs >= pacedRoundTripMsMin
  }

  get #isPaced(): boolean {
    return this.#pace.phase !== 'start'
  }

  /** The rate at which low lanes are sent, bytes per millisecond; 0 while unknown. */
  get #pacePerMs(): number {
    if (this.#isPaced) return this.#pace.perMs
    if (!this.#window.isStarting) return this.#bytesPerMs * laterPace
    // The rate is the median of several round trips, and at the start each one carries more than the one before.
    const windowPerMs = this.#isPaceable ? this.#window.bytes / this.roundTripMs : 0
    return Math.max(this.#bytesPerMs, windowPerMs) * startPace
  }

  /** The rate of the link as far as known, bytes per millisecond. */
  get #linkPerMs(): number {
    return this.#isPaced ? this.#pace.linkPerMs : this.#bytesPerMs
  }

  get #pacedWindowBytes(): number {
    const { reportBytes } = this
    if (this.#pace.phase === 'empty') return Math.max(1, reportBytes * this.#pace.reportsWanted)
    const heldMs = this.roundTripMs + lateMs + this.#jitter.ms
    return this.#pace.perMs * heldMs + reportBytes * 2
  }

  /** The transmission time of these bytes at the known rate of the link. */
  #ownMs(bytes: number): number {
    return this.#linkPerMs > 0 ? bytes / this.#linkPerMs : 0
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, Math.floor(value)))
}
