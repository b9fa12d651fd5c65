// Stores the data of boxes in one transaction. When that fails because of one box's data, each lane is tried alone, and
// of the failing lane each record: the faulty record goes into quarantine and everything else is stored.
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import { lanes } from '../../../../protocols/domain/colour.ts'
import { parseJson } from '../../../../protocols/kit/parse-json.ts'
import type { AlarmRecord, JournalRecord, LogRecord } from '../../../../protocols/domain/record.ts'
import { identityOf } from '../../../../protocols/domain/record-identity.ts'
import { readBootTime, type BootTime } from '../../../alarms/boot-time.ts'
import { applyAlarmRecord, isOwn, type DeskRow, type RecordOrder } from '../../../alarms/desk-row.ts'
import { isFaultOfData, toStorageFailure } from '../../storage-failure.ts'
import type { AlarmTable } from '../alarm-table.ts'
import type { BootTimes } from './boot-times.ts'
import type { createChangeLog } from '../change-log.ts'
import { positionMax, startOf, type Sqlite } from '../database.ts'
import type { createEpochs } from './epochs.ts'
import { createOrigins } from './origins.ts'
import type { createPictureWriter } from '../pictures/picture-table.ts'
import {
  rowOverheadBytes,
  type IntakeBatch,
  type LaneBatch,
  type QuarantineEntry,
  type RepeatedRecord,
  type SpoiltRecord,
  type StoredChange,
  type StoredIntake,
} from '../../port.ts'

/** Unreadable messages kept for a person, of all boxes and of one; the oldest are deleted. */
export const quarantineRowsMax = 200
export const quarantineRowsPerBoxMax = 40
/** Bytes kept of each. */
export const quarantineBytesMax = 16 * 1024
/** A box's alarms are pushed to open desks again at most this often because the start of a boot is known better. */
const repairAgainMs = 10_000

export interface IntakeParts {
  alarms: AlarmTable
  logChange: ReturnType<typeof createChangeLog>
  bootTimes: BootTimes
  epochs: ReturnType<typeof createEpochs>
  pictures: ReturnType<typeof createPictureWriter>
  shown: (row: DeskRow) => DeskAlarm
  /** Opens or changes the alarm's case. */
  hearAlarm: (row: DeskRow, atMs: number) => StoredChange[]
}

