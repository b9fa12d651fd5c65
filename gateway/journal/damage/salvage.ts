// Starting never fails because of a bad file: a damaged journal is set aside whole, what can be read and is not known
// to be receipted goes into a new one under a new epoch, and the count travels into an alarm. Each saved record names
// where it was (`was: {epoch, sequence}`), so that a centre which has it already knows it for a repeat.
import {
  existsSync,
  mkdirSync,
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
import { carveRecords } from './carve.ts'
import { openDatabase } from '../database.ts'
import { laneTable } from '../migrations.ts'
import { readRecord } from './readable-record.ts'
import { expandBody } from '../short-event.ts'
import { reserveFile } from '../space.ts'

const journalFiles = ['journal.db', 'journal.db-wal', 'journal.db-shm']
/** Written when a running gateway meets damage, so that the next opening looks at every page. */
const suspectFile = 'journal.suspect'
const epochFile = 'journal.epoch'
/** Up to this size every page is checked at each start; beyond it only when there is suspicion. */
const checkedBytesMax = 32 * 1024 * 1024
/** Damaged journals kept aside; the oldest goes when another comes. */
const keptAsideMax = 3

export interface Salvaged {
  records: number
  /** Folder, inside the data folder, that the damaged files were moved to. */
  from: string
  reason: string
}

/** SQLite's words for a file that is not what it was; anything else (full, busy, denied) is not damage. */
export function isDamage(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return (
    typeof code === 'string' &&
    /^SQLITE_(CORRUPT|NOTADB|ERROR$|FORMAT|MISMATCH|CONSTRAINT|IOERR_SHORT_READ)/.test(code)
  )
}

/** Remembers, over the coming restart, that the file must be looked at page by page. */
export function markSuspect(folder: string, reason: string): void {
  writeFileSync(join(folder, suspectFile), reason)
}

/** Opens the folder's journal; a damaged one is replaced by what could be saved of it. */
export function openJournalFile(
  folder: string,
  newEpoch: string,
): { db: Database.Database; salvaged?: Salvaged } {
  const file = join(folder, 'journal.db')
  const suspicion = readIfThere(join(folder, suspectFile))
  let db: Database.Database | undefined
  try {
    db = openDatabase(file)
    const found = probe(db, suspicion !== undefined)
    if (found === undefined) {
      writeEpoch(folder, db, newEpoch)
      rmSync(join(folder, suspectFile), { force: true })
      return { db }
    }
    db.close()
    return salvage(folder, newEpoch, found)
  } catch (error) {
    if (db?.open) db.close()
    // A disk so full that the journal can not even be opened: that is what the reserve is for.
    if ((error as { code?: unknown }).code === 'SQLITE_FULL' && existsSync(join(folder, reserveFile))) {
      rmSync(join(folder, reserveFile))
      return openJournalFile(folder, newEpoch)
    }
    if (!isDamage(error)) throw error
    return salvage(folder, newEpoch, suspicion ?? (error as Error).message)
  }
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** The epoch stands beside the database too, since salvage needs it when the database can not be asked. */
function writeEpoch(folder: string, db: Database.Database, newEpoch: string): void {
  db.prepare("INSERT OR IGNORE INTO meta (key, value) VALUES ('epoch', ?)").run(newEpoch)
  const epoch = db.prepare("SELECT value FROM meta WHERE key = 'epoch'").pluck().get() as string
  if (readIfThere(join(folder, epochFile)) !== epoch) writeFileSync(join(folder, epochFile), epoch)
}

/** What is wrong with the open file, or undefined. Reads the documents and the ends of all lanes in any case. */
function probe(db: Database.Database, isSuspect: boolean): string | undefined {
  if (isSuspect || statSync(db.name).size <= checkedBytesMax) {
    const answer = db.pragma('quick_check(1)', { simple: true })
    if (answer !== 'ok') return String(answer)
  }
  for (const value of db.prepare('SELECT value FROM state').pluck().iterate()) JSON.parse(value as string)
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

function salvage(
  folder: string,
  newEpoch: string,
  reason: string,
): { db: Database.Database; salvaged: Salvaged } {
  const aside = setAside(folder)
  const oldEpoch = readIfThere(join(folder, epochFile)) ?? 'unknown0'
  const db = openDatabase(join(folder, 'journal.db'))
  db.exec('CREATE TABLE saved (sequence INTEGER PRIMARY KEY, lane TEXT NOT NULL, body TEXT NOT NULL) STRICT')
  const save = db.prepare('INSERT OR IGNORE INTO saved (sequence, lane, body) VALUES (?, ?, ?)')
  copyThroughSqlite(join(folder, aside, 'journal.db'), db, (lane, sequence, body) =>
    save.run(sequence, lane, body),
  )
  for (const name of journalFiles.slice(0, 2)) {
    const file = join(folder, aside, name)
    if (existsSync(file)) carveRecords(file, (lane, sequence, body) => save.run(sequence, lane, body))
  }
  const records = renumber(db, oldEpoch)
  writeEpoch(folder, db, newEpoch)
  rmSync(join(folder, suspectFile), { force: true })
  return { db, salvaged: { records, from: aside, reason } }
}

function setAside(folder: string): string {
  const taken = readdirSync(folder)
    .flatMap((name) => /^damaged-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
  while (taken.length >= keptAsideMax) rmSync(join(folder, `damaged-${taken.shift()}`), { recursive: true })
  const aside = `damaged-${(taken.at(-1) ?? 0) + 1}`
  mkdirSync(join(folder, aside))
  for (const name of journalFiles)
    if (existsSync(join(folder, name))) renameSync(join(folder, name), join(folder, aside, name))
  return aside
}

type Save = (lane: Lane | '', sequence: number, body: string) => void

/** Reads as much as SQLite itself can still find; each table and each row may fail without spoiling the others. */
function copyThroughSqlite(file: string, into: Database.Database, save: Save): void {
  let old: Database.Database
  try {
    old = new Database(file, { timeout: 2000 })
  } catch {
    return // not even a database: what is left is found by carving
  }
  try {
    const text = attempt(() => old.prepare("SELECT value FROM meta WHERE key = 'receipted'").pluck().get())
    const receipted = JSON.parse(typeof text === 'string' ? text : '{}') as Partial<Record<Lane, number>>
    for (const lane of lanes) copyLane(old, lane, receipted[lane] ?? 0, save)
    for (const [table, columns] of [
      ['state', 'key, value'],
      ['meta', 'key, value'],
      // A file of an older program has no `heard`.
      ['odd_ids', 'position, device, message_id'],
      ['odd_ids', 'position, device, message_id, heard'],
      ['quarantine', 'position, at_ms, device, topic, problem, payload'],
    ] as const)
      copyTable(old, into, table, columns)
    into.exec("DELETE FROM meta WHERE key IN ('epoch', 'receipted')")
  } finally {
    attempt(() => old.close())
  }
}

function copyLane(old: Database.Database, lane: Lane, receipted: number, save: Save): void {
  const table = laneTable(lane)
  const keep = (row: { number: number; body: string }): void => {
    const sequence = readRecord(row.body)?.['sequence']
    if (typeof sequence === 'number') save(lane, sequence, expandBody(row.body))
  }
  // Receipted rows are remembered as empty ones: carving finds their bytes again, and nobody needs them twice.
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

function copyTable(old: Database.Database, into: Database.Database, table: string, columns: string): void {
  const marks = columns.replaceAll(/[a-z_]+/g, '?')
  attempt(() => {
    const insert = into.prepare(`INSERT OR REPLACE INTO ${table} (${columns}) VALUES (${marks})`)
    for (const row of old.prepare(`SELECT ${columns} FROM ${table}`).raw().iterate())
      insert.run(...(row as unknown[]))
    return undefined
  })
}

/** Runs `read` on damaged material: failing is the expected case and means "nothing there". */
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
  db.transaction(() => {
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
  })()
  return sequence
}
