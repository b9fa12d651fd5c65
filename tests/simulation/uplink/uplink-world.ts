// A box, a link and a centre in virtual time around the real uplink session; a seed decides load and faults, checkers watch.
import { gunzipSync } from 'node:zlib'
import type { LanePositions, StoredRecord } from '../../../gateway/journal/port.ts'
import type { Link } from '../../../gateway/uplink/link.ts'
import { packReport } from '../../../gateway/uplink/queues/pack.ts'
import { SendOrder } from '../../../gateway/uplink/send-order.ts'
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { createSeededRandom, type Random } from '../../../protocols/kit/random.ts'
import { encodeJson, parseReceipt, parseReport } from '../../../protocols/uplink/codec.ts'
import type { Receipt } from '../../../protocols/uplink/receipt.ts'
import { isPictureChunk } from '../../../protocols/uplink/picture-chunk.ts'
import type { PictureReceipt } from '../../../protocols/uplink/picture-receipt.ts'
import { BrokenPromise } from '../broken-promise.ts'
import { PictureLedger } from '../picture-ledger.ts'
import { type SimulatedCentre, TinyCentre } from './uplink-tiny-centre.ts'

/** IP and TCP headers of each packet, and of a pure acknowledgement. */
const tcpBytes = 52

export interface Faults {
  bytesPerSecond: number
  oneWayMs: number
  /** The burst that an idle link passes at once, like a token bucket. */
  burstBytes: number
  /** A packet that would wait longer before the link is lost, and TCP sends it again. */
  queueMsMax: number
  /** One way, at most this much more; packets keep their order. */
  jitterMs: number
  /** Chances per message or per second, 0 to 1. */
  loseReport: number
  loseReceipt: number
  repeatReceipt: number
  receiptJitterMs: number
  cutPerSecond: number
  boxRestartPerSecond: number
  centreCrashPerSecond: number
  readFails: number
}

export const calm: Faults = {
  bytesPerSecond: 8000,
  oneWayMs: 150,
  burstBytes: 0,
  queueMsMax: Number.POSITIVE_INFINITY,
  jitterMs: 0,
  loseReport: 0,
  loseReceipt: 0,
  repeatReceipt: 0,
  receiptJitterMs: 0,
  cutPerSecond: 0,
  boxRestartPerSecond: 0,
  centreCrashPerSecond: 0,
  readFails: 0,
}

export interface WorldOptions {
  seed: number
  faults: Faults
  epoch?: string
  centre?: (random: Random) => SimulatedCentre
  /** Breaks a working session on purpose, to see a checker detect it. */
  sabotage?: 'settles-when-sent' | 'hears-of-red-late' | 'receipts-pictures-early' | 'starts-pictures-anew'
}

export { BrokenPromise } from '../broken-promise.ts'

export class UplinkWorld {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly centre: SimulatedCentre
  readonly epoch: string
  readonly stored = new Map<Lane, string[]>(lanes.map((lane) => [lane, []]))
  readonly #committedAtMs = new Map<string, number>()
  readonly redDelaysMs: number[] = []
  readonly pictures: PictureLedger
  readonly positions = Object.fromEntries(
    lanes.map((lane) => [lane, { last: 0, receipted: 0 }]),
  ) as LanePositions
  session: SendOrder
  faults: Faults
  wireBytes = 0
  deafs = 0
  readonly #options: WorldOptions
  readonly #byLane: Record<Lane, { sentTo: number }>
  #connection = 0
  #isUp = false
  #connectedMs = 0
  #upFreeMs = 0
  #downFreeMs = 0
  #upLastMs = 0
  #downLastMs = 0
  #queued = 0
  #sequence = 0

  constructor(options: WorldOptions) {
    this.#options = options
    this.faults = options.faults
    this.random = createSeededRandom(options.seed)
    this.epoch = options.epoch ?? 'e0e0e0e0e0e0'
    const answersEarly = options.sabotage === 'receipts-pictures-early'
    this.pictures = new PictureLedger({ random: this.random, clock: this.clock, answersEarly })
    this.centre = options.centre?.(this.random) ?? new TinyCentre()
    this.#byLane = Object.fromEntries(lanes.map((lane) => [lane, { sentTo: 0 }])) as Record<
      Lane,
      { sentTo: number }
    >
    this.session = this.#startBox()
    this.#everySecond()
  }

