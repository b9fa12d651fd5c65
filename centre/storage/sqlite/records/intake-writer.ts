// Stores the data of boxes in one transaction. When that fails because of one box's data, each lane is tried alone, and
// of the failing lane each record: the faulty record goes into quarantine and everything else is stored.
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import { lanes } from '../../../../protocols/domain/colour.ts'
import { parseJson } from '../../../../protocols/kit/parse-json.ts'
import type { AlarmRecord, JournalRecord, LogRecord } from '../../../../protocols/domain/record.ts'
import { identityOf } from '../../../../protocols/domain/record-identity.ts'
import { villageList } from '../../../../protocols/uplink/village-list.ts'
import { casePackage } from '../../../cases/upward-record.ts'
import { entryOf, onlyRecord } from './one-record.ts'
import { readBootTime, type BootTime } from '../../../alarms/boot-time.ts'
import {
  applyAlarmRecord,
  isActive,
  isOwn,
  type DeskRow,
  type RecordOrder,
} from '../../../alarms/desk-row.ts'
import { isFaultOfData, toStorageFailure } from '../../storage-failure.ts'
import { isBulk } from '../../intake/bulk.ts'
import type { AlarmTable } from '../alarm-table.ts'
import type { BootTimes } from './boot-times.ts'
import type { createChangeLog } from '../change-log.ts'
import { immediately, isPostgres, positionMax, startOf, turnsOf, type Sqlite } from '../database.ts'
import type { createEpochs } from './epochs.ts'
import { createFenceCheck } from './owner-table.ts'
import { createOrigins } from './origins.ts'
import { createRecordInsert, type NewRecord } from './record-insert.ts'
import { createUnreadableAlarms, type UnreadableAlarmsOptions } from './unreadable-alarms.ts'
import type { createPictureWriter } from '../pictures/picture-table.ts'
import {
  type IntakeBatch,
  type LaneBatch,
  type QuarantineEntry,
  type RepeatedRecord,
  type UnstorableRecord,
  type StoredChange,
  type StoredIntake,
} from '../../port.ts'

/** Unreadable messages kept for a person, of all boxes and of one; the oldest are deleted. */
export const quarantineRowsMax = 200
export const quarantineRowsPerBoxMax = 40
/** Records of bulk between two looks whether an urgent transaction waits: some milliseconds. */
const recordsPerLook = 100
/** Bytes kept of each. */
export const quarantineBytesMax = 16 * 1024
/** A box's alarms are pushed to open desks again at most this often because the start of a boot is known better. */
const repairAgainMs = 10_000

export interface IntakeParts extends Pick<UnreadableAlarmsOptions, 'applyOwn' | 'nameOf'> {
  alarms: AlarmTable
  logChange: ReturnType<typeof createChangeLog>
  bootTimes: BootTimes
  epochs: ReturnType<typeof createEpochs>
  pictures: ReturnType<typeof createPictureWriter>
  shown: (row: DeskRow) => DeskAlarm
  /** Opens or changes the alarm's case. */
  hearAlarm: (row: DeskRow, atMs: number) => StoredChange[]
  endUnrecorded: (row: DeskRow, atMs: number) => StoredChange[]
  fileDaily: (box: string, record: LogRecord, atMs: number) => void
  hearPackage: (box: string, record: LogRecord, atMs: number) => void
  hearList: (box: string, record: LogRecord, atMs: number) => void
}

function prepareStatements(db: Sqlite) {
  const insertRecords = createRecordInsert(db)
  const insertSkipped = db.prepare('INSERT INTO skipped VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')
  const putLane = db.prepare(`INSERT INTO lanes (epoch, lane, settled) VALUES (?, ?, ?)
     ON CONFLICT (epoch, lane) DO UPDATE SET settled = excluded.settled`)
  const insertQuarantine = db.prepare(
    'INSERT INTO quarantine (box, topic, cause, at_ms, payload) VALUES (?, ?, ?, ?, ?)',
  )
  const sameQuarantine = db
    .prepare<[string, string, string, Buffer], number>(
      'SELECT position FROM quarantine WHERE box = ? AND topic = ? AND cause = ? AND payload = ?',
    )
    .pluck()
  const pruneQuarantineOfBox = db.prepare(
    `DELETE FROM quarantine WHERE box = @box AND position <=
       (SELECT position FROM quarantine WHERE box = @box ORDER BY position DESC LIMIT 1 OFFSET ${quarantineRowsPerBoxMax})`,
  )
  const pruneQuarantine = db.prepare(
    `DELETE FROM quarantine WHERE position <=
       (SELECT position FROM quarantine ORDER BY position DESC LIMIT 1 OFFSET ${quarantineRowsMax})`,
  )
  const selectBody = db
    .prepare<[number, number, number], string>(
      'SELECT body FROM records WHERE epoch = ? AND lane = ? AND number = ?',
    )
    .pluck()
  const lastPosition = db
    .prepare<[number], number | null>('SELECT max(position) FROM records WHERE position < ?')
    .pluck()
  return {
    lastPosition,
    insertRecords,
    insertSkipped,
    putLane,
    insertQuarantine,
    sameQuarantine,
    pruneQuarantineOfBox,
    pruneQuarantine,
    selectBody,
  }
}

