// The facts of the records about pictures, and which of their files are stored: rows only, the bytes are files beside
// the database.
import type { DeskPicture, DeskPictureFile } from '../../../../protocols/desk/api.ts'
import {
  snapshotDeletionSchema,
  snapshotFactsSchema,
  snapshotTaken,
  type PictureFile,
  type SnapshotFacts,
} from '../../../../protocols/domain/snapshot.ts'
import { fromZod } from '../../../../protocols/kit/from-zod.ts'
import type { LogRecord } from '../../../../protocols/domain/record.ts'
import { deskAlarmId } from '../../../alarms/desk-row.ts'
import { createBootTimes } from '../records/boot-times.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'
import type { GonePictures, PictureMessage, PictureRow } from '../../port.ts'

/**
 * Snapshots of one box in the table. Above this the oldest without stored files are deleted; a box without any of those
 * is faulty or hostile.
 */
export const snapshotsPerBoxMax = 50_000
const forgottenAtOnce = 1000
/** Refusals before the table is counted again: a hostile box must not cause a scan for each false record. */
const refusedAtOnce = 1000
/** Snapshots of one file that are pushed to open desks: one alarm each at most. */
const sharersMax = 32

/** Boxes for which a view without a box is logged. */
const holdersMax = 16

interface SnapshotRow {
  box: string
  id: string
  epoch: number
  alarm: string | null
  facts: string
}

interface FileState {
  bytes: number
  storedAtMs: number | null
  goneWhy: GonePictures['why'] | null
}

/**
 * SQL for the ids of the snapshots that need a file. Two searches: with one for both columns SQLite scans every
 * snapshot of the box, and this runs between the commits of alarms.
 */
export const userIds = (box: string, sha256: string): string =>
  `SELECT id FROM snapshots WHERE box = ${box} AND preview = ${sha256}
   UNION SELECT id FROM snapshots WHERE box = ${box} AND full = ${sha256}`

function prepareReads(db: Sqlite) {
  const columns = 'box, id, epoch, alarm, facts'
  const fileState = db.prepare<[string, string], FileState>(
    'SELECT bytes, stored_at_ms AS storedAtMs, gone_why AS goneWhy FROM picture_files WHERE box = ? AND sha256 = ?',
  )
  const ofAlarm = db.prepare<[string, number], SnapshotRow>(
    `SELECT ${columns} FROM snapshots WHERE alarm = ? ORDER BY taken_at_ms DESC, id LIMIT ?`,
  )
  const ofBox = db.prepare<[string, number], SnapshotRow>(
    `SELECT ${columns} FROM snapshots WHERE box = ? ORDER BY taken_at_ms DESC, id LIMIT ?`,
  )
  const ofFile = db.prepare<{ box: string; sha256: string; limit: number }, SnapshotRow>(
    `SELECT ${columns} FROM snapshots WHERE box = @box AND id IN (${userIds('@box', '@sha256')}) LIMIT @limit`,
  )
  const holders = db.prepare<
    { sha256: string; box: string | null; limit: number },
    { box: string; bytes: number }
  >(
    `SELECT box, bytes FROM picture_files WHERE sha256 = @sha256 AND (@box IS NULL OR box = @box)
       AND stored_at_ms IS NOT NULL AND gone_why IS NULL LIMIT @limit`,
  )
  const count = db.prepare<[string], number>('SELECT count(*) FROM snapshots WHERE alarm = ?').pluck()
  return { fileState, ofAlarm, ofBox, ofFile, holders, count }
}

