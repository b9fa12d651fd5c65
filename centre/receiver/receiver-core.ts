// The centre's guarantees to a box, as a state machine without I/O: which records are new, which are missing, and which
// Receipt may be sent. A record counts as stored only after `settle`, which follows the commit.
import { casePackage } from '../cases/upward-record.ts'
import { dailyReport } from '../../protocols/uplink/daily-report.ts'
import { villageList } from '../../protocols/uplink/village-list.ts'
import { lanes, type Lane } from '../../protocols/domain/colour.ts'
import type { AlarmRecord } from '../../protocols/domain/record.ts'
import { reportForms, type LaneReceipt, type Receipt } from '../../protocols/uplink/receipt.ts'
import type { Report } from '../../protocols/uplink/report.ts'
import type { FaultyRecord } from './faulty-records.ts'
import type { KnownLane, LaneBatch, NumberRange, RecordConflict, RepeatedRecord } from '../storage/port.ts'
import { identityOf } from '../../protocols/domain/record-identity.ts'
import { isClockSynced } from '../alarms/boot-time.ts'
import { isAboutPicture } from '../alarms/picture-records.ts'
import { addRange, hasNumber, holesOf, newOf, unbrokenTo } from '../../protocols/kit/ranges.ts'

/** Most holes per lane; a Report that would make more is refused, and comes again once holes are filled. */
export const rangesMax = 1000
/** Most ranges of one box over all its epochs and lanes: this bounds the memory for a box that makes many of both. */
export const rangesPerBoxMax = 6000
/**
 * A box may skip at most this far beyond the highest number it announced or sent: its heartbeat gives that number every
 * 30 s.
 */
export const skipAheadMax = 1_000_000
/** Holes named in one Receipt, the oldest first (the contract's limit). */
export const missingMax = 100
/** Journals that one box may begin over the years; a box above this is broken or hostile. */
export const epochsPerBoxMax = 1000
/**
 * Boxes whose loss by an older backup is tracked at once; others are found when these have sent their records again.
 */
export const lostBoxesMax = 50_000

/** A Report that was parsed; `bodies` are the records' JSON in the same order. */
export interface ArrivedReport {
  box: string
  report: Report
  bodies: readonly string[]
  /** Records that could not be read; a note stands in the place of each. */
  faulty?: readonly FaultyRecord[]
}

/** The content of one transaction, and the state once it is committed. */
export interface Plan {
  lanes: LaneBatch[]
  /** Records that were stored before, or twice in this plan. */
  repeats: number
  /**
   * Those of them that are stored: to be compared, because a box whose folder was restored to an earlier state uses their numbers for other
   * records.
   */
  repeated: RepeatedRecord[]
  /** Reports (by index) that can not be stored, with the reason. */
  refused: { index: number; reason: string }[]
  /** Boxes and epochs that must get a Receipt after the commit, also when all records were repeats. */
  heard: { box: string; epoch: string }[]
}

export interface GapChange {
  box: string
  lane: Lane
  missing: NumberRange[]
}

/** The positions of a box in its lanes, from its heartbeat. */
export type HeartbeatLanes = Partial<Record<Lane, { last: number; receipted: number }>>

type Lanes = Map<Lane, NumberRange[]>

export class ReceiverCore {
  /** By box, then by epoch in the order of first arrival. */
  readonly #boxes = new Map<string, Map<string, Lanes>>()
  /**
   * By box, in the epoch of its last heartbeat: numbers receipted before an older backup was restored, and not here
   * again yet.
   */
  readonly #lost = new Map<string, { epoch: string; lanes: Map<Lane, number> }>()

  /** By box, in one epoch: the lowest number of each lane that came again as another record. */
  readonly #conflicts = new Map<string, { epoch: string; lanes: Map<Lane, number> }>()
  /** By box: number of ranges kept. */
  readonly #ranges = new Map<string, number>()
  /** By box: the highest numbers in its heartbeats, in the epoch of the last one. */
  readonly #announced = new Map<string, { epoch: string; lanes: HeartbeatLanes }>()
  /** By box/epoch/lane: numbers that the box declared missing. */
  readonly #givenUp = new Map<string, number>()

