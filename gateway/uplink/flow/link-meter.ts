// Measures the link from what Receipts say arrived: rate, round trip, and from both how much low lanes may have in flight.
import { Jitter, median } from './jitter.ts'
import { Pace } from './pace.ts'
import { Window } from './window.ts'

/** How long Reports of low lanes may queue on the link before the window shrinks; a link that jitters gets more. */
export const queueMsMax = 10
/** On a short way the centre's own work looks like a queue: there this much in all is allowed. */
const shortWayMs = 80
/** Within one building the way holds nothing worth measuring: this many Reports keep the centre busy. */
const shortRoundTripMs = 5
const shortWayReports = 4
/** How long one Report of a low lane takes on the link. */
export const reportDurationMs = 75
/** Smallest and largest Report on the wire, in bytes. */
export const reportWireBytesMin = 512
export const reportWireBytesMax = 16 * 1024
/** The floor of the round trip is measured again after this long, with an empty link: routes change. */
export const roundTripExpiresMs = 60_000
/** Low lanes leave this much faster than the link is known to be, never in a burst longer than that. */
const startPace = 1.5
const laterPace = 1.2
const burstMs = 4
/** A rate that was measured far too low, as after lost Receipts, holds nothing back longer than this. */
export const paceMsMax = 1000
/** On a thin and long link low lanes leave below its rate (`pace.ts`); on others the window alone keeps queues short. */
const pacedBytesPerMsMax = 500
const pacedRoundTripMsMin = 20
/** A queue on a paced link: longer than this, and than what jitter explains. */
const queueSignMs = 25
/** Receipts of a paced link may be so late before its window ends. */
const lateMs = 200
const rateSamplesMax = 9
/** What the link carried lately is the middle of so many samples: about two seconds of a thin link. */
const latelySamplesMax = 24

/** What is remembered of a Report when it leaves, to measure with when its Receipt comes. */
export interface Departure {
  bytes: number
  sentMs: number
  firstSentMs: number
  delivered: number
  deliveredMs: number
  /** Sent when nothing else was under way: its round trip holds no queue of ours. */
  isAlone: boolean
  /** Sent while there was nothing more to send: its rate says less than the link can do. */
  isIdle: boolean
}

export class LinkMeter {
  #delivered = 0
  #deliveredMs = 0
  #firstSentMs = 0
  #inFlightBytes = 0
  #rates: number[] = []
  #bytesPerMs = 0
  /** Samples of the rate, newest last, and what the link carried lately. */
  #lately: number[] = []
  #latelyPerMs = 0
  /** The quickest round trip and the bytes of that Report. */
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

  /** The round trip without a queue and without the Report's own time on the link, ms; 0 while unknown. */
  get roundTripMs(): number {
    if (!this.#quickest) return 0
    return Math.max(this.#quickest.ms - this.#ownMs(this.#quickest.bytes), this.#quickest.ms / 10)
  }

  /** The round trip as it is lately, ms; 0 while unknown. */
  get smoothedMs(): number {
    return this.#smoothedMs
  }

  /** The wire size a Report of a low lane should have. */
  get reportBytes(): number {
    return clamp(this.#linkPerMs * reportDurationMs, reportWireBytesMin, reportWireBytesMax)
  }

  /** How many bytes low lanes may have in flight: what the link holds and a little more, so that it never idles. */
  get windowBytes(): number {
    if (this.#isProbing) return 1
    if (this.#isPaced) return this.#pacedWindowBytes
    const isShortWay = this.#quickest !== undefined && this.roundTripMs < shortRoundTripMs
    return isShortWay ? Math.max(this.#window.bytes, this.reportBytes * shortWayReports) : this.#window.bytes
  }

  /** How long the next Report of a low lane is to wait, so that none stands in a burst of its own lane; 0 for now. */
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

  /** Gone without a Receipt: counted out of the window, nothing learned. */
  forget(departures: readonly Departure[]): void {
    for (const departure of departures) this.#inFlightBytes -= departure.bytes
  }

  /** A new connection, maybe another route: nothing in flight, and half of what was good before to begin with. */
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

  /** Called before each Report: empties the link now and then, so that our own queue is not taken for distance. */
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
    // The median: Receipts that come in bunches make single samples too high or too low.
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

  /** From what the newest Report waited: on a thin and long link the pace, on others the window. */
  #adjust(departures: readonly Departure[], newest: Departure, nowMs: number): void {
    if (!this.#quickest) return
    const [isPaceable, wasPaced] = [this.#isPaceable, this.#isPaced]
    const isPairs = this.#window.isStarting && !isPaceable
    const { bytes: quickestBytes, ms: quickestMs } = this.#quickest
    const rawMs = Math.max(nowMs - newest.sentMs, 0.05)
    const freeMs = quickestMs + this.#ownMs(newest.bytes) - this.#ownMs(quickestBytes)
    // At the start our own pairs look like jitter.
    const jitterMs = wasPaced ? this.#jitter.steadyMs : Math.min(this.#jitter.ms, 50)
    const shortMs = shortWayMs - freeMs
    const bytes = departures.reduce((sum, departure) => sum + departure.bytes, 0)
    const sample = {
      nowMs,
      sentMs: newest.sentMs,
      rawMs,
      freeMs,
      // At first Reports leave in pairs: one of them is no queue yet.
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
    // On a slower link each Report takes longer by itself: what is free of a queue there is measured anew.
    if (before === 'cruise' && this.#pace.phase === 'empty') this.#quickest.atMs = Number.NEGATIVE_INFINITY
    if (this.#isPaced) return
    // The link turned out faster than it was: what fits is found out from here on.
    if (wasPaced) this.#window.restart(sample.usedBytes)
    if (isPaceable) this.#window.growGently(sample)
    else this.#window.adjust(sample)
  }

  /** Thin and long enough that the pace of low lanes is what keeps it free for red. */
  get #isPaceable(): boolean {
    return this.#linkPerMs < pacedBytesPerMsMax && this.roundTripMs >= pacedRoundTripMsMin
  }

  get #isPaced(): boolean {
    return this.#pace.phase !== 'start'
  }

  /** How fast low lanes leave, bytes a millisecond; 0 while nothing is known. */
  get #pacePerMs(): number {
    if (this.#isPaced) return this.#pace.perMs
    if (!this.#window.isStarting) return this.#bytesPerMs * laterPace
    // The rate is the middle of some round trips, and at the start each one carries more.
    const windowPerMs = this.#isPaceable ? this.#window.bytes / this.roundTripMs : 0
    return Math.max(this.#bytesPerMs, windowPerMs) * startPace
  }

  /** What the link carries as far as is known, bytes a millisecond. */
  get #linkPerMs(): number {
    return this.#isPaced ? this.#pace.linkPerMs : this.#bytesPerMs
  }

  get #pacedWindowBytes(): number {
    const { reportBytes } = this
    if (this.#pace.phase === 'empty') return Math.max(1, reportBytes * this.#pace.reportsWanted)
    const heldMs = this.roundTripMs + lateMs + this.#jitter.ms
    return this.#pace.perMs * heldMs + reportBytes * 2
  }

  /** The time these bytes take on the link, as far as its rate is known. */
  #ownMs(bytes: number): number {
    return this.#linkPerMs > 0 ? bytes / this.#linkPerMs : 0
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, Math.floor(value)))
}
