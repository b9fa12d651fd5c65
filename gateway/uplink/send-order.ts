// Decides which records are sent to the centre next, red first, and which records a Receipt settles. No I/O of its own.
import { lanes, type Lane } from '../../protocols/domain/colour.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { denseForm } from '../../protocols/uplink/dense-report.ts'
import { chunkHeaderBytes } from '../../protocols/uplink/picture-chunk.ts'
import type { PictureReceipt } from '../../protocols/uplink/picture-receipt.ts'
import type { Receipt } from '../../protocols/uplink/receipt.ts'
import { reportRecordsMax } from '../../protocols/uplink/report.ts'
import type { LanePositions, StoredRecord } from '../journal/port.ts'
import { EpochProof, type EpochProofOptions } from './epoch-proof.ts'
import { type Candidates, LaneQueue, readLimits } from './queues/lane-queue.ts'
import type { Link, CompressText } from './link.ts'
import { LinkMeter } from './flow/link-meter.ts'
import { PictureQueue, type PictureQueueOptions } from './queues/picture-queue.ts'
import { ReportBuilder } from './queues/report-builder.ts'
import type { SessionEvents } from './session-events.ts'

/** Reports built in one go before other work of the program runs. */
const reportsPerTurnMax = 4
/** Red may have this much in flight even on the thinnest link; lower lanes wait for red, red never waits for them. */
const redWindowBytesMin = 64 * 1024
/**
 * A Report without a Receipt is sent again after this many round trips, and while none was measured, after this time.
 */
const againAfterRoundTrips = 3
const againAfterMsUnknown = 10_000
const againAfterMsMax = 20_000
/** Topic, headers and TLS record of a Report, roughly. */
const framingBytes = 60
/** Above this rate, or within one building, speed is more important than size. */
const fastBytesPerSecond = 500_000
const fastRoundTripMs = 5
const lowLanes: ReadonlySet<Lane> = new Set(['blue', 'routine', 'picture'])
/**
 * If the journal returns no records for numbers that it counts, it is read this often before the numbers are declared
 * missing.
 */
const emptyReadsMax = 3
const readRetryMs = 1000

export interface SendOrderOptions {
  epoch: string
  positions: LanePositions
  read: (lane: Lane, after: number, limits: ReadLimits, done: ReadDone) => void
  settle: (lane: Lane, storedTo: number) => void
  stepBack: (lane: Lane, storedTo: number) => void
  pack: CompressText
  clock: Clock
  events: SessionEvents
  /** Shortest time before a Report is sent again. */
  againAfterMsMin: number
  /** TCP is open and Reports were sent, but no Receipt came for this long. */
  deafAfterMs: number
  onDeaf: () => void
  /** Decides whether the centre's first answer fits this folder; by default it always does. */
  proof?: Omit<EpochProofOptions, 'onProven'> | undefined
  pictures?: Omit<PictureQueueOptions, 'clock' | 'onReady'> | undefined
}

export interface ReadLimits {
  recordsMax: number
  bytesMax: number
}

/** `records` undefined: the read failed and is tried again. */
export type ReadDone = (records: readonly StoredRecord[] | undefined) => void

export class SendOrder {
  readonly meter = new LinkMeter()
  /** Pictures are sent after all records, in the remaining part of the window. */
  readonly pictures: PictureQueue | undefined
  readonly #options: SendOrderOptions
  readonly #queues: LaneQueue[]
  readonly #byLane: ReadonlyMap<Lane, LaneQueue>
  readonly #builder: ReportBuilder
  readonly #proof: EpochProof
  readonly #reading = new Set<Lane>()
  readonly #emptyReads = new Map<Lane, number>()
  #link: Link | undefined
  #waitingSinceMs: number | undefined
  #isTurnDue = false
  /** This centre announced that it reads the dense form. */
  #isDenseRead = false
  #isStopped = false

