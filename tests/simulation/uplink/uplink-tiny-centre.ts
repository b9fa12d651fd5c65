// A centre small enough to be obviously right: commits after a while, answers only then, and loses uncommitted data in
// a crash.
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { LaneReceipt, Receipt } from '../../../protocols/uplink/receipt.ts'
import { reportForms } from '../../../protocols/uplink/receipt.ts'
import type { Report } from '../../../protocols/uplink/report.ts'

export interface SimulatedCentre {
  take(clock: Clock, report: Report, answer: (receipt: Receipt) => void): void
  /** Loses uncommitted data. */
  crash(): void
  body(lane: Lane, number: number): string | undefined
  storedTo(lane: Lane): number
}

export class TinyCentre implements SimulatedCentre {
  readonly #bodies = new Map<Lane, Map<number, string>>(lanes.map((lane) => [lane, new Map()]))
  readonly #storedTo = new Map<Lane, number>()
  readonly #highest = new Map<Lane, number>()
  #life = 0
  readonly #answersEarly: boolean
  readonly #commitMs: number

  /** `answersEarly` is the planted fault: a Receipt before the commit. */
  constructor(answersEarly = false, commitMs = 5) {
    this.#answersEarly = answersEarly
    this.#commitMs = commitMs
  }

  take(clock: Clock, report: Report, answer: (receipt: Receipt) => void): void {
    const life = this.#life
    if (this.#answersEarly) answer(this.#receipt(report, true))
    clock.after(this.#commitMs, () => {
      if (life !== this.#life) return
      this.#store(report)
      if (!this.#answersEarly) answer(this.#receipt(report, false))
    })
  }

  crash(): void {
    this.#life++
  }

  body(lane: Lane, number: number): string | undefined {
    return this.#bodies.get(lane)?.get(number)
  }

  storedTo(lane: Lane): number {
    return this.#storedTo.get(lane) ?? 0
  }

  #store({ lane, first, records }: Report): void {
    const bodies = this.#bodies.get(lane)
    for (const [index, record] of records.entries()) bodies?.set(first + index, JSON.stringify(record))
    this.#highest.set(lane, Math.max(this.#highest.get(lane) ?? 0, first + records.length - 1))
    let storedTo = this.storedTo(lane)
    while (bodies?.has(storedTo + 1)) storedTo++
    this.#storedTo.set(lane, storedTo)
  }

  #receipt({ lane, epoch, first, records }: Report, isEarly: boolean): Receipt {
    const bodies = this.#bodies.get(lane) ?? new Map<number, string>()
    const highest = this.#highest.get(lane) ?? 0
    const missing: LaneReceipt['missing'] = []
    for (let number = this.storedTo(lane) + 1; number <= highest && missing.length < 100; number++) {
      if (bodies.has(number)) continue
      const open = missing.at(-1)
      if (open && open[1] === number - 1) open[1] = number
      else missing.push([number, number])
    }
    const storedTo = isEarly ? first + records.length - 1 : this.storedTo(lane)
    return { v: 1, epoch, lanes: { [lane]: { storedTo, missing } }, centreTimeMs: 1, forms: [...reportForms] }
  }
}
