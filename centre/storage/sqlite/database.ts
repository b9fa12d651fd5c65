// Opens the centre's SQLite file: pragmas with their reasons, migrations, and the refusals that protect it.
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { migrations } from './migrations/migrations.ts'
import { StorageFailure } from '../storage-failure.ts'
import { findUnsynced, openDurable } from '../../../platform/durable-database.ts'
import { createFolder } from '../../../platform/disk/create-folder.ts'
import { messageOf } from '../../../platform/failure.ts'
import { wallMsMax } from '../../../protocols/domain/limits.ts'
import { scalarText } from '../../../protocols/kit/parse-json.ts'

export type Sqlite = Database.Database

/** True for PostgreSQL behind the same calls (`postgres/postgres-database.ts`): other centres may write into it too. */
export const isPostgres = (db: Sqlite): boolean => 'dialect' in db

/** Where several centres write in turn: bulk lets urgent transactions go first. */
export interface WriterTurns {
  /** Transactions of `run` are bulk. */
  asBulk<R>(run: () => R): R
  /** In a bulk transaction: an urgent one waits, at this centre or another. */
  isUrgentWaiting(): boolean
}

export const turnsOf = (db: Sqlite): WriterTurns | undefined =>
  isPostgres(db) ? (db as unknown as WriterTurns) : undefined

/** Where the two databases have no common words for a statement. */
export const textFor = (db: Sqlite, texts: { sqlite: string; postgres: string }): string =>
  isPostgres(db) ? texts.postgres : texts.sqlite

/** How long a writer waits for another process, such as `gengfu centre token`. */
const busyTimeoutMs = 5000
const settings = {
  timeoutMs: busyTimeoutMs,
  /** The writer checkpoints a WAL of this many pages (64 MB) itself; the reader's thread normally does it long before. */
  walPages: 16_000,
  /** After a checkpoint the WAL is truncated to this size. */
  walBytesMax: 64 * 1024 * 1024,
  cacheKib: 65_536,
}
/** Larger files are not read completely at every start; the page checks of normal reading still apply. */
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

/** One real write, so that `synchronous` read after it is the value that commits use. */
function proveSynchronous(db: Sqlite, nowMs: number): void {
  db.prepare('INSERT INTO starts (at_ms) VALUES (?)').run(Math.round(nowMs))
  db.prepare('DELETE FROM starts WHERE number <= (SELECT max(number) FROM starts) - 1000').run()
  const found = findUnsynced(db)
  if (found !== undefined) throw new StorageFailure('not-synchronous', `SQLite opened with ${found}`)
}

/** A position above this is damaged: no centre runs that long. */
export const positionMax = 2 ** 52

/** When this program's writer opened the file, ms since 1970: positions begin there, above all earlier ones. */
export function startOf(db: Sqlite): number {
  const newest = db.prepare<[number], number | null>('SELECT max(at_ms) FROM starts WHERE at_ms < ?').pluck()
  return newest.get(wallMsMax) ?? 0
}

/** Opens for writing; creates and migrates if needed. Throws StorageFailure; the file is closed then. */
export function openWriter(file: string, nowMs: number): Sqlite {
  createFolder(dirname(file))
  const isThere = existsSync(file)
  let db: Sqlite | undefined
  try {
    db = openDurable(file, settings)
    if (isThere) checkIntegrity(db, file)
    migrate(db, file)
    proveSynchronous(db, nowMs)
    return db
  } catch (error) {
    db?.close()
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

/** Checkpoints the WAL on the reader's connection: on the writer's, an alarm's commit would wait some 20 ms for it. */
export class LogCheckpoints {
  readonly #db: Sqlite

  constructor(file: string) {
    this.#db = new Database(file, { timeout: busyTimeoutMs })
    this.#db.pragma('synchronous = FULL')
  }

  /** As far as no reader prevents it. If the disk refuses, it also refuses the writer, which reports the error. */
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

/**
 * `run` as one transaction that takes the write lock at once: a later upgrade could fail with an error that a retry
 * does not cure.
 */
export function immediately<A extends unknown[], R>(db: Sqlite, run: (...args: A) => R): (...args: A) => R {
  const transaction = db.transaction(run)
  return (...args) => transaction.immediate(...args)
}
