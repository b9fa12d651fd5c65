// The town centre in virtual time: the real receiver core and the real rules of the desk's rows over a disk that can be
// reset to an older backup.
import { applyAlarmRecord, isActive, type DeskRow } from '../../../centre/alarms/desk-row.ts'
import { ReceiverCore, type ArrivedReport } from '../../../centre/receiver/receiver-core.ts'
import type { KnownLane } from '../../../centre/storage/port.ts'
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../../protocols/domain/record.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Heartbeat } from '../../../protocols/uplink/heartbeat.ts'
import type { Receipt } from '../../../protocols/uplink/receipt.ts'
import { BrokenPromise, type Canary } from './life-faults.ts'

const box = 'box'
/** How long a commit takes. */
export const commitMs = 8

/** The content of a backup. */
interface CentreDisk {
  known: Map<Lane, KnownLane>
  records: Map<string, JournalRecord>
  rows: Map<string, DeskRow>
  gone: Set<string>
}

const copyOf = ({ known, records, rows, gone }: CentreDisk): CentreDisk => ({
  known: new Map(known),
  records: new Map(records),
  rows: new Map(rows),
  gone: new Set(gone),
})

export class LifeCentre {
  readonly #clock: Clock
  readonly #canary: Canary | undefined
  /** A commit begins: the power may fail before its end. */
  readonly #onCommit: () => void
  #core = new ReceiverCore()
  #disk: CentreDisk = { known: new Map(), records: new Map(), rows: new Map(), gone: new Set() }
  #backup = copyOf(this.#disk)
  #epoch = ''
  #life = 0
  #waiting: { arrived: ArrivedReport; answer: (receipt: Receipt) => void }[] = []
  /** Times that it lost receipted records. */
  restores = 0

  constructor(clock: Clock, canary: Canary | undefined, onCommit: () => void) {
    this.#clock = clock
    this.#canary = canary
    this.#onCommit = onCommit
  }

  take(arrived: ArrivedReport, answer: (receipt: Receipt) => void): void {
    const { epoch } = arrived.report
    this.#epoch = epoch
    this.#waiting.push({ arrived, answer })
    if (this.#canary === 'receipts-early') {
      const early = new ReceiverCore()
      early.remember([{ box, epoch }], [...this.#disk.known.values()])
      early.settle(early.plan([arrived]))
      answer(early.receipt(box, epoch, 0))
    }
    if (this.#waiting.length > 1) return
    const life = this.#life
    // With a slow disk the planted bug shows sooner.
    this.#clock.after(this.#canary === 'receipts-early' ? 50 * commitMs : commitMs, () => {
      if (life === this.#life) this.#commit()
    })
    this.#onCommit()
  }

  hear({ epoch, lanes: heard }: Heartbeat, answer: (receipt: Receipt) => void): void {
    this.#epoch = epoch
    this.#core.hear(box, epoch, heard)
    answer(this.#core.receipt(box, epoch, this.#clock.wallMs()))
  }

  /** Loses what was not committed. */
  die(): void {
    this.#life++
    this.#waiting = []
    this.#core = new ReceiverCore()
    const isKnown = this.#canary !== 'forgets-what-it-has'
    if (this.#epoch !== '')
      this.#core.remember([{ box, epoch: this.#epoch }], isKnown ? [...this.#disk.known.values()] : [])
  }

  takeBackup(): void {
    this.#backup = copyOf(this.#disk)
  }

  restore(): void {
    this.restores++
    this.#disk = copyOf(this.#backup)
    this.die()
  }

  storedTo(lane: Lane): number {
    return this.#core.receipt(box, this.#epoch, 0).lanes[lane]?.storedTo ?? 0
  }

  isWhole(last: Record<Lane, number>): boolean {
    return lanes.every(
      (lane) => this.#core.missing(box, this.#epoch, lane).length === 0 && this.storedTo(lane) === last[lane],
    )
  }

  record(lane: Lane, number: number): JournalRecord | undefined {
    return this.#disk.records.get(`${lane}/${number}`)
  }

  isDeclaredGone(lane: Lane, number: number): boolean {
    return this.#disk.gone.has(`${lane}/${number}`)
  }

  rows(): DeskRow[] {
    return [...this.#disk.rows.values()]
  }

  #commit(): void {
    const batch = this.#waiting.splice(0)
    const plan = this.#core.plan(batch.map(({ arrived }) => arrived))
    if (plan.refused.length > 0) throw new BrokenPromise(`refused: ${plan.refused[0]?.reason}`)
    for (const { lane, epoch, numbers, bodies, alarms, skipped, settled } of plan.lanes) {
      for (const [i, number] of numbers.entries()) {
        const key = `${lane}/${number}`
        if (this.#disk.records.has(key)) throw new BrokenPromise(`${key} is stored twice at the centre`)
        this.#disk.records.set(key, JSON.parse(bodies[i] ?? '') as JournalRecord)
      }
      for (const { from, to } of skipped)
        for (let number = from; number <= to; number++) this.#disk.gone.add(`${lane}/${number}`)
      for (const record of alarms) {
        const current = this.#disk.rows.get(record.alarm.id)
        const order = { epoch: 1, sequence: record.sequence }
        const { row } = applyAlarmRecord(current, box, order, record, this.#clock.wallMs())
        this.#disk.rows.set(record.alarm.id, row)
      }
      this.#disk.known.set(lane, { box, epoch, lane, settled, givenUp: 0 })
    }
    this.#core.settle(plan)
    const receipt = this.#core.receipt(box, this.#epoch, this.#clock.wallMs())
    if (this.#canary !== 'receipts-early') for (const { answer } of batch) answer(receipt)
  }

  /** Each alarm is one row, and there is one standing alarm per kind and device. */
  checkRows(): void {
    const standing = new Set<string>()
    for (const { alarm } of this.rows().filter(isActive)) {
      const key = `${alarm.device} ${alarm.kind} ${alarm.isDrill ?? false}`
      if (standing.has(key)) throw new BrokenPromise(`${key} stands twice on the desk`)
      standing.add(key)
    }
  }
}
