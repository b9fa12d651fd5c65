// The town centre's own receiver core as a centre of the simulation: planning, holes and Receipts are the real code.
import { ReceiverCore } from '../../../centre/receiver/receiver-core.ts'
import type { Lane } from '../../../protocols/domain/colour.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Receipt } from '../../../protocols/uplink/receipt.ts'
import type { Report } from '../../../protocols/uplink/report.ts'
import type { SimulatedCentre } from './uplink-tiny-centre.ts'

const box = 'box'
const commitMs = 8

export class RealCentre implements SimulatedCentre {
  #core = new ReceiverCore()
  readonly #bodies = new Map<string, string>()
  readonly #known: Parameters<ReceiverCore['remember']>[1] extends readonly (infer Known)[]
    ? Map<Lane, Known>
    : never = new Map()
  #waiting: { report: Report; answer: (receipt: Receipt) => void }[] = []
  #life = 0
  #epoch = ''

  take(clock: Clock, report: Report, answer: (receipt: Receipt) => void): void {
    this.#epoch = report.epoch
    this.#waiting.push({ report, answer })
    const life = this.#life
    if (this.#waiting.length > 1) return
    clock.after(commitMs, () => {
      if (life === this.#life) this.#commit(clock)
    })
  }

  crash(): void {
    this.#life++
    this.#waiting = []
    this.#core = new ReceiverCore()
    if (this.#epoch !== '') this.#core.remember([{ box, epoch: this.#epoch }], [...this.#known.values()])
  }

  body(lane: Lane, number: number): string | undefined {
    return this.#bodies.get(`${lane}/${number}`)
  }

  storedTo(lane: Lane): number {
    return this.#core.receipt(box, this.#epoch, 0).lanes[lane]?.storedTo ?? 0
  }

  #commit(clock: Clock): void {
    const batch = this.#waiting.splice(0)
    const plan = this.#core.plan(
      batch.map(({ report }) => ({
        box,
        report,
        bodies: report.records.map((record) => JSON.stringify(record)),
      })),
    )
    if (plan.refused.length > 0) throw new Error(`refused: ${plan.refused[0]?.reason}`)
    for (const { lane, epoch, numbers, bodies, settled } of plan.lanes) {
      for (const [index, number] of numbers.entries()) {
        const key = `${lane}/${number}`
        if (this.#bodies.has(key)) throw new Error(`${key} is stored twice`)
        this.#bodies.set(key, bodies[index] ?? '')
      }
      this.#known.set(lane, { box, epoch, lane, settled, givenUp: 0 })
    }
    this.#core.settle(plan)
    const receipt = this.#core.receipt(box, this.#epoch, clock.wallMs())
    for (const { answer } of batch) answer(receipt)
  }
}
