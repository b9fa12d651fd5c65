// The pictures that the centre does not have yet: which part is sent next, what a picture receipt settles, when to
// ask again. No I/O of its own: bytes are read through `read`, time comes from the Clock.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import { pictureSizes, type PictureSize, type SnapshotFacts } from '../../../protocols/domain/snapshot.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { chunkBytesMax, encodePictureChunk } from '../../../protocols/uplink/picture-chunk.ts'
import type { PictureProblem, PictureReceipt } from '../../../protocols/uplink/picture-receipt.ts'
import type { Departure } from '../flow/link-meter.ts'
import { byTurn, filesOf, type PictureTurn } from './picture-order.ts'

/** Most waiting files; the store itself keeps fewer snapshots than half of this. */
export const picturesWaitingMax = 50_000
/** Most bytes read ahead of the link. */
const pieceBytes = 64 * 1024
/** After the answer "not now" the file waits this long, twice as long each time. */
const restMs: Record<PictureProblem, number> = { unknown: 5000, damaged: 30_000, refused: 60_000 }
const noAnswerRestMs = 1000
const readRetryMs = 60_000
const restMsMax = 3_600_000
const alarmGroupsMax = 1000

export interface PictureQueueOptions {
  clock: Clock
  /** A part of a stored file; `bytes` undefined: the file is no longer on the box, `null`: it can not be read now. */
  read: (
    sha256: string,
    offset: number,
    length: number,
    done: (bytes: Uint8Array | undefined | null) => void,
  ) => void | Promise<void>
  /** A part has become ready to send. */
  onReady: () => void
  /** The centre has the complete file. */
  onReached: (sha256: string) => void
  /** The centre refused the file; with the number of refusals in a row. It is tried again later. */
  onProblem: (sha256: string, problem: PictureProblem, times: number) => void
  /** Deleted on the box before the centre had it. */
  onGone: (sha256: string) => void
}

interface Flight {
  to: number
  departure: Departure
}

interface Waiting extends PictureTurn {
  sha256: string
  bytes: number
  /** The bytes that the centre has confirmed. */
  storedTo: number
  sentTo: number
  /**
   * A part may have been sent on an earlier connection: the centre is asked how many bytes it has before more is
   * sent.
   */
  isAskDue: boolean
  isAsking: boolean
  flights: Flight[]
  restUntilMs: number
  rests: number
}

export interface Chunk {
  payload: Uint8Array
  /** Called when it is sent, with the record that the link meter keeps of it. */
  depart: (departure: Departure) => void
  /** Nothing else waits behind it. */
  isLast: boolean
}

export class PictureQueue {
  readonly #options: PictureQueueOptions
  readonly #waiting = new Map<string, Waiting>()
  readonly #groups = new Map<string, number>()
  #order: Waiting[] | undefined
  #turn = 0
  #piece: { sha256: string; from: number; bytes: Uint8Array } | undefined
  #reading: string | undefined

  constructor(options: PictureQueueOptions) {
    this.#options = options
  }

  /** Files that the centre does not have. */
  get size(): number {
    return this.#waiting.size
  }

  get waitingBytes(): number {
    let bytes = 0
    for (const one of this.#waiting.values()) bytes += one.bytes - one.storedTo
    return bytes
  }

  /** `isTried`: it may have been sent before this program started. `sizes` of it must be sent. */
  add(snapshot: SnapshotFacts, isTried: boolean, sizes: readonly PictureSize[] = pictureSizes): void {
    const { id, alarm, moment } = snapshot
    const turn = ++this.#turn
    const groupTurn = this.#groupTurn(alarm ?? id, turn)
    for (const { file, size } of filesOf(snapshot)) {
      const isWanted = sizes.includes(size) && !this.#waiting.has(file.sha256)
      if (!isWanted || this.#waiting.size >= picturesWaitingMax) continue
      this.#waiting.set(file.sha256, {
        sha256: file.sha256,
        bytes: file.bytes,
        size,
        isScheduled: moment === 'schedule',
        groupTurn,
        turn,
        storedTo: 0,
        sentTo: 0,
        isAskDue: isTried,
        isAsking: false,
        flights: [],
        restUntilMs: 0,
        rests: 0,
      })
    }
    this.#order = undefined
    this.#options.onReady()
  }

  /** The connection opened or closed: the state of everything in flight is unknown. */
  restart(): void {
    for (const one of this.#waiting.values()) {
      one.flights = []
      one.isAskDue ||= one.isAsking || one.sentTo > 0
      one.isAsking = false
      one.sentTo = one.storedTo
      // A new centre may answer differently.
      one.restUntilMs = 0
      one.rests = 0
    }
  }

  /** True when a part, or a question, can be sent now or once it is read. */
  get hasUnsent(): boolean {
    return this.#next() !== undefined
  }