  commit(lane: Lane, count = 1): void {
    const records: StoredRecord[] = []
    for (let i = 0; i < count; i++) {
      const number = ++this.positions[lane].last
      const body = this.#body(lane, number)
      this.stored.get(lane)?.push(body)
      this.#committedAtMs.set(`${lane}/${number}`, this.clock.monotonicMs())
      records.push({ lane, number, body })
    }
    const isLate = lane === 'red' && this.#options.sabotage === 'hears-of-red-late'
    if (isLate) this.clock.after(5000, () => this.session.commit(records))
    else this.session.commit(records)
  }

  /** The camera took a picture: its record is sent first, its two files follow. */
  takePicture(previewBytes: number, fullBytes: number, lane: Lane = 'red'): void {
    const snapshot = this.pictures.take(previewBytes, fullBytes, `a-${this.positions[lane].last}`)
    this.commit(lane)
    this.session.pictures?.add(snapshot, false)
  }

  connect(): void {
    this.#isUp = true
    const connection = ++this.#connection
    const isCurrent = (): boolean => connection === this.#connection && this.#isUp
    for (const lane of lanes) this.#byLane[lane].sentTo = this.positions[lane].receipted
    const link: Link = {
      queuedBytes: () => this.#queued,
      takesPictures: () => true,
      send: (channel, payload) => {
        const wire = payload.length + 61
        if (isPictureChunk(payload)) {
          this.#sendPicture(payload, wire, isCurrent)
          return wire
        }
        this.#checkOrder(channel as Lane, payload)
        this.#carry('up', wire, isCurrent, () => this.#arrive(payload, isCurrent))
        return wire
      },
    }
    this.session.linkUp(link)
  }

  disconnect(): void {
    if (!this.#isUp) return
    this.#isUp = false
    this.#upFreeMs = 0
    this.#downFreeMs = 0
    this.#upLastMs = 0
    this.#downLastMs = 0
    this.#queued = 0
    this.session.linkDown()
  }

  /** How long a packet sent now would wait before the link. */
  get upQueueMs(): number {
    return Math.max(0, this.#upFreeMs - this.clock.monotonicMs())
  }

  /** Runs on for `ms`, in small steps. */
  run(ms: number): void {
    this.clock.advance(ms)
  }

  /** Every committed record is at the centre, unchanged, and receipted. */
  checkComplete(): void {
    for (const lane of lanes) {
      const bodies = this.stored.get(lane) ?? []
      for (const [index, body] of bodies.entries()) {
        const there = this.centre.body(lane, index + 1)
        if (there === undefined) throw new BrokenPromise(`${lane} ${index + 1} is lost`)
        if (JSON.stringify(JSON.parse(body)) !== there)
          throw new BrokenPromise(`${lane} ${index + 1} is changed`)
      }
      if (this.positions[lane].receipted !== bodies.length) throw new BrokenPromise(`${lane} is not settled`)
    }
  }

  get isDone(): boolean {
    const isSettled = lanes.every((lane) => this.positions[lane].receipted === this.positions[lane].last)
    return isSettled && this.pictures.isDone
  }

  #startBox(): SendOrder {
    const { sabotage } = this.#options
    return new SendOrder({
      epoch: this.epoch,
      positions: structuredClone(this.positions),
      read: (lane, after, limits, done) => {
        const records = (this.stored.get(lane) ?? [])
          .slice(after, after + Math.min(limits.recordsMax, 300))
          .map((body, index): StoredRecord => ({ lane, number: after + index + 1, body }))
        const isFailed = this.random.next() < this.faults.readFails
        this.clock.after(this.random.between(1, 20), () => done(isFailed ? undefined : records))
      },
      settle: (lane, storedTo) => this.#settle(lane, storedTo),
      stepBack: () => undefined,
      pack: packReport,
      clock: this.clock,
      events: {
        sent: (lane, { records }) => {
          if (sabotage === 'settles-when-sent') this.#settle(lane, this.positions[lane].receipted + records)
        },
        receipted: () => undefined,
        steppedBack: (lane) => {
          throw new BrokenPromise(`${lane} stepped back though the centre lost nothing`)
        },
        receiptRefused: (reason) => {
          throw new BrokenPromise(`an honest Receipt was refused: ${reason}`)
        },
        skipped: (lane, { from, to }) => {
          throw new BrokenPromise(`${lane} ${from} to ${to} was given up though the journal has it`)
        },
        pictureSent: () => undefined,
        readFailed: () => undefined,
      },
      againAfterMsMin: 2000,
      deafAfterMs: 15_000,
      pictures: this.pictures.calls(),
      onDeaf: () => {
        this.deafs++
        this.#reconnectSoon()
      },
    })
  }

  #settle(lane: Lane, storedTo: number): void {
    if (storedTo > this.centre.storedTo(lane)) {
      throw new BrokenPromise(
        `${lane} is settled to ${storedTo}, the centre has ${this.centre.storedTo(lane)}`,
      )
    }
    this.positions[lane].receipted = Math.max(this.positions[lane].receipted, storedTo)
  }

