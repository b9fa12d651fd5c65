// One lane of the uplink: the written, sent and receipted positions, the ranges to send again, and the records that
// are read for sending.
import type { Lane } from '../../../protocols/domain/colour.ts'
import { addRange, type NumberRange, removeTo } from '../../../protocols/kit/ranges.ts'
import type { Skipped } from '../../../protocols/uplink/report.ts'
import type { LanePosition, StoredRecord } from '../../journal/port.ts'
import type { Departure } from '../flow/link-meter.ts'
import { RecordTail } from './record-tail.ts'

/**
 * Records of one read from the journal. The next read runs while half of them are still to be sent; a larger number
 * would only use memory.
 */
export const readLimits = { recordsMax: 500, bytesMax: 128 * 1024 }
/**
 * Most ranges that wait to be sent again; beyond it the oldest hundred are sent, and the centre lists the others
 * later.
 */
const againRangesMax = 100

/** A Report in flight, without a Receipt: numbers `from` to `to`. */
export interface Flight {
  from: number
  to: number
  departure: Departure
}

/** The content of the next Report: `records` follow without a gap; `skipped` lies directly below them. */
export interface Candidates {
  from: number
  records: readonly StoredRecord[]
  skipped?: Skipped
  isAgain: boolean
  /** Nothing else of this lane waits behind these. */
  isAll: boolean
}

export class LaneQueue {
  readonly lane: Lane
  readonly flights: Flight[] = []
  last: number
  receipted: number
  /** Everything up to here was sent on this connection, or is receipted. */
  sentTo: number
  readonly #tail = new RecordTail()
  #chunk: readonly StoredRecord[] = []
  #chunkAfter = 0
  #chunkTo = 0
  #again: NumberRange[] = []
  #goneTo = 0

  constructor(lane: Lane, position: LanePosition) {
    this.lane = lane
    this.last = position.last
    this.receipted = position.receipted
    this.sentTo = position.receipted
  }

  get hasUnsent(): boolean {
    return this.sentTo < this.last || this.#again.length > 0
  }

  get waiting(): number {
    return this.last - this.receipted
  }

