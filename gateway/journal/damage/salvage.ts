// A damaged file never prevents a start: the damaged journal is moved aside as a whole, readable records that are not
// known to be receipted go into a new journal under a new epoch, and their count is reported in an alarm. Each saved
// record carries its old position (`was: {epoch, sequence}`), so that a centre which already has it recognises a
// repeat.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import { isObject, scalarText } from '../../../protocols/kit/parse-json.ts'
import { copyOf, hasReadableCopy } from '../before-migration.ts'
import { carveRecords } from './carve.ts'
import { openDatabase } from '../database.ts'
import { laneTable } from '../migrations.ts'
import { readRecord } from './readable-record.ts'
import { takeRenewal } from './renewal.ts'
import { expandBody } from '../short-event.ts'
import { reserveFile } from '../space.ts'
import { documentSum, openDocuments, type DocumentRow, type DocumentTable } from '../sound-documents.ts'
import { epochBeside, settleEpoch } from './epoch.ts'
import { corruptTail } from './log-tail.ts'
import { setAsideCorruptDocuments } from './corrupt-documents.ts'
import { readTail, takeTail } from './take-tail.ts'
import { codeOf, messageOf } from '../../../platform/failure.ts'

const journalFiles = ['journal.db', 'journal.db-wal', 'journal.db-shm']
/** Written when a running gateway finds damage, so that the next opening checks every page. */
const suspectFile = 'journal.suspect'
/** The new journal while it is built beside the damaged one. */
const draftFile = 'journal-salvage.db'
/** Up to this size every page is checked at each start; larger files are checked only if damage is suspected. */
const checkedBytesMax = 32 * 1024 * 1024
/** Rows of `meta` that describe this file itself. */
const ofThisFile = new Set(['epoch', 'schema', 'opened'])
/** Number of damaged journals that are kept; the oldest is deleted when another is added. */
const keptAsideMax = 3

export interface OpenedFile {
  db: Database.Database
  /** The epoch began with this opening: no centre can have it. */
  isNewEpoch: boolean
  salvaged?: Salvaged
  /** The data folder had been restored to an earlier state. */
  rewound?: Salvaged
}

export interface Salvaged {
  records: number
  /** Folder, inside the data folder, into which the damaged files were moved. */
  from: string
  reason: string
}

/** SQLite's error codes for damage; any other error (full, busy, denied) is not damage. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error)
  // SQLITE_ERROR has many causes; only a missing table or column is damage.
  if (code === 'SQLITE_ERROR') return /no such (table|column)|malformed/.test(messageOf(error))
  return /^SQLITE_(CORRUPT|NOTADB|FORMAT|MISMATCH|CONSTRAINT|IOERR_SHORT_READ)/.test(code)
}

/** Notes in a file that the next opening must check the database page by page. */
export function markSuspect(folder: string, reason: string): void {
  writeFileSync(join(folder, suspectFile), reason)
}