  #sendPicture(payload: Uint8Array, wire: number, isCurrent: () => boolean): void {
    this.#checkNoneWaits(lanes, 'a picture')
    const chunk = this.pictures.leave(payload)
    this.#carry('up', wire, isCurrent, () => {
      if (this.random.next() < this.faults.loseReport) return
      this.pictures.arrive(chunk, (receipt) => {
        if (this.random.next() < this.faults.loseReceipt) return
        const delayMs = this.random.next() * this.faults.receiptJitterMs
        this.clock.after(delayMs, () => this.#sendPictureReceipt(receipt, isCurrent))
      })
    })
  }

  #sendPictureReceipt(receipt: PictureReceipt, isCurrent: () => boolean): void {
    this.#carry('down', encodeJson(receipt).length + 60, isCurrent, () => {
      this.pictures.hear(receipt)
      this.session.pictureReceipt(receipt)
    })
  }

  /** No Report is sent while a more urgent lane has an unsent record in memory. */
  #checkOrder(lane: Lane, payload: Uint8Array): void {
    const report = this.#parse(payload)
    const place = this.#byLane[lane]
    place.sentTo = Math.max(place.sentTo, report.first + report.records.length - 1)
    this.#checkNoneWaits(lanes.slice(0, lanes.indexOf(lane)), lane)
  }

  #checkNoneWaits(before: readonly Lane[], what: string): void {
    for (const urgent of before) {
      const { last, receipted } = this.positions[urgent]
      const sentTo = Math.max(this.#byLane[urgent].sentTo, receipted)
      const oldestMs = this.#committedAtMs.get(`${urgent}/${sentTo + 1}`)
      // An old one may still be read from the disk: slightly over a second after a failed read.
      const graceMs = this.faults.readFails > 0 ? Number.POSITIVE_INFINITY : 1100
      const isFromDisk = this.clock.monotonicMs() - this.#connectedMs < graceMs || last - sentTo > 200
      if (sentTo < last && oldestMs !== undefined && !isFromDisk) {
        throw new BrokenPromise(`${what} left before ${urgent} ${sentTo + 1}`)
      }
    }
  }

  #carry(way: 'up' | 'down', bytes: number, isCurrent: () => boolean, arrive: () => void): void {
    const { bytesPerSecond, oneWayMs, burstBytes, queueMsMax, jitterMs } = this.faults
    const nowMs = this.clock.monotonicMs()
    const creditMs = (burstBytes / bytesPerSecond) * 1000
    const beforeMs = way === 'up' ? this.#upFreeMs : this.#downFreeMs
    const freeMs = Math.max(nowMs - creditMs, beforeMs)
    // Packets after a lost one are useless before the lost one has come again.
    const resentMs = beforeMs - nowMs > queueMsMax ? oneWayMs * 2 : 0
    const leftMs = freeMs + ((bytes + tcpBytes) / bytesPerSecond) * 1000
    if (way === 'up') this.wireBytes += bytes + tcpBytes
    if (way === 'up') this.#upFreeMs = leftMs
    else this.#downFreeMs = leftMs
    const dueMs = Math.max(nowMs, leftMs) + resentMs + oneWayMs + this.random.next() * jitterMs
    const arriveMs = Math.max(dueMs, way === 'up' ? this.#upLastMs : this.#downLastMs)
    if (way === 'up') this.#upLastMs = arriveMs
    else this.#downLastMs = arriveMs
    this.clock.after(arriveMs - nowMs, () => {
      if (!isCurrent()) return
      if (way === 'down') this.#carry('up', 0, isCurrent, () => undefined)
      arrive()
    })
  }

  #arrive(payload: Uint8Array, isCurrent: () => boolean): void {
    if (this.random.next() < this.faults.loseReport) return
    const report = this.#parse(payload)
    this.centre.take(this.clock, report, (receipt) => {
      if (report.lane === 'red') this.#noteRed(report.first, report.records.length)
      if (this.random.next() < this.faults.loseReceipt) return
      const copies = this.random.next() < this.faults.repeatReceipt ? 2 : 1
      for (let copy = 0; copy < copies; copy++) {
        const delayMs = this.random.next() * this.faults.receiptJitterMs
        this.clock.after(delayMs, () => this.#sendReceipt(receipt, isCurrent))
      }
    })
  }

  #sendReceipt(receipt: Receipt, isCurrent: () => boolean): void {
    const bytes = encodeJson(receipt)
    this.#carry('down', bytes.length + 140, isCurrent, () => {
      const parsed = parseReceipt(bytes)
      if (!parsed.ok) throw new BrokenPromise('a Receipt does not parse')
      this.session.receipt(parsed.value)
    })
  }

  #noteRed(first: number, count: number): void {
    for (let number = first; number < first + count; number++) {
      const atMs = this.#committedAtMs.get(`red/${number}`)
      if (atMs !== undefined) this.redDelaysMs.push(this.clock.monotonicMs() - atMs)
      this.#committedAtMs.delete(`red/${number}`)
    }
  }

  #everySecond(): void {
    this.clock.after(1000, () => {
      this.#everySecond()
      const { cutPerSecond, boxRestartPerSecond, centreCrashPerSecond } = this.faults
      if (this.random.next() < cutPerSecond) this.#reconnectSoon()
      if (this.random.next() < centreCrashPerSecond) {
        this.centre.crash()
        this.pictures.crash()
        this.#reconnectSoon()
      }
      if (this.random.next() < boxRestartPerSecond) {
        this.session.stop()
        this.session = this.#startBox()
        const isTried = this.#options.sabotage !== 'starts-pictures-anew'
        for (const snapshot of this.pictures.unreached()) this.session.pictures?.add(snapshot, isTried)
        this.#reconnectSoon()
      }
      this.session.tick()
    })
  }

  #reconnectSoon(): void {
    this.disconnect()
    this.clock.after(this.random.between(50, 3000), () => {
      if (this.#isUp) return
      this.#connectedMs = this.clock.monotonicMs()
      this.connect()
    })
  }

  #parse(payload: Uint8Array) {
    const report = parseReport(payload, (bytes, max) => gunzipSync(bytes, { maxOutputLength: max }))
    if (!report.ok) throw new BrokenPromise(`a Report does not parse: ${JSON.stringify(report.problems)}`)
    return report.value
  }

  #body(lane: Lane, number: number): string {
    const sinceBootMs = Math.round(this.clock.monotonicMs())
    return JSON.stringify({
      type: 'event',
      sequence: ++this.#sequence,
      boot: 4,
      sinceBootMs,
      atMs: 1764000000000 + sinceBootMs,
      clock: 'synced',
      device: `${lane}-${this.random.between(1, 120)}`,
      messageId: `${this.random.between(1, 9)}-${number}`,
      readings: {
        contact: this.random.pick(['open', 'closed']),
        batteryPercent: this.random.between(40, 100),
        signalDbm: -this.random.between(45, 95),
      },
    })
  }
}