  constructor(options: SendOrderOptions) {
    this.#options = options
    this.#queues = lanes.map((lane) => new LaneQueue(lane, options.positions[lane]))
    this.#byLane = new Map(this.#queues.map((queue) => [queue.lane, queue]))
    this.#builder = new ReportBuilder(options.epoch, options.pack)
    const { clock, pictures, proof } = options
    const proven = { unproven: undefined, prove: (done: () => void) => done(), onRollback: () => undefined }
    this.#proof = new EpochProof({ ...(proof ?? proven), onProven: () => this.#pump() })
    if (pictures) this.pictures = new PictureQueue({ ...pictures, clock, onReady: () => this.#pump() })
  }

  get queues(): readonly LaneQueue[] {
    return this.#queues
  }

  /** True while a red or orange record has no Receipt. */
  get isUrgentWaiting(): boolean {
    return this.#queues.some(
      (queue) => (queue.lane === 'red' || queue.lane === 'orange') && queue.waiting > 0,
    )
  }

  /** Adds the records that were committed before the listener was registered. */
  catchUp(positions: LanePositions): void {
    for (const queue of this.#queues) queue.catchUp(positions[queue.lane])
  }

  linkUp(link: Link): void {
    this.#link = link
    this.#proof.linkUp(this.#options.clock.monotonicMs())
    this.#rewind()
    this.#pump()
  }

  /** The state of everything in flight is unknown now. */
  linkDown(): void {
    this.#link = undefined
    this.#proof.linkDown()
    this.#rewind()
  }

  stop(): void {
    this.#isStopped = true
    this.#link = undefined
  }

  commit(records: readonly StoredRecord[]): void {
    for (const record of records) this.#byLane.get(record.lane)?.commit(record)
    this.#pump()
  }

  /**
   * Cumulative, so that a repeated, late or reordered Receipt changes nothing; a Receipt above the written numbers is
   * refused.
   */
  receipt(receipt: Receipt): void {
    const { events, epoch, clock } = this.#options
    if (receipt.epoch !== epoch) {
      events.receiptRefused('other epoch')
      return
    }
    this.#waitingSinceMs = undefined
    if (!this.#proof.hear(receipt)) return
    this.#isDenseRead = receipt.forms?.includes(denseForm) ?? false
    const nowMs = clock.monotonicMs()
    for (const queue of this.#queues) {
      const stored = receipt.lanes[queue.lane]
      if (!stored) continue
      if (stored.storedTo > queue.last) {
        events.receiptRefused('above what was written', queue.lane)
        this.#proof.reportRollback(
          `the centre has ${queue.lane} ${stored.storedTo}, written was ${queue.last}`,
        )
      } else if (stored.storedTo < queue.receipted && queue.receipted <= (stored.lostTo ?? 0))
        this.#stepBack(queue, stored.storedTo)
      else this.#settle(queue, stored.storedTo, stored.missing, nowMs)
    }
    if (this.#queues.some((queue) => queue.flights.length > 0)) this.#waitingSinceMs = nowMs
    this.#pump()
  }

  /** The centre's answer about one picture. */
  pictureReceipt(receipt: PictureReceipt): void {
    const settled = this.pictures?.receipt(receipt) ?? []
    this.meter.arrive(settled, this.#options.clock.monotonicMs())
    this.#pump()
  }

  /** The centre accepts pictures. */
  picturesWanted(): void {
    this.#pump()
  }

  /** About once a second: finds Reports whose Receipt is overdue, and a centre that never answers. */
  tick(): void {
    const nowMs = this.#options.clock.monotonicMs()
    if (!this.#link) return
    this.#proof.tick(nowMs, this.isUrgentWaiting)
    if (this.#waitingSinceMs !== undefined && nowMs - this.#waitingSinceMs >= this.#options.deafAfterMs) {
      this.#waitingSinceMs = undefined
      this.#options.onDeaf()
      return
    }
    const { againAfterMsMin } = this.#options
    const measuredMs = Math.min(againAfterMsMax, this.meter.smoothedMs * againAfterRoundTrips)
    const unknownMs = Math.min(againAfterMsUnknown, againAfterMsMin * 5)
    const againAfterMs = Math.max(againAfterMsMin, measuredMs > 0 ? measuredMs : unknownMs)
    for (const queue of this.#queues) {
      // One is enough: its Receipt is cumulative and lists all other missing numbers.
      const oldest = queue.flights[0]
      if (!oldest || nowMs - oldest.departure.sentMs < againAfterMs) continue
      this.meter.forget(queue.sendAgain(oldest.from, oldest.to))
    }
    this.meter.forget(this.pictures?.expire(againAfterMs) ?? [])
    this.#pump()
  }

  #settle(queue: LaneQueue, storedTo: number, missing: readonly [number, number][], nowMs: number): void {
    const before = queue.receipted
    this.meter.arrive(queue.settle(storedTo), nowMs)
    if (queue.receipted > before) {
      this.#options.settle(queue.lane, queue.receipted)
      this.#options.events.receipted(queue.lane, queue.receipted - before)
    }
    // A Report sent less than one round trip ago may still arrive: only older ones are lost.
    const patienceMs = this.meter.smoothedMs * 1.25 + 50
    for (const [from, to] of missing) {
      const isUnderWay = queue.flights.some(
        (flight) => flight.from <= to && flight.to >= from && nowMs - flight.departure.sentMs < patienceMs,
      )
      if (!isUnderWay && from > storedTo) this.meter.forget(queue.sendAgain(from, to))
    }
  }

  /** The centre had receipted this much and has less now: an older backup was restored there. */
  #stepBack(queue: LaneQueue, storedTo: number): void {
    const lost = queue.receipted - storedTo
    this.meter.forget(queue.stepBack(storedTo))
    this.#options.stepBack(queue.lane, storedTo)
    this.#options.events.steppedBack(queue.lane, lost)
  }

  #rewind(): void {
    for (const queue of this.#queues) queue.rewind()
    this.pictures?.restart()
    this.meter.restart()
    this.#isDenseRead = false
    this.#waitingSinceMs = undefined
  }

  #pump(): void {
    if (this.#isTurnDue) return this.#sendUrgent()
    for (let sent = 0; sent < reportsPerTurnMax; sent++) if (!this.#sendNext(this.#queues)) return
    this.#turnAfter(0)
  }

  #turnAfter(delayMs: number): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    this.#options.clock.after(delayMs, () => {
      this.#isTurnDue = false
      this.#pump()
    })
  }

  /** Between turns only red and orange are sent at once. */
  #sendUrgent(): void {
    const urgent = this.#queues.slice(0, 2)
    for (let sent = 0; sent < reportsPerTurnMax; sent++) if (!this.#sendNext(urgent)) return
  }

  /** Sends one Report of the most urgent lane that may send; false when none may. */
  #sendNext(queues: readonly LaneQueue[]): boolean {
    const link = this.#link
    if (!link || this.#isStopped || !this.#proof.isOpen) return false
    this.meter.probeWhenDue(this.#options.clock.monotonicMs())
    for (const queue of queues) {
      if (!queue.hasUnsent) continue
      if (!this.#hasRoom(queue.lane, link)) {
        // The next records must be in memory when there is room, or a lower lane would be sent first.
        this.#readAhead(queue)
        return false
      }
      const candidates = queue.candidates(reportRecordsMax)
      if (candidates && this.#isWorthSending(queue, candidates)) {
        this.#send(queue, candidates, link)
        this.#readAhead(queue)
        return true
      }
      this.#readAhead(queue)
    }
    const isAllSent = queues === this.#queues && !queues.some((queue) => queue.hasUnsent)
    return isAllSent && this.#sendPicture(link)
  }

  /** Only when no record waits, not even one that is being read. */
  #sendPicture(link: Link): boolean {
    if (!this.#arePicturesWaiting(link) || !this.#hasRoom('picture', link)) return false
    const { clock, events } = this.#options
    const chunk = this.pictures?.next(this.meter.reportBytes - framingBytes - chunkHeaderBytes)
    if (!chunk) return false
    const wireBytes = link.send('picture', chunk.payload)
    chunk.depart(this.meter.depart(wireBytes, clock.monotonicMs(), chunk.isLast))
    events.pictureSent(wireBytes)
    return true
  }

  #arePicturesWaiting(link: Link): boolean {
    return this.pictures !== undefined && link.takesPictures?.() === true && this.pictures.hasUnsent
  }

  #hasRoom(lane: Lane, link: Link): boolean {
    const { inFlightBytes, windowBytes, reportBytes } = this.meter
    const held = Math.max(inFlightBytes, link.queuedBytes())
    if (lane === 'red') return held < Math.max(redWindowBytesMin, windowBytes * 4)
    if (lane === 'orange') return held < windowBytes * 2 + reportBytes
    if (held > 0 && held + reportBytes > windowBytes) return false
    const delayMs = this.meter.paceDelayMs(this.#options.clock.monotonicMs())
    if (delayMs > 0) this.#turnAfter(delayMs)
    return delayMs === 0
  }

  /**
   * A small Report of a low lane waits for more records while another of its lane is in flight, unless a lower lane
   * would overtake it.
   */
  #isWorthSending(queue: LaneQueue, candidates: Candidates): boolean {
    if (!lowLanes.has(queue.lane) || queue.flights.length === 0 || !candidates.isAll) return true
    const lower = this.#queues.slice(this.#queues.indexOf(queue) + 1)
    if (lower.some((other) => other.hasUnsent)) return true
    if (this.#link && this.#arePicturesWaiting(this.#link)) return true
    return this.#builder.isFull(queue.lane, candidates.records, this.meter.reportBytes - framingBytes)
  }

  #send(queue: LaneQueue, candidates: Candidates, link: Link): void {
    const { clock, events } = this.#options
    const { records, skipped } = candidates
    const first = records[0]?.number ?? candidates.from
    const parameters = {
      wireBytes: this.meter.reportBytes - framingBytes,
      isFast: this.#isFast,
      isDense: this.#isDenseRead,
    }
    const built = this.#builder.build({ lane: queue.lane, first, records, skipped }, parameters)
    const wireBytes = link.send(queue.lane, built.payload)
    const to = records.length > 0 ? first + built.count - 1 : (skipped?.to ?? candidates.from)
    const nowMs = clock.monotonicMs()
    const isIdle = candidates.isAll && built.count === records.length
    queue.depart(candidates.from, to, this.meter.depart(wireBytes, nowMs, isIdle))
    this.#waitingSinceMs ??= nowMs
    events.sent(queue.lane, { records: built.count, wireBytes, isAgain: candidates.isAgain })
    if (skipped) events.skipped(queue.lane, skipped)
  }