/** Opens the folder's journal; a damaged one is replaced by a new one with the saved records. */
export function openJournalFile(folder: string, newEpoch: string): OpenedFile {
  const file = join(folder, 'journal.db')
  endInterruptedSalvage(folder)
  const suspicion = readIfThere(join(folder, suspectFile))
  const log = join(folder, 'journal.db-wal')
  const tail = corruptTail(log)
  if (tail.commits > 1)
    return salvage(folder, newEpoch, 'there are commits after a damaged part of the write-ahead log')
  const unfinished = tail.commits === 1 ? readTail(log, tail.fromByte) : []
  let db: Database.Database | undefined
  try {
    db = openDatabase(file)
    const found = probe(db, suspicion !== undefined)
    if (found === undefined) {
      setAsideCorruptDocuments(db)
      const isNewEpoch =
        openDocuments(db, 'meta').get('epoch') === undefined && epochBeside(folder) === undefined
      if (settleEpoch(folder, db, newEpoch)) {
        takeTail(db, unfinished)
        rmSync(join(folder, suspectFile), { force: true })
        const renewal = takeRenewal(folder, epochBeside(folder) ?? '')
        if (renewal === undefined) return { db, isNewEpoch }
        db.close()
        const { db: renewed, salvaged: rewound } = salvage(folder, newEpoch, renewal, false)
        return { db: renewed, isNewEpoch: true, ...(rewound && { rewound }) }
      }
    }
    db.close()
    return salvage(folder, newEpoch, found ?? 'the epoch is damaged in the database and in its file')
  } catch (error) {
    if (db?.open) db.close()
    // The disk is too full to open the journal: the reserve file is released.
    if ((error as { code?: unknown }).code === 'SQLITE_FULL' && existsSync(join(folder, reserveFile))) {
      rmSync(join(folder, reserveFile))
      return openJournalFile(folder, newEpoch)
    }
    // The version that wrote it went back to this one.
    if (codeOf(error) === 'NEWER' && hasReadableCopy(folder)) {
      const { salvaged: rewound, ...opened } = salvage(folder, newEpoch, messageOf(error), false, true)
      return { ...opened, ...(rewound && { rewound }) }
    }
    if (!isDamage(error)) throw error
    return salvage(folder, newEpoch, suspicion ?? (error as Error).message)
  }
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** The damage of the open file, or undefined. Always reads both ends of all lanes. */
function probe(db: Database.Database, isSuspect: boolean): string | undefined {
  if (isSuspect || statSync(db.name).size <= checkedBytesMax) {
    const answer = db.pragma('quick_check(1)', { simple: true })
    if (answer !== 'ok') return scalarText(answer) ?? 'the check answers nothing'
  }
  for (const lane of lanes)
    for (const order of ['ASC', 'DESC']) {
      const body = db
        .prepare(`SELECT body FROM ${laneTable(lane)} ORDER BY number ${order} LIMIT 1`)
        .pluck()
        .get()
      if (body !== undefined && !readRecord(body as string)) return `an end of lane ${lane} is not a record`
    }
  return undefined
}

/**
 * The new journal is written beside the damaged file and replaces it by one rename: after a power cut there is one or
 * the other.
 */
function salvage(
  folder: string,
  newEpoch: string,
  reason: string,
  isCarved = true,
  hasCopy = false,
): OpenedFile {
  const oldEpoch = epochBeside(folder) ?? 'unknown0'
  const draft = openDatabase(join(folder, draftFile))
  const records = draft.transaction(() => saveInto(draft, folder, oldEpoch, isCarved, hasCopy))()
  setAsideCorruptDocuments(draft)
  draft.pragma('wal_checkpoint(TRUNCATE)')
  draft.close()
  const aside = setAside(folder)
  renameSync(join(folder, draftFile), join(folder, 'journal.db'))
  syncFolder(folder)
  const db = openDatabase(join(folder, 'journal.db'))
  openDocuments(db, 'meta').put('epoch', newEpoch)
  settleEpoch(folder, db, newEpoch)
  rmSync(join(folder, suspectFile), { force: true })
  return { db, isNewEpoch: true, salvaged: { records, from: aside, reason } }
}

function saveInto(
  draft: Database.Database,
  folder: string,
  oldEpoch: string,
  isCarved: boolean,
  hasCopy: boolean,
): number {
  draft.exec(
    'CREATE TABLE saved (sequence INTEGER PRIMARY KEY, lane TEXT NOT NULL, body TEXT NOT NULL) STRICT',
  )
  const insert = draft.prepare('INSERT OR IGNORE INTO saved (sequence, lane, body) VALUES (?, ?, ?)')
  const save: Save = (lane, sequence, body) => void attempt(() => insert.run(sequence, lane, body))
  // Before SQLite opens the file, because opening may checkpoint or delete the log: carving also needs the bytes that
  // SQLite does not find.
  draft.exec(
    'CREATE TABLE carved (sequence INTEGER PRIMARY KEY, lane TEXT NOT NULL, body TEXT NOT NULL) STRICT',
  )
  const carve = draft.prepare('INSERT OR IGNORE INTO carved (sequence, lane, body) VALUES (?, ?, ?)')
  for (const name of isCarved ? journalFiles.slice(0, 2) : []) {
    const file = join(folder, name)
    if (existsSync(file))
      carveRecords(file, (lane, sequence, body) => void attempt(() => carve.run(sequence, lane, body)))
  }
  // The documents of the newer file stand over those of the copy; a record is taken from the copy only when the newer
  // file has it in a form that this version cannot read.
  if (hasCopy) copyThroughSqlite(copyOf(folder), draft, () => undefined)
  copyThroughSqlite(join(folder, 'journal.db'), draft, save)
  if (hasCopy) copyLanes(copyOf(folder), save)
  draft.exec('INSERT OR IGNORE INTO saved SELECT sequence, lane, body FROM carved; DROP TABLE carved')
  const records = renumber(draft, oldEpoch)
  // Lane numbers are new: the checkpoint's positions are void, and all records are replayed.
  draft.exec("DELETE FROM state WHERE key = 'checkpoint'")
  return records
}

/**
 * The power failed while the salvaged file was put in place: it is complete, because the damaged one is moved away
 * only after that.
 */
function endInterruptedSalvage(folder: string): void {
  const draft = join(folder, draftFile)
  if (existsSync(draft) && !existsSync(join(folder, 'journal.db')))
    renameSync(draft, join(folder, 'journal.db'))
  for (const suffix of ['', '-wal', '-shm']) rmSync(draft + suffix, { force: true })
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function setAside(folder: string): string {
  const taken = readdirSync(folder)
    .flatMap((name) => /^damaged-(\d+)$/.exec(name)?.[1] ?? [])
    .map((number) => Number(number))
    .sort((a, b) => a - b)
  while (taken.length >= keptAsideMax) rmSync(join(folder, `damaged-${taken.shift()}`), { recursive: true })
  const aside = `damaged-${(taken.at(-1) ?? 0) + 1}`
  mkdirSync(join(folder, aside))
  for (const name of journalFiles)
    if (existsSync(join(folder, name))) renameSync(join(folder, name), join(folder, aside, name))
  return aside
}

type Save = (lane: Lane | '', sequence: number, body: string) => void

/** Reads everything that SQLite itself can still find; a failure in one table or row does not affect the others. */
function copyThroughSqlite(file: string, into: Database.Database, save: Save): void {
  let old: Database.Database
  try {
    old = new Database(file, { timeout: 2000 })
  } catch {
    return // not even a database: the rest is found by carving
  }
  try {
    for (const table of ['meta', 'state'] as const) copyDocuments(old, into, table)
    const text = openDocuments(into, 'meta').get('receipted')
    const positions = attempt(() => JSON.parse(text ?? '') as unknown)
    for (const lane of lanes) copyLane(old, lane, positionIn(positions, lane), save)
    for (const [table, columns] of [
      // A file of an older version has no column `heard`.
      ['odd_ids', 'position, device, message_id'],
      ['odd_ids', 'position, device, message_id, heard'],
      ['quarantine', 'position, at_ms, device, topic, problem, payload'],
    ] as const)
      copyTable(old, into, table, columns)
    into.exec("DELETE FROM meta WHERE key IN ('epoch', 'receipted', 'unproven')")
  } finally {
    attempt(() => old.close())
  }
}

function copyLanes(file: string, save: Save): void {
  const old = new Database(file, { readonly: true })
  try {
    // A copy without checksums: all of its records are sent, and the centre recognises repeats.
    const positions = attempt(() => JSON.parse(openDocuments(old, 'meta').get('receipted') ?? '') as unknown)
    for (const lane of lanes) copyLane(old, lane, positionIn(positions, lane), save)
  } finally {
    old.close()
  }
}

/** The receipted position of a lane; 0 when the flash has damaged it: the centre recognises repeats. */
export function positionIn(positions: unknown, lane: Lane): number {
  const position = isObject(positions) ? positions[lane] : 0
  return typeof position === 'number' && Number.isSafeInteger(position) && position > 0 ? position : 0
}

function copyLane(old: Database.Database, lane: Lane, receipted: number, save: Save): void {
  const table = laneTable(lane)
  const keep = (row: { number: number; body: string }): void => {
    const sequence = readRecord(row.body)?.['sequence']
    if (typeof sequence === 'number') save(lane, sequence, expandBody(row.body))
  }
  // Receipted rows are remembered as empty ones: carving finds their bytes again, and they must not be saved twice.
  attempt(() => {
    for (const body of old
      .prepare(`SELECT body FROM ${table} WHERE number <= ?`)
      .pluck()
      .iterate(receipted)) {
      const sequence = attempt(
        () => (JSON.parse(expandBody(body as string)) as { sequence: unknown }).sequence,
      )
      if (typeof sequence === 'number') save('', sequence, '')
    }
    return undefined
  })
  for (const direction of ['ASC', 'DESC'])
    attempt(() => {
      for (const row of old
        .prepare(`SELECT number, body FROM ${table} WHERE number > ? ORDER BY number ${direction}`)
        .iterate(receipted))
        keep(row as { number: number; body: string })
      return undefined
    })
}

/**
 * Read from both ends, because a page between them may be damaged. Checksums are copied if the version that wrote the
 * file stored them.
 */
function copyDocuments(old: Database.Database, into: Database.Database, table: DocumentTable): void {
  const hasSums = attempt(() => old.prepare(`SELECT sum FROM ${table} LIMIT 0`)) !== undefined
  const put = into.prepare(`INSERT OR REPLACE INTO ${table} (key, value, sum) VALUES (?, ?, ?)`)
  for (const direction of ['ASC', 'DESC'])
    attempt(() => {
      const rows = old.prepare(
        `SELECT key, value${hasSums ? ', sum' : ''} FROM ${table} ORDER BY key ${direction}`,
      )
      for (const { key, value, sum } of rows.iterate() as Iterable<DocumentRow>)
        if (!ofThisFile.has(key)) put.run(key, value, hasSums ? sum : documentSum(key, value))
      return undefined
    })
}

function copyTable(old: Database.Database, into: Database.Database, table: string, columns: string): void {
  const marks = columns.replaceAll(/[a-z_]+/g, '?')
  attempt(() => {
    const insert = into.prepare(`INSERT OR REPLACE INTO ${table} (${columns}) VALUES (${marks})`)
    for (const row of old.prepare(`SELECT ${columns} FROM ${table}`).raw().iterate())
      insert.run(...(row as unknown[]))
    return undefined
  })
}

/** Runs `read` on damaged data: a failure is expected and means that nothing was found. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Gives the saved records new numbers in their old order. */
function renumber(db: Database.Database, oldEpoch: string): number {
  const next = Object.fromEntries(lanes.map((lane) => [lane, 1])) as Record<Lane, number>
  let sequence = 0
  {
    for (const lane of lanes) db.exec(`DELETE FROM ${laneTable(lane)}`)
    let after = 0
    for (;;) {
      const rows = db
        .prepare(
          `SELECT sequence, lane, body FROM saved WHERE sequence > ? AND lane <> '' ORDER BY sequence LIMIT 1000`,
        )
        .all(after) as { sequence: number; lane: Lane; body: string }[]
      if (rows.length === 0) break
      for (const row of rows) {
        after = row.sequence
        const record = JSON.parse(row.body) as Record<string, unknown>
        const was = record['was'] ?? { epoch: oldEpoch, sequence: row.sequence }
        const body = JSON.stringify({ ...record, sequence: ++sequence, was })
        db.prepare(`INSERT INTO ${laneTable(row.lane)} (number, body) VALUES (?, ?)`).run(
          next[row.lane]++,
          body,
        )
      }
    }
    db.exec('DROP TABLE saved')
  }
  return sequence
}