/** Reads snapshots as desks see them; on the writer's connection and on the reader's. */
export function createPictureReader(db: Sqlite) {
  const bootTimes = createBootTimes(db)
  const { fileState, ofAlarm, ofBox, ofFile, holders, count } = prepareReads(db)

  function fileOf(box: string, file: PictureFile): DeskPictureFile {
    const state = fileState.get(box, file.sha256)
    if (state?.goneWhy) return { ...file, state: 'gone', goneWhy: state.goneWhy }
    if (state && state.storedAtMs !== null) return { ...file, state: 'here', arrivedAtMs: state.storedAtMs }
    return { ...file, state: 'taken' }
  }

  function shown(row: Omit<SnapshotRow, 'facts'>, facts: SnapshotFacts): DeskPicture {
    const { camera, zone, moment, askedBy, isMasked, picture } = facts
    return {
      id: `${row.box}.${row.id}`,
      box: row.box,
      ...(row.alarm === null ? {} : { alarm: row.alarm }),
      camera,
      zone,
      moment,
      ...(askedBy === undefined ? {} : { askedBy }),
      taken: bootTimes.repaired(row.epoch, facts.fetchedAt),
      isMasked,
      picture,
      preview: fileOf(row.box, facts.preview),
      full: fileOf(row.box, facts.full),
    }
  }

  const read = (row: SnapshotRow): DeskPicture[] => {
    const facts = readDocument(db, 'snapshots', `${row.box}.${row.id}`, row.facts)
    return facts ? [shown(row, facts)] : []
  }

  const usesOf = (box: string, sha256: string): DeskPicture[] =>
    ofFile.all({ box, sha256, limit: sharersMax }).flatMap(read)

  return {
    shown,
    usesOf,
    countOf: (alarm: string): number => Number(count.get(alarm)),
    pictureFile: (box: string, sha256: string): PictureRow | undefined => {
      const state = fileState.get(box, sha256)
      return state && { bytes: state.bytes, isSettled: state.storedAtMs !== null || state.goneWhy !== null }
    },
    picturesOfAlarm: (alarm: string, limit: number) => ofAlarm.all(alarm, limit).flatMap(read),
    picturesOfBox: (box: string, limit: number) => ofBox.all(box, limit).flatMap(read),
    findPicture: (sha256: string, box?: string) =>
      holders
        .all({ sha256, box: box ?? null, limit: holdersMax })
        .map((found) => ({ ...found, uses: usesOf(found.box, sha256) })),
  }
}

function prepareWrites(db: Sqlite) {
  const countOfBox = db.prepare<[string], number>('SELECT count(*) FROM snapshots WHERE box = ?').pluck()
  const insertSnapshot = db.prepare(
    `INSERT INTO snapshots (box, id, epoch, alarm, taken_at_ms, preview, full, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (box, id) DO NOTHING`,
  )
  const insertFile = db.prepare(
    'INSERT INTO picture_files (box, sha256, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const forgetSnapshots = db.prepare<[string, string, number], { preview: string; full: string }>(
    `DELETE FROM snapshots WHERE box = ? AND id IN (
       SELECT s.id FROM snapshots s
       JOIN picture_files p ON p.box = s.box AND p.sha256 = s.preview AND p.gone_why IS NOT NULL
       JOIN picture_files f ON f.box = s.box AND f.sha256 = s.full AND f.gone_why IS NOT NULL
       WHERE s.box = ? ORDER BY s.taken_at_ms LIMIT ?) RETURNING preview, full`,
  )
  const forgetFile = db.prepare<{ box: string; sha256: string }>(
    `DELETE FROM picture_files WHERE box = @box AND sha256 = @sha256 AND NOT EXISTS (${userIds('@box', '@sha256')})`,
  )
  const selectSnapshot = db.prepare<[string, string], { preview: string; full: string }>(
    'SELECT preview, full FROM snapshots WHERE box = ? AND id = ?',
  )
  const store = db.prepare(
    'UPDATE picture_files SET stored_at_ms = ? WHERE box = ? AND sha256 = ? AND stored_at_ms IS NULL AND gone_why IS NULL',
  )
  const lose = db.prepare(
    'UPDATE picture_files SET gone_why = ?, gone_at_ms = ? WHERE box = ? AND sha256 = ? AND gone_why IS NULL',
  )
  // The same bytes taken again, for example by a camera with an unchanged scene, are needed again.
  const revive = db.prepare(
    `UPDATE picture_files SET stored_at_ms = NULL, gone_at_ms = NULL, gone_why = NULL
     WHERE box = ? AND sha256 = ? AND gone_why IS NOT NULL`,
  )
  const isStored = db.prepare<[string, string]>(
    'SELECT 1 FROM picture_files WHERE box = ? AND sha256 = ? AND stored_at_ms IS NOT NULL',
  )
  return {
    countOfBox,
    insertSnapshot,
    insertFile,
    forgetSnapshots,
    forgetFile,
    selectSnapshot,
    store,
    lose,
    revive,
    isStored,
  }
}