  /** Takes the state of storage at the start. */
  remember(epochs: readonly { box: string; epoch: string }[], known: readonly KnownLane[]): void {
    for (const { box, epoch } of epochs) this.#lanesOf(box, epoch)
    for (const { box, epoch, lane, settled, givenUp } of known) {
      this.#keep(box, epoch, lane, settled)
      if (givenUp > 0) this.#givenUp.set(`${box}/${epoch}/${lane}`, givenUp)
    }
  }

  /** The state of a box that another centre had before: what this one knew of it is out of date. */
  adopt(box: string, epochs: readonly string[], known: readonly KnownLane[]): void {
    this.#boxes.delete(box)
    this.#ranges.delete(box)
    this.remember(
      epochs.map((epoch) => ({ box, epoch })),
      known,
    )
  }

  /** Plans `reports` in order without changing any state: a commit that fails needs no undo here. */
  plan(reports: readonly ArrivedReport[]): Plan {
    const batches = new Map<string, LaneBatch>()
    const heard = new Map<string, { box: string; epoch: string }>()
    const refused: Plan['refused'] = []
    const grown = new Map<string, number>()
    let repeats = 0
    const repeated: RepeatedRecord[] = []
    reports.forEach((arrived, index) => {
      const { box, report } = arrived
      const { epoch, lane } = report
      if (this.#isTooManyEpochs(box, epoch)) {
        refused.push({ index, reason: `more than ${epochsPerBoxMax} epochs` })
        return
      }
      const key = `${box}/${epoch}/${lane}`
      const settled = [...this.#settled(box, epoch, lane)]
      const batch = batches.get(key) ?? emptyBatch(box, epoch, lane, settled)
      const after = settledAfter(batch.settled, report)
      if (after.length > rangesMax) {
        refused.push({ index, reason: `more than ${rangesMax} holes in lane ${lane}` })
        return
      }
      const growth = (grown.get(box) ?? 0) + Math.max(0, after.length - batch.settled.length)
      if (after.length > batch.settled.length && (this.#ranges.get(box) ?? 0) + growth > rangesPerBoxMax) {
        refused.push({ index, reason: `more than ${rangesPerBoxMax} ranges of numbers in all lanes` })
        return
      }
      if (this.#isSkippingAhead(arrived, batch.settled)) {
        refused.push({ index, reason: 'skips numbers that the box never announced' })
        return
      }
      grown.set(box, growth)
      repeats += addNew(batch, arrived, repeated)
      batch.settled = after
      batches.set(key, batch)
      heard.set(`${box}/${epoch}`, { box, epoch })
    })
    return {
      lanes: [...batches.values()].filter(hasNews),
      repeats,
      repeated,
      refused,
      heard: [...heard.values()],
    }
  }

  /** The box's receipted positions. Returns the lanes in which they are above the stored ones, if that is new. */
  hear(box: string, epoch: string, heard: HeartbeatLanes): GapChange[] {
    this.#announced.set(box, { epoch, lanes: heard })
    if (this.#lost.get(box)?.epoch !== epoch) this.#lost.delete(box)
    const changes: GapChange[] = []
    for (const lane of lanes) {
      const receipted = heard[lane]?.receipted ?? 0
      const isHere = receipted <= unbrokenTo(this.#settled(box, epoch, lane))
      if (isHere || receipted <= (this.#lostTo(box, epoch, lane) ?? 0)) continue
      if (!this.#lost.has(box) && this.#lost.size >= lostBoxesMax) break
      const lost = this.#lost.get(box) ?? { epoch, lanes: new Map<Lane, number>() }
      lost.lanes.set(lane, receipted)
      this.#lost.set(box, lost)
      changes.push({ box, lane, missing: this.missing(box, epoch, lane) })
    }
    return changes
  }

  /** Boxes that were receipted more than is stored here. */
  boxesAhead(): string[] {
    return [...this.#lost.keys()]
  }

  /** Numbers that exist and are not stored: the holes, and those lost by an older backup. */
  missing(box: string, epoch: string, lane: Lane): NumberRange[] {
    return missingOf(this.#settled(box, epoch, lane), this.#lostTo(box, epoch, lane))
  }

  /** How many numbers the box declared missing: they count as settled and are gone. */
  givenUp(box: string, epoch: string, lane: Lane): number {
    return this.#givenUp.get(`${box}/${epoch}/${lane}`) ?? 0
  }

  /** A number came again as another record: it is not receipted until the box begins a new epoch. */
  conflict({ box, epoch, lane, number }: RecordConflict): void {
    const known = this.#conflicts.get(box)
    const ofEpoch = known?.epoch === epoch ? known.lanes : new Map<Lane, number>()
    ofEpoch.set(lane, Math.min(number, ofEpoch.get(lane) ?? number))
    this.#conflicts.set(box, { epoch, lanes: ofEpoch })
  }

  /** The plan's commit is on disk. Returns the lanes that have new holes or none any more. */
  settle(plan: Plan): GapChange[] {
    const changes: GapChange[] = []
    for (const { box, epoch, lane, settled, skipped } of plan.lanes) {
      if (this.#conflicts.get(box)?.epoch !== epoch) this.#conflicts.delete(box)
      const gone = skipped.reduce((sum, { from, to }) => sum + to - from + 1, 0)
      if (gone > 0) this.#givenUp.set(`${box}/${epoch}/${lane}`, this.givenUp(box, epoch, lane) + gone)
      const hadHoles = this.missing(box, epoch, lane).length > 0
      this.#keep(box, epoch, lane, settled)
      if (unbrokenTo(settled) >= (this.#lostTo(box, epoch, lane) ?? 0)) this.#found(box, lane)
      const missing = this.missing(box, epoch, lane)
      if (hadHoles !== missing.length > 0) changes.push({ box, lane, missing })
    }
    return changes
  }

  /** The Receipt for an epoch of a box: only settled numbers. */
  receipt(box: string, epoch: string, centreTimeMs: number): Receipt {
    const receipts: Partial<Record<Lane, LaneReceipt>> = {}
    for (const lane of lanes) {
      const settled = this.#settled(box, epoch, lane)
      const lostTo = this.#lostTo(box, epoch, lane)
      if (settled.length === 0 && lostTo === undefined) continue
      const conflicts = this.#conflicts.get(box)
      const conflict = conflicts?.epoch === epoch ? conflicts.lanes.get(lane) : undefined
      receipts[lane] = {
        storedTo: Math.min(unbrokenTo(settled), (conflict ?? Number.POSITIVE_INFINITY) - 1),
        missing: holesOf(settled, missingMax),
        ...(lostTo === undefined ? {} : { lostTo }),
        ...(conflict === undefined ? {} : { conflict }),
      }
    }
    const isOlder = this.#boxes.get(box)?.has(epoch) === true && this.latestEpoch(box) !== epoch
    const newer = isOlder ? { newerEpoch: true } : {}
    return { v: 1, epoch, lanes: receipts, centreTimeMs, forms: [...reportForms], ...newer }
  }

  /** The newest epoch of a box. */
  latestEpoch(box: string): string | undefined {
    return [...(this.#boxes.get(box)?.keys() ?? [])].at(-1)
  }

  #keep(box: string, epoch: string, lane: Lane, settled: NumberRange[]): void {
    const before = this.#settled(box, epoch, lane).length
    this.#ranges.set(box, (this.#ranges.get(box) ?? 0) + settled.length - before)
    this.#lanesOf(box, epoch).set(lane, settled)
  }

  /**
   * Skipped numbers lie below the records of their Report; without records, at most slightly above the known numbers.
   */
  #isSkippingAhead({ box, report }: ArrivedReport, settled: readonly NumberRange[]): boolean {
    const { epoch, lane, first, records, skipped = [] } = report
    const announced = this.#announced.get(box)
    const known = Math.max(
      records.length > 0 ? first + records.length - 1 : 0,
      settled.at(-1)?.[1] ?? 0,
      announced?.epoch === epoch ? (announced.lanes[lane]?.last ?? 0) : 0,
    )
    return skipped.some(({ to }) => to > known + skipAheadMax)
  }

  #isTooManyEpochs(box: string, epoch: string): boolean {
    const epochs = this.#boxes.get(box)
    return epochs !== undefined && !epochs.has(epoch) && epochs.size >= epochsPerBoxMax
  }

  #settled(box: string, epoch: string, lane: Lane): readonly NumberRange[] {
    return this.#boxes.get(box)?.get(epoch)?.get(lane) ?? []
  }

  #lostTo(box: string, epoch: string, lane: Lane): number | undefined {
    const lost = this.#lost.get(box)
    return lost?.epoch === epoch ? lost.lanes.get(lane) : undefined
  }

  #found(box: string, lane: Lane): void {
    const lost = this.#lost.get(box)
    lost?.lanes.delete(lane)
    if (lost?.lanes.size === 0) this.#lost.delete(box)
  }

  #lanesOf(box: string, epoch: string): Lanes {
    const epochs = this.#boxes.get(box) ?? new Map<string, Lanes>()
    this.#boxes.set(box, epochs)
    const lanes = epochs.get(epoch) ?? new Map<Lane, NumberRange[]>()
    epochs.set(epoch, lanes)
    return lanes
  }
}

/** Log records that mean something to the town beside what all of them do. */
const ownLogs: ReadonlySet<string> = new Set([dailyReport, casePackage, villageList])

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
    pictures: [],
    origins: [],
    skipped: [],
    settled,
  }
}

const hasNews = (batch: LaneBatch): boolean => batch.numbers.length > 0 || batch.skipped.length > 0

/** Includes the holes below `lostTo`, which may lie above all stored numbers. */
function missingOf(settled: readonly NumberRange[], lostTo: number | undefined): NumberRange[] {
  const holes = holesOf(settled, missingMax)
  const last = settled.at(-1)?.[1] ?? 0
  if (lostTo !== undefined && lostTo > last && holes.length < missingMax) holes.push([last + 1, lostTo])
  return holes
}

function settledAfter(settled: NumberRange[], { first, records, skipped }: Report): NumberRange[] {
  let after = settled
  if (records.length > 0) after = addRange(after, first, first + records.length - 1)
  for (const { from, to } of skipped ?? []) after = addRange(after, from, to)
  return after
}

/** Adds the numbers that `batch.settled` does not cover yet; returns the number of repeats. */
function addNew(batch: LaneBatch, { report, bodies }: ArrivedReport, repeated: RepeatedRecord[]): number {
  let repeats = 0
  report.records.forEach((record, i) => {
    const number = report.first + i
    if (hasNumber(batch.settled, number)) {
      repeats += 1
      const { box, epoch, lane } = batch
      repeated.push({ box, epoch, lane, number, identity: identityOf(record) })
      return
    }
    batch.numbers.push(number)
    batch.sequences.push(record.sequence)
    batch.bodies.push(bodies[i] ?? JSON.stringify(record))
    if (record.type === 'alarm') batch.alarms.push(record satisfies AlarmRecord)
    else if (record.type === 'log' && ownLogs.has(record.what)) (batch.daily ??= []).push(record)
    else if (isClockSynced(record)) batch.clocks.push(record)
    else if (isAboutPicture(record)) batch.pictures.push(record)
    if (record.was) batch.origins.push({ sequence: record.sequence, was: record.was })
  })
  // Each number once, however often it is named: missing numbers are summed.
  let covered: readonly NumberRange[] = batch.settled
  for (const { from, to, reason } of report.skipped ?? []) {
    for (const [start, end] of newOf(covered, from, to)) batch.skipped.push({ from: start, to: end, reason })
    covered = addRange(covered, from, to)
  }
  return repeats
}