  /** The next part of at most `bytesMax`; undefined when nothing can be sent, or the part is being read. */
  next(bytesMax: number): Chunk | undefined {
    const one = this.#next()
    if (!one) return undefined
    if (one.isAskDue) return this.#chunk(one, one.storedTo, new Uint8Array(0))
    const part = this.#atHand(one, Math.min(bytesMax, chunkBytesMax))
    return part ? this.#chunk(one, one.sentTo, part) : undefined
  }

  /** The centre's answer about one picture; returns the messages that it settles on the link. */
  receipt({ sha256, storedTo, problem }: PictureReceipt): Departure[] {
    const one = this.#waiting.get(sha256)
    if (!one || storedTo > one.bytes) return []
    if (problem !== undefined) {
      // Messages sent before the answered part are answered too.
      const departures = one.flights.splice(0).map(({ departure }) => departure)
      one.storedTo = storedTo
      one.sentTo = storedTo
      one.isAsking = false
      this.#rest(one, Math.min(restMsMax, restMs[problem] * 2 ** Math.min(one.rests++, 20)))
      this.#options.onProblem(sha256, problem, one.rests)
      return departures
    }
    const arrived = one.flights.filter(({ to }) => to <= storedTo).map(({ departure }) => departure)
    one.flights = one.flights.filter(({ to }) => to > storedTo)
    // An answer to the question is taken as it is: a centre may have lost bytes that it had.
    one.storedTo = one.isAsking ? storedTo : Math.max(one.storedTo, storedTo)
    one.sentTo = one.isAsking ? storedTo : Math.max(one.sentTo, storedTo)
    one.isAsking = false
    if (one.storedTo >= one.bytes) {
      this.#forget(one)
      this.#options.onReached(sha256)
    }
    return arrived
  }

  /**
   * Parts without an answer for `patienceMs` are lost: returns the records to remove from the window, and asks again.
   */
  expire(patienceMs: number): Departure[] {
    const lost: Departure[] = []
    const nowMs = this.#options.clock.monotonicMs()
    for (const one of this.#waiting.values()) {
      const oldest = one.flights[0]
      if (!oldest || nowMs - oldest.departure.sentMs < patienceMs) continue
      lost.push(...one.flights.splice(0).map(({ departure }) => departure))
      one.sentTo = one.storedTo
      one.isAskDue = true
      one.isAsking = false
      this.#rest(one, noAnswerRestMs)
    }
    return lost
  }

  /** In the order of sending, without those that wait after a refusal and those that are completely sent. */
  #next(except?: Waiting): Waiting | undefined {
    if (this.#waiting.size === 0) return undefined
    this.#order ??= [...this.#waiting.values()].sort(byTurn)
    const nowMs = this.#options.clock.monotonicMs()
    return this.#order.find(
      (one) =>
        one !== except &&
        !one.isAsking &&
        nowMs >= one.restUntilMs &&
        (one.isAskDue || one.sentTo < one.bytes),
    )
  }

  #chunk(one: Waiting, offset: number, part: Uint8Array): Chunk {
    const { sha256, bytes } = one
    return {
      payload: encodePictureChunk({ sha256, bytes, offset, part }),
      isLast: offset + part.byteLength >= bytes && this.#next(one) === undefined,
      depart: (departure) => {
        const isAsk = part.byteLength === 0
        if (isAsk) {
          one.isAskDue = false
          one.isAsking = true
        }
        one.sentTo = Math.max(one.sentTo, offset + part.byteLength)
        one.flights.push({ to: offset + part.byteLength, departure })
      },
    }
  }

  #atHand(one: Waiting, length: number): Uint8Array | undefined {
    const piece = this.#piece
    const from = piece?.sha256 === one.sha256 ? one.sentTo - piece.from : -1
    if (piece && from >= 0 && from < piece.bytes.byteLength) {
      return piece.bytes.subarray(from, from + length)
    }
    this.#read(one)
    return undefined
  }

  #read(one: Waiting): void {
    if (this.#reading !== undefined) return
    const { sha256, sentTo } = one
    this.#reading = sha256
    void this.#options.read(sha256, sentTo, Math.min(pieceBytes, one.bytes - sentTo), (bytes) => {
      this.#reading = undefined
      if (bytes && bytes.byteLength > 0) this.#piece = { sha256, from: sentTo, bytes }
      else if (bytes === null) this.#rest(one, readRetryMs)
      else if (this.#waiting.has(sha256)) {
        this.#forget(one)
        this.#options.onGone(sha256)
      }
      this.#options.onReady()
    })
  }

  #rest(one: Waiting, ms: number): void {
    one.restUntilMs = this.#options.clock.monotonicMs() + ms
  }

  #forget(one: Waiting): void {
    this.#waiting.delete(one.sha256)
    this.#order = undefined
    if (this.#piece?.sha256 === one.sha256) this.#piece = undefined
  }

  #groupTurn(group: string, turn: number): number {
    const known = this.#groups.get(group)
    if (known !== undefined) return known
    this.#groups.set(group, turn)
    forgetOldest(this.#groups, alarmGroupsMax)
    return turn
  }
}
