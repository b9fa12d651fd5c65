// The share of the centre's disk that one box may fill: bytes of records over time, and in all. Above it the lower lanes of that box
// are put off: no Receipt, so the box keeps them and sends them again. Red and orange are stored whatever the box has used.
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../../protocols/kit/clock.ts'
import { rowOverheadBytes, type LaneBatch } from '../storage/port.ts'

/** So long after the last Report that was put off the box is within its share again. */
export const calmMs = 600_000
const lookEveryMs = 30_000
const dayMs = 86_400_000
/** A box whose Reports are put off hears at most one Receipt in this time: it must not take the centre for deaf. */
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
  /** Bytes stored of each box; read at the start and again now and then, for what is past its term is deleted. */
  storedBytes: () => Promise<{ box: string; bytes: number }[]>
  /** Over its share, and why, or within it again. */
  onChange: (box: string, over: OverLimit | undefined) => void
}

interface Over {
  why: OverLimit
  lastMs: number
  receiptMs: number
}

export class BoxLimits {
  readonly #options: BoxLimitsOptions
  /** When all that a box has sent is paid for. Boxes are admitted by name, so there are no more than these. */
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

  /** Its alarm stood when the centre stopped: it has its time to calm down again. */
  remember(box: string): void {
    const nowMs = this.#options.clock.monotonicMs()
    this.#over.set(box, { why: 'rate', lastMs: nowMs, receiptMs: nowMs })
  }

  /** What a commit has stored. */
  stored(batches: readonly LaneBatch[]): void {
    const { clock, bytesPerDay } = this.#options
    const nowMs = clock.monotonicMs()
    for (const { box, bodies, skipped } of batches) {
      let bytes = (bodies.length + skipped.length) * rowOverheadBytes
      for (const body of bodies) bytes += body.length
      const paidMs = Math.max(this.#paidMs.get(box) ?? 0, nowMs)
      this.#paidMs.set(box, paidMs + (bytes / bytesPerDay) * dayMs)
      this.#stored.set(box, (this.#stored.get(box) ?? 0) + bytes)
      // Red and orange alone can pass the limit: people are told then, too.
      const why = this.#whyOver(box)
      if (why) this.#note(box, why)
    }
  }

  /** True when this Report is to be put off. */
  putsOff(box: string, lane: string): boolean {
    if (lane === 'red' || lane === 'orange') return false
    const why = this.#whyOver(box)
    if (!why) return false
    this.#putOff.inc({ why })
    this.#note(box, why)
    return true
  }

  /** True when the box is to hear a Receipt, though nothing new is stored. */
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
      // The sizes of the last look stay. A reader that does not answer is logged and fails /healthz (StoragePulse).
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
