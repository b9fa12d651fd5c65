// The one writer: every call is one transaction, so that records, alarms, stages, trail and stream never disagree.
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import type { Alarm } from '../../../protocols/domain/alarm.ts'
import type { AlarmRecord, LogRecord } from '../../../protocols/domain/record.ts'
import { readBootTime } from '../../alarms/boot-time.ts'
import {
  applyAlarmRecord,
  isActive,
  toDeskAlarm,
  type DeskRow,
  type RecordOrder,
} from '../../alarms/desk-row.ts'
import { acceptAlarm, seeAlarm } from '../../cases/case-steps.ts'
import { trailHash, trailStart, type TrailEntry } from '../../cases/trail.ts'
import { createAccountWriter } from './accounts.ts'
import { createAlarmTable } from './alarm-table.ts'
import { createBootTimes } from './boot-times.ts'
import { createCommandWriter } from './command-table.ts'
import { createChangeLog, createChangeReader } from './change-log.ts'
import { immediately, startOf, type Sqlite } from './database.ts'
import { createOrigins } from './origins.ts'
import { createPictureWriter } from './picture-table.ts'
import { createLookWriter } from './picture-upkeep.ts'
import type {
  BoxMessage,
  GonePictures,
  KnownBox,
  KnownLane,
  LaneBatch,
  NumberRange,
  StoredChange,
} from '../port.ts'
import type { QuarantineEntry, StepOutcome, WriterCalls } from '../port.ts'

/** Unreadable messages kept for a look; the oldest go. */
export const quarantineRowsMax = 200
/** Bytes kept of each. */
export const quarantineBytesMax = 16 * 1024