export function createIntakeWriter(db: Sqlite, parts: IntakeParts): (batch: IntakeBatch) => StoredIntake {
  const writer = new IntakeWriter(db, parts)
  return (batch) => writer.store(batch)
}

/** Every call of `store` is one transaction. */
class IntakeWriter {
  readonly #db: Sqlite
  readonly #parts: IntakeParts
  readonly #statements: ReturnType<typeof prepareStatements>
  readonly #origins: ReturnType<typeof createOrigins>
  readonly #raiseUnreadable: ReturnType<typeof createUnreadableAlarms>
  readonly #lostOf: ReturnType<typeof createFenceCheck>
  readonly #together: (batch: IntakeBatch) => StoredIntake
  readonly #apart: (batch: IntakeBatch) => StoredIntake
  /** The highest position given. It is raised by a large step at each start: after an older backup was restored, no position may be used twice. */
  #newest: number
  /** By box: when its active alarms were last pushed again for their times. */
  readonly #repairedAtMs = new Map<string, number>()

  constructor(db: Sqlite, parts: IntakeParts) {
    this.#db = db
    this.#parts = parts
    this.#statements = prepareStatements(db)
    this.#origins = createOrigins(db, parts.epochs.known)
    this.#raiseUnreadable = createUnreadableAlarms({ db, ...parts })
    this.#lostOf = createFenceCheck(db)
    this.#together = immediately(db, (batch: IntakeBatch) => this.#storeTogether(batch))
    this.#apart = immediately(db, (batch: IntakeBatch) => this.#storeApart(batch))
    this.#newest = Math.max(startOf(db), this.#statements.lastPosition.get(positionMax) ?? 0)
  }