export function createIntakeWriter(db: Sqlite, parts: IntakeParts): (batch: IntakeBatch) => StoredIntake {
  const { alarms, logChange, bootTimes, epochs, pictures, shown, hearAlarm } = parts
  const touchEpoch = db.prepare('UPDATE epochs SET last_position = ?, bytes = bytes + ? WHERE number = ?')
  const insertRecord = db.prepare(
    `INSERT INTO records (position, epoch, lane, number, sequence, received_at_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (epoch, lane, number) DO NOTHING`,
  )
  const insertSkipped = db.prepare('INSERT OR IGNORE INTO skipped VALUES (?, ?, ?, ?, ?, ?)')
  const putLane = db.prepare('INSERT OR REPLACE INTO lanes (epoch, lane, settled) VALUES (?, ?, ?)')
  const insertQuarantine = db.prepare(
    'INSERT INTO quarantine (box, topic, cause, at_ms, payload) VALUES (?, ?, ?, ?, ?)',
  )
  const pruneQuarantineOfBox = db.prepare(
    `DELETE FROM quarantine WHERE box = @box AND position <=
       (SELECT position FROM quarantine WHERE box = @box ORDER BY position DESC LIMIT 1 OFFSET ${quarantineRowsPerBoxMax})`,
  )
  const pruneQuarantine = db.prepare(
    `DELETE FROM quarantine WHERE position <=
       (SELECT position FROM quarantine ORDER BY position DESC LIMIT 1 OFFSET ${quarantineRowsMax})`,
  )
  // Leaps at each start: after an older backup was restored, no position may be used twice.
  let newest = Math.max(
    startOf(db),
    db
      .prepare<[number], number | null>('SELECT max(position) FROM records WHERE position < ?')
      .pluck()
      .get(positionMax) ?? 0,
  )
  const origins = createOrigins(db, epochs.known)
  /** By box: when its active alarms were last pushed again for their times. */
  const repairedAtMs = new Map<string, number>()

  /** The position in the box's own order: a salvaged record keeps its first position if the centre knows that epoch. */
  function orderOf(box: string, epoch: number, { sequence, was }: AlarmRecord | LogRecord): RecordOrder {
    const first = was && epochs.known(box, was.epoch)
    return was && first !== undefined ? { epoch: first, sequence: was.sequence } : { epoch, sequence }
  }

  /** Open desks show the repaired times of active alarms: pushed once per commit, however many records change them. */
  function noteBootTimes(
    box: string,
    epoch: number,
    records: readonly LogRecord[],
    atMs: number,
  ): StoredChange[] {
    const times = new Map<string, { epoch: number; time: BootTime }>()
    for (const record of records) {
      const time = readBootTime(record)
      const order = orderOf(box, epoch, record)
      if (time) times.set(`${order.epoch}/${time.boot}`, { epoch: order.epoch, time })
    }
    let isNews = false
    for (const one of times.values()) if (bootTimes.note(one.epoch, one.time)) isNews = true
    if (!isNews || atMs - (repairedAtMs.get(box) ?? -repairAgainMs) < repairAgainMs) return []
    const changes = alarms
      .activeOf(box)
      .filter(
        ({ oldest, raised }) => raised.clock === 'unsynced' && times.has(`${oldest.epoch}/${raised.boot}`),
      )
      .map((row) => logChange({ type: 'alarm.updated', alarm: shown(row) }))
    if (changes.length > 0) repairedAtMs.set(box, atMs)
    return changes
  }

  function storeRecords(batch: LaneBatch, epoch: number, lane: number, atMs: number): Set<number> {
    let position = 0
    let bytes = 0
    const places = new Map(batch.origins.map(({ sequence, was }) => [sequence, was]))
    const repeated = new Set<number>()
    const mayBeSalvaged = origins.hasAny(batch.box, batch.epoch)
    for (let i = 0; i < batch.numbers.length; i++) {
      const sequence = batch.sequences[i] ?? 0
      const was = places.get(sequence)
      const isSalvaged = mayBeSalvaged && origins.has(batch.box, { epoch: batch.epoch, sequence })
      if (was ? !origins.claim(batch.box, was, batch.bodies[i] ?? '') : isSalvaged) {
        repeated.add(sequence)
        continue
      }
      const done = insertRecord.run(++newest, epoch, lane, batch.numbers[i], sequence, atMs, batch.bodies[i])
      if (done.changes === 0) continue
      position = newest
      bytes += (batch.bodies[i]?.length ?? 0) + rowOverheadBytes
    }
    if (position > 0) touchEpoch.run(position, bytes, epoch)
    return repeated
  }

  function storeLane(batch: LaneBatch, atMs: number): StoredChange[] {
    const changes: StoredChange[] = []
    const epoch = epochs.numberOf(batch.box, batch.epoch)
    const lane = lanes.indexOf(batch.lane)
    const repeated = storeRecords(batch, epoch, lane, atMs)
    for (const { from, to, reason } of batch.skipped) insertSkipped.run(epoch, lane, from, to, reason, atMs)
    putLane.run(epoch, lane, JSON.stringify(batch.settled))
    const clocks = batch.clocks.filter(({ sequence }) => !repeated.has(sequence))
    if (clocks.length > 0) changes.push(...noteBootTimes(batch.box, epoch, clocks, atMs))
    for (const record of batch.alarms) {
      if (repeated.has(record.sequence)) continue
      const order = orderOf(batch.box, epoch, record)
      const current = alarms.get(`${batch.box}.${record.alarm.id}`)
      // A box can not change the centre's own alarms about it.
      if (current && isOwn(current)) continue
      const { row, news } = applyAlarmRecord(current, batch.box, order, record, atMs)
      if (news === undefined) continue
      alarms.put(row)
      changes.push(logChange({ type: `alarm.${news}`, alarm: shown(row) }), ...hearAlarm(row, atMs))
    }
    for (const record of batch.pictures) {
      if (repeated.has(record.sequence)) continue
      const { epoch: first } = orderOf(batch.box, epoch, record)
      changes.push(...pictures.note(batch.box, first, record, atMs).map(logChange))
    }
    return changes
  }

  function keepUnreadable({ box, topic, cause, payload }: QuarantineEntry, atMs: number): void {
    const kept = Buffer.from(payload.subarray(0, quarantineBytesMax))
    insertQuarantine.run(box, topic.slice(0, 200), cause.slice(0, 500), atMs, kept)
    pruneQuarantineOfBox.run({ box })
    pruneQuarantine.run()
  }

  /** Runs inside the transaction around it; false when its data made it fail, and then it left no changes. */
  function attempt(run: () => void): string | undefined {
    try {
      db.transaction(run)()
      return undefined
    } catch (error) {
      if (!isFaultOfData(error)) throw error
      return toStorageFailure(error).message
    }
  }

  function storeOneByOne(batch: LaneBatch, atMs: number, changes: StoredChange[]): SpoiltRecord[] {
    const { box, lane, epoch } = batch
    const spoilt: SpoiltRecord[] = []
    batch.numbers.forEach((number, i) => {
      const made: StoredChange[] = []
      const why = attempt(() => made.push(...storeLane(onlyRecord(batch, i), atMs)))
      if (why === undefined) {
        changes.push(...made)
        return
      }
      spoilt.push({ box, lane, number, why })
      const payload = Buffer.from(batch.bodies[i] ?? '')
      keepUnreadable(
        { box, topic: `${epoch}/${lane}/${number}`, cause: `can not be stored: ${why}`, payload },
        atMs,
      )
      insertSkipped.run(
        epochs.numberOf(box, epoch),
        lanes.indexOf(lane),
        number,
        number,
        'in quarantine',
        atMs,
      )
    })
    storeLane({ ...onlyRecord(batch, -1), skipped: batch.skipped }, atMs)
    return spoilt
  }

  const storeTogether = db.transaction((batch: IntakeBatch): StoredIntake => {
    const atMs = Math.round(batch.receivedAtMs)
    const changes = batch.lanes.flatMap((lane) => storeLane(lane, atMs))
    for (const entry of batch.quarantined) keepUnreadable(entry, atMs)
    return { changes, spoilt: [] }
  })

  const storeApart = db.transaction((batch: IntakeBatch): StoredIntake => {
    const atMs = Math.round(batch.receivedAtMs)
    const stored: StoredIntake = { changes: [], spoilt: [] }
    for (const lane of batch.lanes) {
      const made: StoredChange[] = []
      if (attempt(() => made.push(...storeLane(lane, atMs))) === undefined) stored.changes.push(...made)
      else stored.spoilt.push(...storeOneByOne(lane, atMs, stored.changes))
    }
    for (const entry of batch.quarantined) keepUnreadable(entry, atMs)
    return stored
  })

  const selectBody = db
    .prepare<[number, number, number], string>(
      'SELECT body FROM records WHERE epoch = ? AND lane = ? AND number = ?',
    )
    .pluck()

  /** A number without a record was skipped, or stored at another position: no conflict. */
  function isOther({ box, epoch, lane, number, identity }: RepeatedRecord): boolean {
    const known = epochs.known(box, epoch)
    const body = known === undefined ? undefined : selectBody.get(known, lanes.indexOf(lane), number)
    // An unreadable stored row does not prove another record, and must not make a box's Report fail.
    const read = body === undefined ? undefined : parseJson(body, Infinity)
    return read?.ok === true && identityOf(read.value as JournalRecord) !== identity
  }

  return (batch) => {
    let stored: StoredIntake
    try {
      stored = storeTogether.immediate(batch)
    } catch (error) {
      if (!isFaultOfData(error)) throw error
      stored = storeApart.immediate(batch)
    }
    // Only once committed: an epoch that was rolled back must be created again.
    for (const { box, epoch } of batch.lanes) epochs.remember(box, epoch)
    const conflicts = (batch.repeated ?? []).filter(isOther)
    return conflicts.length > 0 ? { ...stored, conflicts } : stored
  }
}

/** The batch with one of its records; none for an index below zero. */
function onlyRecord(batch: LaneBatch, index: number): LaneBatch {
  const sequence = batch.sequences[index]
  const isIts = (record: { sequence: number }): boolean => record.sequence === sequence
  return {
    ...batch,
    numbers: index < 0 ? [] : batch.numbers.slice(index, index + 1),
    sequences: sequence === undefined ? [] : [sequence],
    bodies: index < 0 ? [] : batch.bodies.slice(index, index + 1),
    alarms: batch.alarms.filter(isIts),
    clocks: batch.clocks.filter(isIts),
    pictures: batch.pictures.filter(isIts),
    origins: batch.origins.filter(isIts),
    skipped: [],
  }
}
