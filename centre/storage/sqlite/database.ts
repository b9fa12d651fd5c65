// Opens the centre's SQLite file: pragmas with their reasons, migrations, and the refusals that protect it.
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { migrations } from './migrations/migrations.ts'
import { StorageFailure } from '../storage-failure.ts'
import { messageOf } from '../../../platform/failure.ts'
import { wallMsMax } from '../../../protocols/domain/limits.ts'
import { scalarText } from '../../../protocols/kit/parse-json.ts'

export type Sqlite = Database.Database

/** How long a writer waits for another process, such as `gengfu centre token`. */
const busyTimeoutMs = 5000
/** The WAL is cut back to this after a checkpoint. */
const walBytesMax = 64 * 1024 * 1024
/** The writer folds a WAL of so many pages (64 MB) itself; the thread that reads does it long before. */
const walPagesMax = 16_000
/** Files above this are not read through on every start; the page checks of normal reading still apply. */
export const checkedBytesMax = 512 * 1024 * 1024

export const databaseFile = (dataDir: string): string => join(dataDir, 'centre.db')

/** The path behind `sqlite:` (default file in dataDir) or `sqlite:/elsewhere/centre.db`. */
export function sqliteFile(url: string, dataDir: string): string {
  const path = url.replace(/^sqlite:(\/\/(?=\/))?/, '')
  return path === '' ? databaseFile(dataDir) : path
}

function checkIntegrity(db: Sqlite, file: string): void {
  if (statSync(file).size > checkedBytesMax) return
  let found: string
  try {
    found = scalarText(db.pragma('quick_check(1)', { simple: true })) ?? 'no answer'
  } catch (error) {
    found = messageOf(error)
  }
  if (found !== 'ok')
    throw new StorageFailure(
      'damaged',
      `${file} is damaged (${found}): stop here, keep a copy of it and restore the last backup`,
    )
}

function migrate(db: Sqlite, file: string): void {
  const step = db.transaction(() => {
    const version = db.pragma('user_version', { simple: true }) as number
    if (version > migrations.length)
      throw new StorageFailure(
        'newer-schema',
        `${file} was written by a newer program (schema ${version}, this one knows ${migrations.length}): update this program`,
      )
    const sql = migrations[version]
    if (sql === undefined) return false
    db.exec(sql)
    db.pragma(`user_version = ${version + 1}`)
    return true
  })
  while (step.immediate());
}

/** One real write, so that what `synchronous` reads afterwards is what commits will use. */
function proveSynchronous(db: Sqlite, nowMs: number): void {
  db.prepare('INSERT INTO starts (at_ms) VALUES (?)').run(Math.round(nowMs))
  db.prepare('DELETE FROM starts WHERE number <= (SELECT max(number) FROM starts) - 1000').run()
  const level = db.pragma('synchronous', { simple: true }) as number
  if (level !== 2)
    throw new StorageFailure('not-synchronous', `SQLite answers synchronous=${level} where 2 was set`)
}

/** Above this a position is spoilt: no centre lives so long. */
export const positionMax = 2 ** 52

/** When this program's writer opened the file, ms since 1970: positions begin there, above any that were given before. */
export function startOf(db: Sqlite): number {
  const newest = db.prepare<[number], number | null>('SELECT max(at_ms) FROM starts WHERE at_ms < ?').pluck()
  return newest.get(wallMsMax) ?? 0
}

/** Opens for writing, creating and migrating as needed. Throws StorageFailure; the file is closed then. */
export function openWriter(file: string, nowMs: number): Sqlite {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const isThere = existsSync(file)
  const db = new Database(file, { timeout: busyTimeoutMs })
  try {
    if (isThere) checkIntegrity(db, file)
    // WAL: one fsync per commit and readers that never wait. This build takes WAL for synchronous=NORMAL, which would
    // lose the last commits with the power, so FULL is set afterwards and proven below.
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    db.pragma(`journal_size_limit = ${walBytesMax}`)
    db.pragma(`wal_autocheckpoint = ${walPagesMax}`)
    db.pragma('trusted_schema = OFF')
    db.pragma('cache_size = -65536')
    migrate(db, file)
    proveSynchronous(db, nowMs)
    return db
  } catch (error) {
    db.close()
    if (error instanceof Database.SqliteError && /^SQLITE_(NOTADB|CORRUPT)/.test(error.code))
      throw new StorageFailure(
        'damaged',
        `${file} is damaged (${error.message}): stop here, keep a copy of it and restore the last backup`,
        error,
      )
    throw error
  }
}

/** Opens for reading beside a writer that has already migrated the file. */
export function openReader(file: string): Sqlite {
  const db = new Database(file, { readonly: true, timeout: busyTimeoutMs })
  db.pragma('trusted_schema = OFF')
  db.pragma('cache_size = -32768')
  return db
}

/** Folds what is committed into the file, beside the writer: an alarm's commit would wait some 20 ms for it. */
export class LogFolding {
  readonly #db: Sqlite

  constructor(file: string) {
    this.#db = new Database(file, { timeout: busyTimeoutMs })
    this.#db.pragma('synchronous = FULL')
  }

  /** As far as no reader is in the way. What the disk refuses here it refuses the writer, too, which says so. */
  fold(): void {
    try {
      this.#db.pragma('wal_checkpoint(PASSIVE)')
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error
    }
  }

  close(): void {
    this.#db.close()
  }
}

/** `run` as one transaction that takes the write lock at once: a later upgrade could fail where no retry helps. */
export function immediately<A extends unknown[], R>(db: Sqlite, run: (...args: A) => R): (...args: A) => R {
  const transaction = db.transaction(run)
  return (...args) => transaction.immediate(...args)
}
