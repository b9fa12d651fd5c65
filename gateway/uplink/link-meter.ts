// Measures the link from what Receipts say arrived: rate, round trip, and from both how much low lanes may have in flight.

/** How long Reports of low lanes may queue on the link before the window shrinks; a link that jitters gets more. */
export const queueMsMax = 10
/** On a short way the centre's own work looks like a queue: there this much in all is allowed. */
const shortWayMs = 80
/** Within one building the way holds nothing worth measuring: this many Reports keep the centre busy. */
const shortRoundTripMs = 5
const shortWayReports = 4
const jitterFactor = 2
const jitterMsMax = 200
const jitterSamplesMax = 15
/** How long one Report of a low lane takes on the link. */
export const reportDurationMs = 60
/** Smallest and largest Report on the wire, in bytes. */
export const reportWireBytesMin = 512
export const reportWireBytesMax = 16 * 1024
/** Least and most bytes in flight whatever is measured: two small Reports, and a long fast link. */
export const windowBytesMin = 1280
export const windowBytesMax = 1024 * 1024
/** The floor of the round trip is measured again after this long, with an empty link: routes change. */
export const roundTripExpiresMs = 60_000
/** While nothing queues the window grows by this share of what arrives: by half at first, later from little to more. */
const startGrowth = 0.5
const laterGrowthMin = 0.02
const laterGrowthMax = 0.25
/** Low lanes leave this much faster than the link is known to be, never in a burst longer than that. */
const startPace = 1.5
const laterPace = 1.2
const burstMs = 4
/** A rate that was measured far too low, as after lost Receipts, holds nothing back longer than this. */
const paceMsMax = 500
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
  #isStarting = true
  #growth = startGrowth
  #grownMs = 0
  #paceMs = 0
  #windowBytes = windowBytesMin
  #shrunkMs = Number.NEGATIVE_INFINITY
  #steps: number[] = []
  #lastTripMs: number | undefined

  get inFlightBytes(): number {
    return this.#inFlightBytes
  }

  /** Bytes per second, 0 while unknown. */
  get bytesPerSecond(): number {
    return this.#bytesPerMs * 1000
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
    return clamp(this.#bytesPerMs * reportDurationMs, reportWireBytesMin, reportWireBytesMax)
  }

  /** How many bytes low lanes may have in flight: what the link holds and a little more, so that it never idles. */
  get windowBytes(): number {
    if (this.#isProbing) return 1
    const isShortWay = this.#quickest !== undefined && this.roundTripMs < shortRoundTripMs
    return isShortWay ? Math.max(this.#windowBytes, this.reportBytes * shortWayReports) : this.#windowBytes
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
    const pace = this.#bytesPerMs * (this.#isStarting ? startPace : laterPace)
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
    this.#windowBytes = clamp(this.#windowBytes / 2, windowBytesMin, windowBytesMax)
    this.#isStarting = true
    this.#growth = startGrowth
    this.#paceMs = 0
    this.#inFlightBytes = 0
    this.#bytesPerMs /= 2
    this.#rates = []
    this.#lately = []
    this.#latelyPerMs = 0
    this.#quickest = undefined
    this.#smoothedMs = 0
    this.#isProbing = false
    this.#shrunkMs = Number.NEGATIVE_INFINITY
    this.#lastTripMs = undefined
    this.#steps = []
  }

  /** Called before each Report: empties the link now and then, so that our own queue is not taken for distance. */
  probeWhenDue(nowMs: number): void {
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
    const tripMs = rawMs - this.#ownMs(newest.bytes)
    this.#steps.push(Math.abs(tripMs - (this.#lastTripMs ?? tripMs)))
    if (this.#steps.length > jitterSamplesMax) this.#steps.shift()
    this.#lastTripMs = tripMs
    const quickest = this.#quickest
    const isExpired = quickest !== undefined && nowMs - quickest.atMs > roundTripExpiresMs
    if (!quickest || rawMs <= quickest.ms || (isExpired && newest.isAlone)) {
      this.#quickest = { ms: rawMs, bytes: newest.bytes, atMs: nowMs }
    }
  }

  /** Grows the window while nothing queues; shrinks it to what fits, once a round trip, when too much does. */
  #adjust(departures: readonly Departure[], newest: Departure, nowMs: number): void {
    if (!this.#quickest) return
    const rawMs = Math.max(nowMs - newest.sentMs, 0.05)
    const freeMs = this.#quickest.ms + this.#ownMs(newest.bytes) - this.#ownMs(this.#quickest.bytes)
    const leastMs = Math.max(queueMsMax, shortWayMs - freeMs)
    const allowedMs = leastMs + clampMs(median(this.#steps) * jitterFactor)
    // At first Reports leave in pairs: one of them is no queue yet.
    const queueMs = rawMs - freeMs - (this.#isStarting ? this.#ownMs(newest.bytes) : 0)
    if (queueMs <= allowedMs / 2) {
      const arrived = departures.reduce((sum, { bytes }) => sum + bytes, 0)
      // Room that is not used says nothing: it must not grow on.
      const used = this.#inFlightBytes + arrived
      const most = this.#isStarting ? used * 2 : used + this.reportBytes * 1.5
      const grown = Math.min(most, this.#windowBytes + arrived * this.#growth)
      this.#windowBytes = Math.max(this.#windowBytes, grown)
      if (!this.#isStarting && newest.sentMs >= this.#grownMs) {
        this.#growth = Math.min(laterGrowthMax, this.#growth * 1.5)
        this.#grownMs = nowMs
      }
    } else {
      this.#isStarting = false
      this.#growth = laterGrowthMin
      if (queueMs > allowedMs && newest.sentMs >= this.#shrunkMs) {
        this.#windowBytes *= (freeMs + allowedMs) / rawMs
        this.#shrunkMs = nowMs
      }
    }
    // A centre's disk and the way back make Receipts late too: what the link was seen to carry is never given up for it.
    this.#windowBytes = Math.max(this.#windowBytes, this.#latelyPerMs * (freeMs + allowedMs))
    this.#windowBytes = clamp(this.#windowBytes, windowBytesMin, windowBytesMax)
  }

  /** The time these bytes take on the link, as far as its rate is known. */
  #ownMs(bytes: number): number {
    return this.#bytesPerMs > 0 ? bytes / this.#bytesPerMs : 0
  }
}

function clampMs(ms: number): number {
  return Math.max(0, Math.min(jitterMsMax, ms))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, Math.floor(value)))
}
