// Measures the link from what Receipts say arrived: rate, round trip, and from both how much low lanes may have in flight.

/** How long bytes of low lanes may stand ahead of a red record, beyond what the link itself holds. */
export const queueAllowanceMs = 100
/** Smallest and largest Report on the wire, in bytes. */
export const reportWireBytesMin = 512
export const reportWireBytesMax = 16 * 1024
/** Least and most bytes in flight whatever is measured. */
export const windowBytesMin = 1024
export const windowBytesMax = 1024 * 1024
/** The floor of the round trip is measured again after this long, with an empty link: routes change. */
export const roundTripExpiresMs = 60_000
const rateSamplesMax = 10

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
  #samples: { rate: number }[] = []
  #bytesPerMs = 0
  #roundTripMs = 0
  #roundTripAtMs = 0
  #smoothedMs = 0
  #isProbing = false

  get inFlightBytes(): number {
    return this.#inFlightBytes
  }

  /** Bytes per second, 0 while unknown. */
  get bytesPerSecond(): number {
    return this.#bytesPerMs * 1000
  }

  /** The round trip without a queue, ms; 0 while unknown. */
  get roundTripMs(): number {
    return this.#roundTripMs
  }

  /** The round trip as it is lately, ms; 0 while unknown. */
  get smoothedMs(): number {
    return this.#smoothedMs
  }

  /** The wire size a Report should have: a tenth of a second of the link. */
  get reportBytes(): number {
    return clamp(this.#bytesPerMs * queueAllowanceMs, reportWireBytesMin, reportWireBytesMax)
  }

  /** How many bytes low lanes may have in flight: what the link holds and a tenth of a second more. */
  get windowBytes(): number {
    if (this.#isProbing) return 1
    const held = this.#bytesPerMs * (this.#roundTripMs + queueAllowanceMs)
    return clamp(held, windowBytesMin, windowBytesMax)
  }

  depart(bytes: number, nowMs: number, isIdle: boolean): Departure {
    const isAlone = this.#inFlightBytes === 0
    if (isAlone) {
      this.#firstSentMs = nowMs
      this.#deliveredMs = nowMs
    }
    this.#inFlightBytes += bytes
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
  }

  /** Gone without a Receipt: counted out of the window, nothing learned. */
  forget(departures: readonly Departure[]): void {
    for (const departure of departures) this.#inFlightBytes -= departure.bytes
  }

  /** A new connection, maybe another route: nothing in flight, half the old rate to begin with. */
  restart(): void {
    this.#inFlightBytes = 0
    this.#bytesPerMs /= 2
    this.#samples = this.#bytesPerMs > 0 ? [{ rate: this.#bytesPerMs }] : []
    this.#roundTripAtMs = Number.NEGATIVE_INFINITY
    this.#smoothedMs = 0
    this.#isProbing = false
  }

  /** Called before each Report: empties the link now and then, so that our own queue is not taken for distance. */
  probeWhenDue(nowMs: number): void {
    const isStale = this.#roundTripMs > 0 && nowMs - this.#roundTripAtMs > roundTripExpiresMs
    if (isStale && Number.isFinite(this.#roundTripAtMs)) this.#isProbing = this.#inFlightBytes > 0
    else this.#isProbing = false
  }

  #measureRate(newest: Departure, nowMs: number): void {
    const sendMs = newest.sentMs - newest.firstSentMs
    const intervalMs = Math.max(sendMs, nowMs - newest.deliveredMs, 0.05)
    const rate = (this.#delivered - newest.delivered) / intervalMs
    if (newest.isIdle && rate <= this.#bytesPerMs) return
    this.#samples.push({ rate })
    if (this.#samples.length > rateSamplesMax) this.#samples.shift()
    this.#bytesPerMs = this.#samples.reduce((most, sample) => Math.max(most, sample.rate), 0)
  }

  #measureRoundTrip(newest: Departure, nowMs: number): void {
    const rawMs = nowMs - newest.sentMs
    this.#smoothedMs = this.#smoothedMs === 0 ? rawMs : this.#smoothedMs * 0.875 + rawMs * 0.125
    // The time that its own bytes took on the link is no distance.
    const ownMs = this.#bytesPerMs > 0 ? newest.bytes / this.#bytesPerMs : 0
    const sampleMs = Math.max(rawMs - ownMs, rawMs / 10, 0.05)
    const isExpired = nowMs - this.#roundTripAtMs > roundTripExpiresMs
    if (this.#roundTripMs === 0 || sampleMs < this.#roundTripMs || (isExpired && newest.isAlone)) {
      this.#roundTripMs = sampleMs
      this.#roundTripAtMs = nowMs
    }
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, Math.floor(value)))
}