export function createWriter(db: Sqlite): WriterCalls {
  const alarms = createAlarmTable(db)
  const logChange = createChangeLog(db)
  const { lastPosition } = createChangeReader(db)
  const insertEpoch = db.prepare('INSERT INTO epochs (box, epoch) VALUES (?, ?)')
  const selectEpoch = db.prepare<[string, string], { number: number }>(
    'SELECT number FROM epochs WHERE box = ? AND epoch = ?',
  )
  const touchEpoch = db.prepare('UPDATE epochs SET last_position = ? WHERE number = ?')
  const insertRecord = db.prepare(
    `INSERT INTO records (position, epoch, lane, number, sequence, received_at_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (epoch, lane, number) DO NOTHING`,
  )
  const insertSkipped = db.prepare('INSERT OR IGNORE INTO skipped VALUES (?, ?, ?, ?, ?, ?)')
  const putLane = db.prepare('INSERT OR REPLACE INTO lanes (epoch, lane, settled) VALUES (?, ?, ?)')
  const insertBox = db.prepare('INSERT OR IGNORE INTO boxes (id, name) VALUES (?, ?)')
  const putBox = db.prepare(
    `INSERT INTO boxes (id, name, last_heard_at_ms) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name,
       last_heard_at_ms = coalesce(excluded.last_heard_at_ms, last_heard_at_ms)`,
  )
  const returnBox = db.prepare(
    'UPDATE boxes SET retired_at_ms = NULL WHERE id = ? AND retired_at_ms IS NOT NULL',
  )
  const retire = db.prepare('UPDATE boxes SET retired_at_ms = ? WHERE id = ?')
  const boxName = db.prepare<[string], { name: string }>('SELECT name FROM boxes WHERE id = ?')
  const insertTrail = db.prepare(
    'INSERT INTO trail (alarm, at_ms, who, what, why, hash) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const lastSeal = db.prepare<[string], { hash: string }>(
    'SELECT hash FROM trail WHERE alarm = ? ORDER BY position DESC LIMIT 1',
  )
  const insertQuarantine = db.prepare(
    'INSERT INTO quarantine (box, topic, cause, at_ms, payload) VALUES (?, ?, ?, ?, ?)',
  )
  const pruneQuarantine = db.prepare('DELETE FROM quarantine WHERE position <= ?')
  // Leaps with each start: a centre whose older backup was restored must not give a position twice.
  let newest = Math.max(
    startOf(db),
    Number(db.prepare('SELECT max(position) FROM records').pluck().get() ?? 0),
  )
  const epochNumbers = new Map<string, number>()
  const bootTimes = createBootTimes(db)
  const origins = createOrigins(db, knownEpoch)
  const pictures = createPictureWriter(db)
  const noteLook = createLookWriter(db)

  function knownEpoch(box: string, epoch: string): number | undefined {
    return epochNumbers.get(`${box}/${epoch}`) ?? selectEpoch.get(box, epoch)?.number
  }

  function epochNumber(box: string, epoch: string): number {
    const known = knownEpoch(box, epoch)
    if (known !== undefined) return known
    insertBox.run(box, box)
    return Number(insertEpoch.run(box, epoch).lastInsertRowid)
  }

  const shown = (row: DeskRow) =>
    toDeskAlarm(
      { ...row, raised: bootTimes.repaired(row.oldest.epoch, row.raised) },
      boxName.get(row.box)?.name ?? row.box,
      pictures.countOf(row.id),
    )

  /** The place in the box's own order: a salvaged record keeps the one it had, where the centre knows that epoch. */
  function orderOf(box: string, epoch: number, { sequence, was }: AlarmRecord | LogRecord): RecordOrder {
    const first = was && knownEpoch(box, was.epoch)
    return was && first !== undefined ? { epoch: first, sequence: was.sequence } : { epoch, sequence }
  }

  /** Open desks show the repaired times of what is still active. */
  function noteBootTime(box: string, epoch: number, record: LogRecord, changes: StoredChange[]): void {
    const time = readBootTime(record)
    if (!time) return
    const order = orderOf(box, epoch, record)
    bootTimes.note(order.epoch, time)
    for (const row of alarms.activeOf(box)) {
      const { boot, clock } = row.raised
      if (row.oldest.epoch === order.epoch && boot === time.boot && clock === 'unsynced')
        changes.push(logChange({ type: 'alarm.updated', alarm: shown(row) }))
    }
  }

  function storeLane(batch: LaneBatch, atMs: number, changes: StoredChange[]): number {
    const epoch = epochNumber(batch.box, batch.epoch)
    const lane = lanes.indexOf(batch.lane)
    let position = 0
    const places = new Map(batch.origins.map(({ sequence, was }) => [sequence, was]))
    const repeated = new Set<number>()
    const mayBeSalvaged = origins.hasAny(batch.box, batch.epoch)
    for (let i = 0; i < batch.numbers.length; i++) {
      const sequence = batch.sequences[i] ?? 0
      const was = places.get(sequence)
      const isSalvaged = mayBeSalvaged && origins.has(batch.box, { epoch: batch.epoch, sequence })
      if (was ? !origins.claim(batch.box, was) : isSalvaged) {
        repeated.add(sequence)
        continue
      }
      const done = insertRecord.run(++newest, epoch, lane, batch.numbers[i], sequence, atMs, batch.bodies[i])
      if (done.changes > 0) position = newest
    }
    if (position > 0) touchEpoch.run(position, epoch)
    for (const { from, to, reason } of batch.skipped) insertSkipped.run(epoch, lane, from, to, reason, atMs)
    putLane.run(epoch, lane, JSON.stringify(batch.settled))
    for (const record of batch.clocks)
      if (!repeated.has(record.sequence)) noteBootTime(batch.box, epoch, record, changes)
    for (const record of batch.alarms) {
      if (repeated.has(record.sequence)) continue
      const order = orderOf(batch.box, epoch, record)
      const current = alarms.get(`${batch.box}.${record.alarm.id}`)
      const { row, news } = applyAlarmRecord(current, batch.box, order, record, atMs)
      if (news === undefined) continue
      alarms.put(row)
      changes.push(logChange({ type: `alarm.${news}`, alarm: shown(row) }))
    }
    for (const record of batch.pictures) {
      if (repeated.has(record.sequence)) continue
      const { epoch: first } = orderOf(batch.box, epoch, record)
      changes.push(...pictures.note(batch.box, first, record, atMs).map(logChange))
    }
    return epoch
  }

  function keepUnreadable({ box, topic, cause, payload }: QuarantineEntry, atMs: number): void {
    const kept = Buffer.from(payload.subarray(0, quarantineBytesMax))
    const { lastInsertRowid } = insertQuarantine.run(
      box,
      topic.slice(0, 200),
      cause.slice(0, 500),
      atMs,
      kept,
    )
    pruneQuarantine.run(Number(lastInsertRowid) - quarantineRowsMax)
  }

  function seal(entry: TrailEntry): void {
    const previous = lastSeal.get(entry.alarm)?.hash ?? trailStart
    const { alarm, atMs, who, what, why } = entry
    insertTrail.run(alarm, atMs, who, what, why, trailHash(previous, entry))
  }

  function takeStep(row: DeskRow, entry: TrailEntry): StepOutcome {
    alarms.put(row)
    seal(entry)
    const alarm = shown(row)
    return { type: 'done', alarm, changes: [logChange({ type: 'alarm.stage', alarm })] }
  }

  return {
    remember: immediately(db, (configured: { id: string; name: string }[]) => {
      for (const { id, name } of configured) putBox.run(id, name, null)
      const boxes = db
        .prepare<[], { id: string; name: string; at: number | null; retired: number | null }>(
          'SELECT id, name, last_heard_at_ms AS at, retired_at_ms AS retired FROM boxes',
        )
        .all()
        .map(({ id, name, at, retired }): KnownBox => ({
          id,
          name,
          ...(at === null ? {} : { lastHeardAtMs: at }),
          ...(retired === null ? {} : { isRetired: true }),
        }))
      const epochs = db
        .prepare<[], { number: number; box: string; epoch: string }>(
          'SELECT number, box, epoch FROM epochs ORDER BY number',
        )
        .all()
      for (const { number, box, epoch } of epochs) epochNumbers.set(`${box}/${epoch}`, number)
      const known = db
        .prepare<[], { box: string; epoch: string; lane: number; settled: string; givenUp: number | null }>(
          `SELECT e.box, e.epoch, l.lane, l.settled,
             (SELECT sum(s.to_number - s.from_number + 1) FROM skipped s
              WHERE s.epoch = l.epoch AND s.lane = l.lane) AS givenUp
           FROM lanes l JOIN epochs e ON e.number = l.epoch`,
        )
        .all()
        .map(({ box, epoch, lane, settled, givenUp }): KnownLane => ({
          box,
          givenUp: givenUp ?? 0,
          epoch,
          lane: lanes[lane] as Lane,
          settled: JSON.parse(settled) as NumberRange[],
        }))
      const own = db
        .prepare<[], { row: string }>("SELECT row FROM alarms WHERE is_active = 1 AND kind = 'box-silent'")
        .all()
        .map(({ row }) => shown(JSON.parse(row) as DeskRow))
      return {
        boxes,
        epochs: epochs.map(({ box, epoch }) => ({ box, epoch })),
        lanes: known,
        lastPosition: lastPosition(),
        ownAlarms: own,
      }
    }),

    storeIntake: (batch) => {
      const store = db.transaction(() => {
        const changes: StoredChange[] = []
        const atMs = Math.round(batch.receivedAtMs)
        const heard = batch.lanes.map((lane) => [lane, storeLane(lane, atMs, changes)] as const)
        for (const entry of batch.quarantined) keepUnreadable(entry, atMs)
        return { changes, heard }
      })
      const { changes, heard } = store.immediate()
      // Only once committed: a rolled back epoch must be made anew.
      for (const [{ box, epoch }, number] of heard) epochNumbers.set(`${box}/${epoch}`, number)
      return changes
    },

    acceptAlarm: immediately(db, (id: string, user: string, wallMs: number): StepOutcome => {
      const current = alarms.get(id)
      if (!current) return { type: 'unknown' }
      const atMs = Math.round(wallMs)
      const outcome = acceptAlarm(current, user, atMs)
      if (outcome.type === 'held') return { type: 'held', alarm: shown(current) }
      if (!outcome.isNew) return { type: 'done', alarm: shown(current), changes: [] }
      const why = current.acceptedBy === undefined ? '' : 'occurred again'
      return takeStep(outcome.row, { alarm: id, atMs, who: user, what: 'accepted', why })
    }),

    seeAlarm: immediately(db, (id: string, user: string, wallMs: number): StepOutcome => {
      const current = alarms.get(id)
      if (!current) return { type: 'unknown' }
      const atMs = Math.round(wallMs)
      const row = seeAlarm(current, atMs)
      if (!row) return { type: 'done', alarm: shown(current), changes: [] }
      return takeStep(row, { alarm: id, atMs, who: user, what: 'seen', why: '' })
    }),

    changeOwnAlarm: immediately(db, ({ box, change, alarm, atMs: wallMs }) => {
      const atMs = Math.round(wallMs)
      const current = alarms.get(`${box}.${alarm.id}`)
      if (current && !isActive(current)) return []
      const sequence = (current?.newest.sequence ?? 0) + 1
      const time = { boot: 1, sinceBootMs: 0, atMs, clock: 'synced' as const }
      const merged: Alarm = { ...current?.alarm, ...alarm }
      const record = { type: 'alarm' as const, sequence, ...time, change, alarm: merged }
      // Epoch 0 is the centre's own: no box can have it.
      const { row, news } = applyAlarmRecord(current, box, { epoch: 0, sequence }, record, atMs)
      if (news === undefined) return []
      insertBox.run(box, box)
      alarms.put(row)
      return [logChange({ type: `alarm.${news}`, alarm: shown(row) })]
    }),

    noteBoxes: immediately(db, (boxes: KnownBox[], messages: BoxMessage[]) => {
      for (const { id, name, lastHeardAtMs } of boxes) {
        putBox.run(id, name, lastHeardAtMs === undefined ? null : Math.round(lastHeardAtMs))
        if (lastHeardAtMs !== undefined) returnBox.run(id)
      }
      return messages.map(logChange)
    }),

    retireBox: immediately(db, (box: string, by: string, why: string, wallMs: number) => {
      if (!boxName.get(box)) return undefined
      const atMs = Math.round(wallMs)
      retire.run(atMs, box)
      seal({ alarm: `box ${box}`, atMs, who: by, what: 'retired', why })
      return [logChange({ type: 'box.retired', box, by })]
    }),
    ...createCommandWriter(db, logChange, seal),
    storePicture: immediately(db, (box: string, sha256: string, atMs: number) =>
      pictures.store(box, sha256, Math.round(atMs)).map(logChange),
    ),
    dropPictures: immediately(db, ({ files, why }: GonePictures, atMs: number) =>
      files.flatMap(({ box, sha256 }) => pictures.lose(box, sha256, why, Math.round(atMs)).map(logChange)),
    ),
    noteLook,
    ...createAccountWriter(db),
  }
}