  get #isFast(): boolean {
    const { bytesPerSecond, roundTripMs } = this.meter
    return bytesPerSecond > fastBytesPerSecond || (roundTripMs > 0 && roundTripMs < fastRoundTripMs)
  }

  #readAhead(queue: LaneQueue): void {
    const after = queue.readAfter()
    if (after === undefined || this.#reading.has(queue.lane)) return
    this.#reading.add(queue.lane)
    const last = queue.last
    this.#options.read(queue.lane, after, readLimits, (records) => {
      if (this.#isStopped) return
      if (records && records.length > 0) {
        this.#emptyReads.delete(queue.lane)
        queue.fill(after, records)
        this.#reading.delete(queue.lane)
        this.#pump()
      } else this.#readFailed(queue, after, last, records !== undefined)
    })
  }

  #readFailed(queue: LaneQueue, after: number, last: number, isEmpty: boolean): void {
    const empties = isEmpty ? (this.#emptyReads.get(queue.lane) ?? 0) + 1 : 0
    this.#emptyReads.set(queue.lane, empties)
    this.#options.events.readFailed(queue.lane, isEmpty ? 'empty' : 'error')
    if (empties >= emptyReadsMax) {
      this.#emptyReads.delete(queue.lane)
      queue.markGone(after, last)
    }
    this.#options.clock.after(readRetryMs, () => {
      this.#reading.delete(queue.lane)
      this.#pump()
    })
  }
}
