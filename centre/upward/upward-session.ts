// Reports this centre's records to the next one, red first, and settles what its Receipts prove: the protocol of a box with one Report of a
// lane under way at a time, which is enough for the cases of a town. No I/O of its own.
import { lanes, type Lane } from '../../protocols/domain/colour.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { LaneReceipt, Receipt } from '../../protocols/uplink/receipt.ts'
import type { UpwardLane, UpwardRecord, UpwardState } from '../storage/port.ts'

/** Records and bytes of one Report. */
const recordsMax = 50
const bytesMax = 64 * 1024
/** A Report without a Receipt goes again after this; the Receipt is cumulative, so that nothing comes twice. */
export const againMs = 10_000
/** Reports went out and no Receipt came for this long: another connection may do better. */
export const deafMs = 45_000

export interface UpwardSessionOptions {
  state: UpwardState
  read: (lane: Lane, after: number, limit: number) => Promise<UpwardRecord[]>
  settle: (lane: Lane, storedTo: number) => Promise<void>
  /** The next centre has other records under our numbers. */
  renew: (reason: string) => Promise<UpwardState>
  /** Hands a Report to the connection. */
  send: (lane: Lane, report: string) => void
  onDeaf: () => void
  onFailed: (error: unknown) => void
  clock: Pick<Clock, 'monotonicMs'>
}

interface Flight {
  to: number
  sentMs: number
}

export class UpwardSession {
  readonly #options: UpwardSessionOptions
  #epoch: string
  readonly #lanes: Map<Lane, UpwardLane>
  readonly #flights = new Map<Lane, Flight>()
  readonly #reading = new Set<Lane>()
  #isUp = false
  #isRenewing = false
  /** Counts connections, so that records read for an older one are not sent. */
  #turn = 0
  #heardMs = 0

  constructor(options: UpwardSessionOptions) {
    this.#options = options
    this.#epoch = options.state.epoch
    this.#lanes = new Map(lanes.map((lane) => [lane, { ...options.state.lanes[lane] }]))
  }

  get epoch(): string {
    return this.#epoch
  }

  positions(): Record<Lane, UpwardLane> {
    return Object.fromEntries(this.#lanes) as Record<Lane, UpwardLane>
  }

  /** How much is written now. */
  committed({ epoch, lanes: written }: UpwardState): void {
    if (epoch !== this.#epoch) return
    for (const [lane, known] of this.#lanes) known.last = Math.max(known.last, written[lane].last)
    this.#pump()
  }

  linkUp(): void {
    this.#isUp = true
    this.#turn++
    this.#heardMs = this.#options.clock.monotonicMs()
    this.#flights.clear()
    this.#pump()
  }

  linkDown(): void {
    this.#isUp = false
    this.#turn++
    this.#flights.clear()
  }

  async receipt(receipt: Receipt): Promise<void> {
    if (receipt.epoch !== this.#epoch || this.#isRenewing) return
    this.#heardMs = this.#options.clock.monotonicMs()
    const strange = this.#strangeIn(receipt)
    if (strange !== undefined) return this.#renew(strange)
    for (const [lane, known] of this.#lanes) {
      const stored = receipt.lanes[lane]
      if (stored) await this.#settle(lane, known, stored)
    }
    this.#pump()
  }

  /** About once a second. */
  tick(): void {
    if (!this.#isUp) return
    const nowMs = this.#options.clock.monotonicMs()
    if (this.#flights.size > 0 && nowMs - this.#heardMs >= deafMs) return this.#options.onDeaf()
    for (const [lane, { sentMs }] of this.#flights) if (nowMs - sentMs >= againMs) this.#flights.delete(lane)
    this.#pump()
  }

  #strangeIn(receipt: Receipt): string | undefined {
    if (receipt.newerEpoch === true) return 'the next centre knows a newer epoch'
    for (const [lane, { last }] of this.#lanes) {
      const stored = receipt.lanes[lane]
      if (stored && stored.storedTo > last)
        return `${lane}: ${stored.storedTo} are stored there, ${last} are here`
      if (stored?.conflict !== undefined) return `${lane}: ${stored.conflict} is another record there`
    }
    return undefined
  }

  async #settle(lane: Lane, known: UpwardLane, { storedTo, lostTo, missing }: LaneReceipt): Promise<void> {
    const flight = this.#flights.get(lane)
    const isLost = storedTo < known.receipted && known.receipted <= (lostTo ?? 0)
    if (storedTo > known.receipted || isLost) {
      known.receipted = storedTo
      await this.#options.settle(lane, storedTo)
    }
    if (isLost || missing.length > 0 || (flight && storedTo >= flight.to)) this.#flights.delete(lane)
  }

  async #renew(reason: string): Promise<void> {
    this.#isRenewing = true
    this.#turn++
    try {
      const { epoch, lanes: fresh } = await this.#options.renew(reason)
      this.#epoch = epoch
      for (const lane of lanes) this.#lanes.set(lane, { ...fresh[lane] })
      this.#flights.clear()
    } finally {
      this.#isRenewing = false
    }
    this.#pump()
  }

  /** The most urgent lane that waits, and no other one below it. */
  #pump(): void {
    if (!this.#isUp || this.#isRenewing) return
    for (const [lane, { last, receipted }] of this.#lanes) {
      if (last <= receipted) continue
      if (!this.#flights.has(lane) && !this.#reading.has(lane)) void this.#send(lane, receipted)
      return
    }
  }

  async #send(lane: Lane, after: number): Promise<void> {
    const turn = this.#turn
    this.#reading.add(lane)
    try {
      const records = await this.#options.read(lane, after, recordsMax)
      const [first] = records
      if (turn !== this.#turn || !this.#isUp || !first) return
      const bodies: string[] = []
      let bytes = 0
      for (const { body } of records) {
        if (bodies.length > 0 && bytes + body.length > bytesMax) break
        bodies.push(body)
        bytes += body.length
      }
      const head = JSON.stringify({ v: 1, epoch: this.#epoch, lane, first: first.number }).slice(0, -1)
      this.#flights.set(lane, {
        to: first.number + bodies.length - 1,
        sentMs: this.#options.clock.monotonicMs(),
      })
      this.#options.send(lane, `${head},"records":[${bodies.join(',')}]}`)
    } catch (error) {
      this.#options.onFailed(error)
    } finally {
      this.#reading.delete(lane)
      // What became urgent meanwhile does not wait for the tick.
      if (turn !== this.#turn) this.#pump()
    }
  }
}
