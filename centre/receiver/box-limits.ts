// The share of the centre's disk that one box may use: bytes of records over time, and in all. Above it the lower lanes
// of that box are deferred: without a Receipt the box keeps the records and sends them again. Red and orange are always
// stored.
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../../protocols/kit/clock.ts'
import { rowOverheadBytes, type LaneBatch } from '../storage/port.ts'

/** This long after the last deferred Report the box counts as within its share again. */
export const calmMs = 600_000
const lookEveryMs = 30_000
const dayMs = 86_400_000
/**
 * A box with deferred Reports gets at most one Receipt in this time: without any it would assume that the centre is
 * deaf.
 */
const receiptPauseMs = 5000

export type OverLimit = 'rate' | 'disk'

export interface BoxLimitsOptions {
  clock: Pick<Clock, 'monotonicMs' | 'after'>
  registry: Registry
  /** Bytes a day in the long run, and at once after an outage. */
  bytesPerDay: number
  burstBytes: number
  /** Of all stored records of one box. */
  diskBytesMax: number
  /**
   * Stored bytes of each box; read at the start and again from time to time, because records past their term are
   * deleted.
   */
  storedBytes: () => Promise<{ box: string; bytes: number }[]>
  /** Above its share, with the reason, or within it again. */
  onChange: (box: string, over: OverLimit | undefined) => void
}

interface Over {
  why: OverLimit
  lastMs: number
  receiptMs: number
}

export class BoxLimits {
  readonly #options: BoxLimitsOptions
  /** When the debt of a box is paid. Boxes are admitted by name, so there are no more entries than boxes. */
  readonly #paidMs = new Map<string, number>()
  #stored = new Map<string, number>()
  readonly #over = new Map<string, Over>()
  readonly #putOff
  #cancel: () => void = () => undefined
  #isStopped = false

  constructor(options: BoxLimitsOptions) {
    this.#options = options
    this.#putOff = new Counter({
      name: 'gengfu_centre_reports_put_off_total',
      help: 'Reports of lower lanes put off because their box is over its share: the box keeps them',
      labelNames: ['why'],
      registers: [options.registry],
    })
    const over = this.#over
    new Gauge({
      name: 'gengfu_centre_boxes_over_limit',
      help: 'Boxes over their share of records over time or of the disk',
      registers: [options.registry],
      collect() {
        this.set(over.size)
      },
    })
  }

  start(): void {
    void this.#look()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  /** Its alarm was active when the centre stopped: it gets time to return to its share. */
  remember(box: string): void {
    const nowMs = this.#options.clock.monotonicMs()
    this.#over.set(box, { why: 'rate', lastMs: nowMs, receiptMs: nowMs })
  }

  /** The bytes that a commit has stored. */
  stored(batches: readonly LaneBatch[]): void {
    const { clock, bytesPerDay } = this.#options
    const nowMs = clock.monotonicMs()
    for (const { box, bodies, skipped } of batches) {
      let bytes = (bodies.length + skipped.length) * rowOverheadBytes
      for (const body of bodies) bytes += body.length
      const paidMs = Math.max(this.#paidMs.get(box) ?? 0, nowMs)
      this.#paidMs.set(box, paidMs + (bytes / bytesPerDay) * dayMs)
      this.#stored.set(box, (this.#stored.get(box) ?? 0) + bytes)
      // Red and orange alone can exceed the limit: people are informed then, too.
      const why = this.#whyOver(box)
      if (why) this.#note(box, why)
    }
  }

  /** True when this Report must be deferred. */
  putsOff(box: string, lane: string): boolean {
    if (lane === 'red' || lane === 'orange') return false
    const why = this.#whyOver(box)
    if (!why) return false
    this.#putOff.inc({ why })
    this.#note(box, why)
    return true
  }

  /** True when the box must get a Receipt, although no record was stored. */
  isReceiptDue(box: string): boolean {
    const over = this.#over.get(box)
    const nowMs = this.#options.clock.monotonicMs()
    if (!over || nowMs - over.receiptMs < receiptPauseMs) return false
    over.receiptMs = nowMs
    return true
  }

  #whyOver(box: string): OverLimit | undefined {
    const { clock, bytesPerDay, burstBytes, diskBytesMax } = this.#options
    if ((this.#stored.get(box) ?? 0) >= diskBytesMax) return 'disk'
    const owedMs = (this.#paidMs.get(box) ?? 0) - clock.monotonicMs()
    return owedMs * (bytesPerDay / dayMs) >= burstBytes ? 'rate' : undefined
  }

  #note(box: string, why: OverLimit): void {
    const over = this.#over.get(box)
    const nowMs = this.#options.clock.monotonicMs()
    if (over) {
      over.lastMs = nowMs
      return
    }
    this.#over.set(box, { why, lastMs: nowMs, receiptMs: -Infinity })
    this.#options.onChange(box, why)
  }

  async #look(): Promise<void> {
    const { clock, storedBytes, onChange } = this.#options
    try {
      this.#stored = new Map((await storedBytes()).map(({ box, bytes }) => [box, bytes]))
    } catch {
      // The sizes of the last read stay. A reader that does not answer is logged and fails /healthz (StoragePulse).
    }
    const nowMs = clock.monotonicMs()
    for (const [box, { lastMs }] of this.#over) {
      if (nowMs - lastMs < calmMs || this.#whyOver(box)) continue
      this.#over.delete(box)
      onChange(box, undefined)
    }
    if (!this.#isStopped) this.#cancel = clock.after(lookEveryMs, () => void this.#look())
  }
}
