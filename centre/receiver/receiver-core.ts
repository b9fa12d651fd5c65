// What the centre promises a box, as a state machine without I/O: which records are new, what is missing, and the
// Receipt that may be sent. Nothing counts as stored before `settle` says that the commit is on disk.
import type { Lane } from '../../protocols/domain/colour.ts'
import type { AlarmRecord } from '../../protocols/domain/record.ts'
import { reportForms, type LaneReceipt, type Receipt } from '../../protocols/uplink/receipt.ts'
import type { Report } from '../../protocols/uplink/report.ts'
import type { KnownLane, LaneBatch, NumberRange } from '../storage/port.ts'
import { isClockSynced } from '../alarms/boot-time.ts'
import { addRange, hasNumber, holesOf, unbrokenTo } from './ranges.ts'

/** Holes a lane may have at once; a Report that would make more is refused, and comes again once holes are filled. */
export const rangesMax = 1000
/** Holes named in one Receipt, the oldest first (the contract's limit). */
export const missingMax = 100
/** Journals one box may begin over the years; a box above this is broken or lying. */
export const epochsPerBoxMax = 1000

/** A Report that was parsed; `bodies` are the records' JSON in the same order. */
export interface ArrivedReport {
  box: string
  report: Report
  bodies: readonly string[]
}

/** What to commit in one transaction, and what is known once it is. */
export interface Plan {
  lanes: LaneBatch[]
  /** Records that were stored before, or twice in this plan. */
  repeats: number
  /** Reports (by their index) that can not be stored, with the reason. */
  refused: { index: number; reason: string }[]
  /** Boxes and epochs that are owed a Receipt after the commit, also when everything was a repeat. */
  heard: { box: string; epoch: string }[]
}

export interface GapChange {
  box: string
  lane: Lane
  missing: NumberRange[]
}

type Lanes = Map<Lane, NumberRange[]>

export class ReceiverCore {
  /** By box, then by epoch in the order first heard. */
  readonly #boxes = new Map<string, Map<string, Lanes>>()

  /** Takes what storage knows at the start. */
  remember(epochs: readonly { box: string; epoch: string }[], lanes: readonly KnownLane[]): void {
    for (const { box, epoch } of epochs) this.#lanesOf(box, epoch)
    for (const { box, epoch, lane, settled } of lanes) this.#lanesOf(box, epoch).set(lane, settled)
  }

  /** Decides about `reports` in order without changing anything: a commit that fails leaves no trace here. */
  plan(reports: readonly ArrivedReport[]): Plan {
    const batches = new Map<string, LaneBatch>()
    const heard = new Map<string, { box: string; epoch: string }>()
    const refused: Plan['refused'] = []
    let repeats = 0
    reports.forEach((arrived, index) => {
      const { box, report } = arrived
      const { epoch, lane } = report
      if (this.#isTooManyEpochs(box, epoch)) {
        refused.push({ index, reason: `more than ${epochsPerBoxMax} epochs` })
        return
      }
      const key = `${box}/${epoch}/${lane}`
      const settled = this.#boxes.get(box)?.get(epoch)?.get(lane) ?? []
      const batch = batches.get(key) ?? emptyBatch(box, epoch, lane, settled)
      const after = settledAfter(batch.settled, report)
      if (after.length > rangesMax) {
        refused.push({ index, reason: `more than ${rangesMax} holes in lane ${lane}` })
        return
      }
      repeats += addNew(batch, arrived)
      batch.settled = after
      batches.set(key, batch)
      heard.set(`${box}/${epoch}`, { box, epoch })
    })
    return { lanes: [...batches.values()].filter(hasNews), repeats, refused, heard: [...heard.values()] }
  }

  /** The plan's commit is on disk. Returns the lanes that began or ceased to have holes. */
  settle(plan: Plan): GapChange[] {
    const changes: GapChange[] = []
    for (const { box, epoch, lane, settled } of plan.lanes) {
      const lanes = this.#lanesOf(box, epoch)
      const hadHoles = holesOf(lanes.get(lane) ?? [], 1).length > 0
      const missing = holesOf(settled, missingMax)
      lanes.set(lane, settled)
      if (hadHoles !== missing.length > 0) changes.push({ box, lane, missing })
    }
    return changes
  }

  /** What may be said to a box about an epoch: only what is settled. */
  receipt(box: string, epoch: string, centreTimeMs: number): Receipt {
    const lanes: Partial<Record<Lane, LaneReceipt>> = {}
    for (const [lane, settled] of this.#boxes.get(box)?.get(epoch) ?? [])
      lanes[lane] = { storedTo: unbrokenTo(settled), missing: holesOf(settled, missingMax) }
    return { v: 1, epoch, lanes, centreTimeMs, forms: [...reportForms] }
  }

  /** The newest epoch of a box. */
  latestEpoch(box: string): string | undefined {
    return [...(this.#boxes.get(box)?.keys() ?? [])].at(-1)
  }

  #isTooManyEpochs(box: string, epoch: string): boolean {
    const epochs = this.#boxes.get(box)
    return epochs !== undefined && !epochs.has(epoch) && epochs.size >= epochsPerBoxMax
  }

  #lanesOf(box: string, epoch: string): Lanes {
    const epochs = this.#boxes.get(box) ?? new Map<string, Lanes>()
    this.#boxes.set(box, epochs)
    const lanes = epochs.get(epoch) ?? new Map<Lane, NumberRange[]>()
    epochs.set(epoch, lanes)
    return lanes
  }
}

function emptyBatch(box: string, epoch: string, lane: Lane, settled: NumberRange[]): LaneBatch {
  return {
    box,
    epoch,
    lane,
    numbers: [],
    sequences: [],
    bodies: [],
    alarms: [],
    clocks: [],
    origins: [],
    skipped: [],
    settled,
  }
}

const hasNews = (batch: LaneBatch): boolean => batch.numbers.length > 0 || batch.skipped.length > 0

function settledAfter(settled: NumberRange[], { first, records, skipped }: Report): NumberRange[] {
  let after = settled
  if (records.length > 0) after = addRange(after, first, first + records.length - 1)
  for (const { from, to } of skipped ?? []) after = addRange(after, from, to)
  return after
}

/** Adds what `batch.settled` does not cover yet; returns how many records were repeats. */
function addNew(batch: LaneBatch, { report, bodies }: ArrivedReport): number {
  let repeats = 0
  report.records.forEach((record, i) => {
    const number = report.first + i
    if (hasNumber(batch.settled, number)) {
      repeats += 1
      return
    }
    batch.numbers.push(number)
    batch.sequences.push(record.sequence)
    batch.bodies.push(bodies[i] ?? JSON.stringify(record))
    if (record.type === 'alarm') batch.alarms.push(record satisfies AlarmRecord)
    else if (isClockSynced(record)) batch.clocks.push(record)
    if (record.was) batch.origins.push({ sequence: record.sequence, was: record.was })
  })
  for (const { from, to, reason } of report.skipped ?? [])
    if (!coversAll(batch.settled, from, to)) batch.skipped.push({ from, to, reason })
  return repeats
}

function coversAll(ranges: readonly NumberRange[], from: number, to: number): boolean {
  return ranges.some((range) => range[0] <= from && to <= range[1])
}