  /** The position in the box's own order: a salvaged record keeps its first position if the centre knows that epoch. */
  #orderOf(box: string, epoch: number, { sequence, was }: AlarmRecord | LogRecord): RecordOrder {
    const first = was && this.#parts.epochs.known(box, was.epoch)
    return was && first !== undefined ? { epoch: first, sequence: was.sequence } : { epoch, sequence }
  }

  /** Open desks show the repaired times of active alarms: pushed once per commit, however many records change them. */
  #noteBootTimes(box: string, epoch: number, records: readonly LogRecord[], atMs: number): StoredChange[] {
    const times = new Map<string, { epoch: number; time: BootTime }>()
    for (const record of records) {
      const time = readBootTime(record)
      const order = this.#orderOf(box, epoch, record)
      if (time) times.set(`${order.epoch}/${time.boot}`, { epoch: order.epoch, time })
    }
    let isNews = false
    for (const one of times.values()) if (this.#parts.bootTimes.note(one.epoch, one.time)) isNews = true
    if (!isNews || atMs - (this.#repairedAtMs.get(box) ?? -repairAgainMs) < repairAgainMs) return []
    const changes = this.#parts.alarms
      .activeOf(box)
      .filter(
        ({ oldest, raised }) => raised.clock === 'unsynced' && times.has(`${oldest.epoch}/${raised.boot}`),
      )
      .map((row) => this.#parts.logChange({ type: 'alarm.updated', alarm: this.#parts.shown(row) }))
    if (changes.length > 0) this.#repairedAtMs.set(box, atMs)
    return changes
  }

  #storeRecords(batch: LaneBatch, epoch: number, lane: number, atMs: number): Set<number> {
    const places = new Map(batch.origins.map(({ sequence, was }) => [sequence, was]))
    const repeated = new Set<number>()
    const mayBeSalvaged = this.#origins.hasAny(batch.box, batch.epoch)
    const rows = batch.numbers.flatMap((number, i): NewRecord[] => {
      const sequence = batch.sequences[i] ?? 0
      const body = batch.bodies[i] ?? ''
      const was = places.get(sequence)
      const isSalvaged = mayBeSalvaged && this.#origins.has(batch.box, { epoch: batch.epoch, sequence })
      const isNew = was ? this.#origins.claim(batch.box, was, body) : !isSalvaged
      if (!isNew) repeated.add(sequence)
      return isNew ? [{ number, sequence, body }] : []
    })
    const position = this.#newest + 1
    this.#newest += rows.length
    this.#statements.insertRecords({ epoch, lane, atMs, position, rows })
    return repeated
  }

  /**
   * A box has one active alarm per device and kind. If it raises another one than the call that it could not store, it
   * does not know that call any more: it restarted, and the device has sent its press again.
   */
  #endForgotten({ box, alarm: { device, kind } }: DeskRow, atMs: number): StoredChange[] {
    return this.#parts.alarms
      .unrecorded({ box, kind })
      .filter(({ alarm }) => alarm.device === device)
      .flatMap((row) => this.#parts.endUnrecorded(row, atMs))
  }

  #storeLane(batch: LaneBatch, atMs: number): StoredChange[] {
    const changes: StoredChange[] = []
    const epoch = this.#parts.epochs.numberOf(batch.box, batch.epoch)
    const lane = lanes.indexOf(batch.lane)
    const repeated = this.#storeRecords(batch, epoch, lane, atMs)
    for (const { from, to, reason } of batch.skipped)
      this.#statements.insertSkipped.run(epoch, lane, from, to, reason, atMs)
    this.#statements.putLane.run(epoch, lane, JSON.stringify(batch.settled))
    const clocks = batch.clocks.filter(({ sequence }) => !repeated.has(sequence))
    if (clocks.length > 0) changes.push(...this.#noteBootTimes(batch.box, epoch, clocks, atMs))
    for (const record of batch.alarms) {
      if (repeated.has(record.sequence)) continue
      const order = this.#orderOf(batch.box, epoch, record)
      const current = this.#parts.alarms.get(`${batch.box}.${record.alarm.id}`)
      // A box can not change the centre's own alarms about it.
      if (current && isOwn(current)) continue
      const { row, news } = applyAlarmRecord(current, batch.box, order, record, atMs)
      if (news === undefined) continue
      this.#parts.alarms.put(row)
      changes.push(
        this.#parts.logChange({ type: `alarm.${news}`, alarm: this.#parts.shown(row) }),
        ...this.#parts.hearAlarm(row, atMs),
      )
      if (!current && isActive(row)) changes.push(...this.#endForgotten(row, atMs))
    }
    for (const record of batch.pictures) {
      if (repeated.has(record.sequence)) continue
      const { epoch: first } = this.#orderOf(batch.box, epoch, record)
      changes.push(...this.#parts.pictures.note(batch.box, first, record, atMs).map(this.#parts.logChange))
    }
    for (const record of batch.daily ?? [])
      if (!repeated.has(record.sequence)) this.#hearLog(batch.box, record, atMs)
    return changes
  }

  #hearLog(box: string, record: LogRecord, atMs: number): void {
    const { hearPackage, hearList, fileDaily } = this.#parts
    if (record.what === casePackage) hearPackage(box, record, atMs)
    else if (record.what === villageList) hearList(box, record, atMs)
    else fileDaily(box, record, atMs)
  }

  /** What comes again is in quarantine once: it pushes nothing else out. */
  #keepUnreadable({ box, topic, cause, payload, alarm }: QuarantineEntry, atMs: number): StoredChange[] {
    const kept = Buffer.from(payload.subarray(0, quarantineBytesMax))
    const values = [box, topic.slice(0, 200), cause.slice(0, 500)] as const
    let position = this.#statements.sameQuarantine.get(...values, kept)
    if (position !== undefined && alarm?.mayComeAgain) return []
    if (position === undefined) {
      position = Number(this.#statements.insertQuarantine.run(...values, atMs, kept).lastInsertRowid)
      this.#statements.pruneQuarantineOfBox.run({ box })
      this.#statements.pruneQuarantine.run()
    }
    return alarm ? this.#raiseUnreadable(box, alarm, position, atMs) : []
  }

  /** Runs inside the transaction around it; false when it failed for its data and left nothing behind. */
  #attempt(run: () => void): string | undefined {
    try {
      this.#db.transaction(run)()
      return undefined
    } catch (error) {
      if (!isFaultOfData(error)) throw error
      return toStorageFailure(error).message
    }
  }

  #storeOneByOne(batch: LaneBatch, atMs: number, changes: StoredChange[]): UnstorableRecord[] {
    const { box, lane, epoch } = batch
    const spoilt: UnstorableRecord[] = []
    batch.numbers.forEach((number, i) => {
      const made: StoredChange[] = []
      const why = this.#attempt(() => made.push(...this.#storeLane(onlyRecord(batch, i), atMs)))
      if (why === undefined) {
        changes.push(...made)
        return
      }
      spoilt.push({ box, lane, number, why })
      changes.push(
        ...this.#keepUnreadable({ ...entryOf(batch, i), cause: `can not be stored: ${why}` }, atMs),
      )
      this.#statements.insertSkipped.run(
        this.#parts.epochs.numberOf(box, epoch),
        lanes.indexOf(lane),
        number,
        number,
        'in quarantine',
        atMs,
      )
    })
    this.#storeLane({ ...onlyRecord(batch, -1), skipped: batch.skipped }, atMs)
    return spoilt
  }

  /** Other centres store records too: positions go on behind theirs. What each lane would ask for is read at once. */
  #meetOthers(boxes: readonly string[]): void {
    if (!isPostgres(this.#db)) return
    this.#newest = Math.max(this.#newest, this.#statements.lastPosition.get(positionMax) ?? 0)
    if (boxes.length < 2) return
    this.#parts.epochs.load(boxes)
    this.#origins.load(boxes)
  }

  /** What was read holds for one attempt: a failed one may have made an epoch that is not there. */
  #forget(): void {
    this.#parts.epochs.unload()
    this.#origins.unload()
  }

  /** Over PostgreSQL one transaction of the town runs at a time: one without red and orange ends early for one that has them. */
  #createYield(batch: IntakeBatch): (lane: LaneBatch) => boolean {
    const turns = turnsOf(this.#db)
    if (!isBulk(batch) || !turns) return () => false
    let records = 0
    return ({ numbers }) => {
      records += numbers.length
      if (records < recordsPerLook) return false
      records = 0
      return turns.isUrgentWaiting()
    }
  }

  #storeTogether(batch: IntakeBatch): StoredIntake {
    const lost = this.#lostOf(batch.fences ?? {})
    if (lost.length > 0) return { changes: [], spoilt: [], lost }
    this.#meetOthers(batch.lanes.map(({ box }) => box))
    const atMs = Math.round(batch.receivedAtMs)
    const changes: StoredChange[] = []
    const mustYield = this.#createYield(batch)
    for (const [at, lane] of batch.lanes.entries()) {
      changes.push(...this.#storeLane(lane, atMs))
      if (at + 1 < batch.lanes.length && mustYield(lane)) return { changes, spoilt: [], storedLanes: at + 1 }
    }
    changes.push(...batch.quarantined.flatMap((entry) => this.#keepUnreadable(entry, atMs)))
    return { changes, spoilt: [] }
  }

  #storeApart(batch: IntakeBatch): StoredIntake {
    const atMs = Math.round(batch.receivedAtMs)
    const lost = this.#lostOf(batch.fences ?? {})
    if (lost.length > 0) return { changes: [], spoilt: [], lost }
    this.#meetOthers([])
    const stored: StoredIntake = { changes: [], spoilt: [] }
    for (const lane of batch.lanes) {
      const made: StoredChange[] = []
      if (this.#attempt(() => made.push(...this.#storeLane(lane, atMs))) === undefined)
        stored.changes.push(...made)
      else stored.spoilt.push(...this.#storeOneByOne(lane, atMs, stored.changes))
    }
    for (const entry of batch.quarantined) stored.changes.push(...this.#keepUnreadable(entry, atMs))
    return stored
  }

  /** A number without a record of its own is one that was skipped, or stored under another place: no conflict. */
  #isOther({ box, epoch, lane, number, identity }: RepeatedRecord): boolean {
    const known = this.#parts.epochs.known(box, epoch)
    const body =
      known === undefined ? undefined : this.#statements.selectBody.get(known, lanes.indexOf(lane), number)
    // A stored row that cannot be read any more is no proof of another record, and must not fail the Report of a box.
    const read = body === undefined ? undefined : parseJson(body, Infinity)
    return read?.ok === true && identityOf(read.value as JournalRecord) !== identity
  }

  #inTurn(batch: IntakeBatch): StoredIntake {
    const turns = turnsOf(this.#db)
    return isBulk(batch) && turns ? turns.asBulk(() => this.#together(batch)) : this.#together(batch)
  }

  store(batch: IntakeBatch): StoredIntake {
    let stored: StoredIntake
    try {
      stored = this.#inTurn(batch)
    } catch (error) {
      this.#forget()
      if (!isFaultOfData(error)) throw error
      stored = this.#apart(batch)
    }
    this.#forget()
    if (stored.lost || stored.storedLanes !== undefined) return stored
    // Only once committed: a rolled back epoch must be made anew.
    for (const { box, epoch } of batch.lanes) this.#parts.epochs.remember(box, epoch)
    const conflicts = (batch.repeated ?? []).filter((one) => this.#isOther(one))
    return conflicts.length > 0 ? { ...stored, conflicts } : stored
  }
}