  commit(record: StoredRecord): void {
    if (record.number <= this.last && this.#tail.length > 0) return
    this.last = Math.max(this.last, record.number)
    this.#tail.push(record)
  }

  catchUp(position: LanePosition): void {
    this.last = Math.max(this.last, position.last)
    this.settle(position.receipted)
  }

  /** On a new connection everything without a Receipt is sent again. */
  rewind(): Departure[] {
    this.sentTo = this.receipted
    this.#again = []
    return this.flights.splice(0).map((flight) => flight.departure)
  }

  /** The centre has confirmed everything up to `storedTo`; returns the settled Reports. */
  settle(storedTo: number): Departure[] {
    this.receipted = Math.max(this.receipted, storedTo)
    this.sentTo = Math.max(this.sentTo, storedTo)
    this.#tail.dropTo(storedTo)
    this.#again = removeTo(this.#again, storedTo)
    return this.#takeFlights((flight) => flight.to <= storedTo)
  }

  /**
   * The centre has lost its records above `storedTo`: all of them are sent again. Returns the Reports in flight, which
   * are void now.
   */
  stepBack(storedTo: number): Departure[] {
    this.receipted = Math.min(this.receipted, storedTo)
    return this.rewind()
  }

  /** The centre lacks `from` to `to`, and the Receipt of these numbers is overdue: they are sent first. */
  sendAgain(from: number, to: number): Departure[] {
    const range: NumberRange = [Math.max(from, this.receipted + 1), Math.min(to, this.sentTo)]
    if (range[0] > range[1]) return []
    const isMet = (flight: Flight): boolean => flight.from <= range[1] && flight.to >= range[0]
    this.#again = addRange(this.#again, ...range).slice(0, againRangesMax)
    // The rest of such a Report still waits for its Receipt; otherwise it would never be sent again.
    const rests = this.flights.filter(isMet).flatMap(({ from: first, to: last, departure }) =>
      [
        { from: Math.max(first, this.receipted + 1), to: range[0] - 1 },
        { from: range[1] + 1, to: last },
      ].map((rest): Flight => ({ ...rest, departure: { ...departure, bytes: 0, isIdle: true } })),
    )
    const taken = this.#takeFlights(isMet)
    this.flights.unshift(...rests.filter((rest) => rest.from <= rest.to))
    return taken
  }

  /** The next records to send from memory; undefined when they must be read first (`readAfter`), or nothing waits. */
  candidates(recordsMax: number): Candidates | undefined {
    const range = this.#again[0]
    const after = range ? range[0] - 1 : this.sentTo
    const to = range ? range[1] : this.last
    if (after >= to) return undefined
    const found = this.#find(after, to, recordsMax)
    if (!found) return undefined
    const end = found.records.at(-1)?.number ?? found.skipped?.to ?? after
    return { ...found, from: after + 1, isAgain: range !== undefined, isAll: !range && end >= this.last }
  }

  /** These candidates were sent as one Report. */
  depart(from: number, to: number, departure: Departure): void {
    this.flights.push({ from, to, departure })
    if (this.#again[0]?.[0] === from) this.#again = removeTo(this.#again, to)
    else this.sentTo = Math.max(this.sentTo, to)
  }

  /** The number after which the journal must be read, or undefined while memory holds enough. */
  readAfter(): number | undefined {
    const range = this.#again[0]
    const after = range ? range[0] - 1 : this.sentTo
    const to = range ? range[1] : this.last
    if (after >= to || this.#tail.after(after, 1)) return undefined
    const isAtHand = after >= this.#chunkAfter && after < this.#chunkTo
    if (!isAtHand) return after
    // Reads ahead while half of the chunk is still to be sent, so that the link never waits for the disk.
    const isLow = this.#chunkTo - after < this.#chunk.length / 2
    return isLow && !range && this.#chunkTo < this.last && !this.#tail.after(this.#chunkTo, 1)
      ? this.#chunkTo
      : undefined
  }

  /** The result of a read after `after`. Numbers that are missing in it are no longer in the journal. */
  fill(after: number, records: readonly StoredRecord[]): void {
    const end = records.at(-1)?.number
    if (end === undefined) return
    const isNext = after === this.#chunkTo && this.sentTo < this.#chunkTo && this.sentTo >= this.#chunkAfter
    const rest = isNext ? this.#chunk.filter((record) => record.number > this.sentTo) : []
    this.#chunk = [...rest, ...records]
    this.#chunkAfter = isNext ? this.sentTo : after
    this.#chunkTo = end
  }

  /** The journal has no record between `after` and `to` any more. */
  markGone(after: number, to: number): void {
    this.#chunk = []
    this.#chunkAfter = after
    this.#chunkTo = to
    this.#goneTo = to
  }

  #find(after: number, to: number, max: number): Pick<Candidates, 'records' | 'skipped'> | undefined {
    const fresh = this.#tail.after(after, max)
    if (fresh) return { records: fresh.filter((record) => record.number <= to) }
    if (after < this.#chunkAfter || after >= this.#chunkTo) return undefined
    const start = firstAbove(this.#chunk, after)
    const first = this.#chunk[start]
    const goneTo = Math.min(to, first ? first.number - 1 : Math.min(this.#chunkTo, this.#goneTo))
    const skipped: Skipped = { from: after + 1, to: goneTo, reason: 'no longer in the journal of the box' }
    const records = first && first.number <= to ? unbroken(this.#chunk, start, to, max) : []
    return goneTo > after ? { records, skipped } : { records }
  }

  #takeFlights(isTaken: (flight: Flight) => boolean): Departure[] {
    const taken: Departure[] = []
    let kept = 0
    for (const flight of this.flights) {
      if (isTaken(flight)) taken.push(flight.departure)
      else this.flights[kept++] = flight
    }
    this.flights.length = kept
    return taken
  }
}

function firstAbove(records: readonly StoredRecord[], number: number): number {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((records[middle]?.number ?? 0) > number) high = middle
    else low = middle + 1
  }
  return low
}

function unbroken(records: readonly StoredRecord[], start: number, to: number, max: number): StoredRecord[] {
  const run: StoredRecord[] = []
  for (let i = start; i < records.length && run.length < max; i++) {
    const record = records[i]
    const previous = run.at(-1)
    if (!record || record.number > to || (previous && record.number !== previous.number + 1)) break
    run.push(record)
  }
  return run
}