/** True when a box may have one more snapshot; the oldest whose files are gone make room for it. */
function createRoom({ countOfBox, forgetSnapshots, forgetFile }: ReturnType<typeof prepareWrites>) {
  /** How many more a box may name before its rows are counted; below zero, the refusals before the next count. */
  const room = new Map<string, number>()

  function roomIn(box: string): number {
    const left = snapshotsPerBoxMax - Number(countOfBox.get(box))
    if (left > 0) return left
    const forgotten = forgetSnapshots.all(box, box, forgottenAtOnce - left)
    for (const sha256 of new Set(forgotten.flatMap(({ preview, full }) => [preview, full])))
      forgetFile.run({ box, sha256 })
    const made = forgotten.length + left
    return made > 0 ? made : -refusedAtOnce
  }

  return function hasRoom(box: string): boolean {
    const left = room.get(box) || roomIn(box)
    room.set(box, left - Math.sign(left))
    return left > 0
  }
}

/** Inside the caller's transaction; returns the messages for open desks. */
export function createPictureWriter(db: Sqlite) {
  const reader = createPictureReader(db)
  const statements = prepareWrites(db)
  const { insertSnapshot, insertFile, selectSnapshot, store, lose, revive, isStored } = statements
  const hasRoom = createRoom(statements)

  function take(box: string, epoch: number, { facts }: LogRecord): PictureMessage[] {
    const parsed = fromZod(snapshotFactsSchema, facts)
    if (!parsed.ok || !hasRoom(box)) return []
    const { id, fetchedAt, preview, full } = parsed.value
    const alarm = parsed.value.alarm === undefined ? null : deskAlarmId(box, parsed.value.alarm)
    const row = [box, id, epoch, alarm, Math.round(fetchedAt.atMs), preview.sha256, full.sha256]
    if (insertSnapshot.run(...row, JSON.stringify(parsed.value)).changes === 0) return []
    for (const { sha256, bytes } of filesOf(preview, full))
      if (insertFile.run(box, sha256, bytes).changes === 0) revive.run(box, sha256)
    return [{ type: 'picture.taken', picture: reader.shown({ box, id, epoch, alarm }, parsed.value) }]
  }

  function loseFile(box: string, sha256: string, why: GonePictures['why'], atMs: number): PictureMessage[] {
    if (lose.run(why, atMs, box, sha256).changes === 0) return []
    return reader.usesOf(box, sha256).map((picture) => ({ type: 'picture.gone', picture }))
  }

  /**
   * A picture that a person deleted at the box is deleted here too; any other deletion there concerns only files that
   * never came.
   */
  function forget(box: string, { facts }: LogRecord, atMs: number): PictureMessage[] {
    const parsed = fromZod(snapshotDeletionSchema, facts)
    const row = parsed.ok ? selectSnapshot.get(box, parsed.value.snapshot) : undefined
    if (!parsed.ok || !row) return []
    const isAsked = parsed.value.reason === 'asked'
    return [...new Set([row.preview, row.full])].flatMap((sha256) => {
      if (!isAsked && isStored.get(box, sha256)) return []
      // Another snapshot may still need the file.
      const isShared = reader.usesOf(box, sha256).length > 1
      return isShared && !isAsked ? [] : loseFile(box, sha256, isAsked ? 'asked' : 'lost-at-box', atMs)
    })
  }

  return {
    countOf: reader.countOf,
    note: (box: string, epoch: number, record: LogRecord, atMs: number): PictureMessage[] =>
      record.what === snapshotTaken ? take(box, epoch, record) : forget(box, record, atMs),
    store: (box: string, sha256: string, atMs: number): PictureMessage[] =>
      store.run(atMs, box, sha256).changes === 0
        ? []
        : reader.usesOf(box, sha256).map((picture) => ({ type: 'picture.arrived', picture })),
    lose: loseFile,
  }
}

/** One file where a small picture is its own preview. */
const filesOf = (preview: PictureFile, full: PictureFile): PictureFile[] =>
  preview.sha256 === full.sha256 ? [full] : [preview, full]
