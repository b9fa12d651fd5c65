// Copies of the centre's database as complete files: made while the centre runs, counted, and proven without changing
// them.
import { closeSync, copyFileSync, fsyncSync, openSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import { closeToOthers } from '../../../platform/rights/close-to-others.ts'
import type { AuditFinding } from '../../cases/trail.ts'
import { verifyAudit } from './audit-chain.ts'
import { openReader, openWriter, type Sqlite } from './database.ts'

/** Rows of each kind, for a person and for the comparison with the manifest of a backup. */
export interface DatabaseFacts {
  schema: number
  rows: Record<string, number>
  /** The last seal of the audit trail. */
  head: string
}

export interface CopyFinding {
  /** Empty when SQLite found nothing. */
  faults: string[]
  audit: AuditFinding | undefined
  facts: DatabaseFacts | undefined
}

const countedTables = [
  'boxes',
  'records',
  'alarms',
  'cases',
  'case_events',
  'trail',
  'looks',
  'users',
  'picture_files',
]
/** Faults of one file that are reported; one broken page causes thousands. */
const faultsMax = 20

function readFacts(db: Sqlite): DatabaseFacts {
  const rows: Record<string, number> = {}
  for (const table of countedTables)
    rows[table] = db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0
  const head = db
    .prepare<[], string>('SELECT chain FROM audit_chain ORDER BY position DESC LIMIT 1')
    .pluck()
    .get()
  return { schema: db.pragma('user_version', { simple: true }) as number, rows, head: head ?? '' }
}

/**
 * Writes one consistent copy of `file` to `to` (which must not exist) and syncs it. The centre may run: the copy
 * contains everything committed at its start, and no commit waits for it.
 */
export function copyDatabase(file: string, to: string): DatabaseFacts {
  const db = openReader(file)
  try {
    db.prepare('VACUUM INTO ?').run(to)
  } finally {
    db.close()
  }
  closeToOthers(to)
  syncFile(to)
  const copy = new Database(to, { readonly: true })
  try {
    return readFacts(copy)
  } finally {
    copy.close()
  }
}

/** Reads every page, every index and the whole audit trail of a copy. `head` must be in the trail. */
export function inspectDatabase(file: string, head?: string): CopyFinding {
  let db: Sqlite | undefined
  try {
    db = new Database(file, { readonly: true, fileMustExist: true })
    const found = db.pragma(`integrity_check(${faultsMax})`) as { integrity_check: string }[]
    const faults = found.map((row) => row.integrity_check).filter((text) => text !== 'ok')
    if (faults.length > 0) return { faults, audit: undefined, facts: undefined }
    return { faults, audit: verifyAudit(db, head === '' ? undefined : head), facts: readFacts(db) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'cannot be opened'
    return { faults: [reason], audit: undefined, facts: undefined }
  } finally {
    db?.close()
  }
}

/** Opens the copy as a starting centre would, with every migration, and closes it: this changes the copy. */
export function openAsCentre(file: string, nowMs: number): void {
  openWriter(file, nowMs).close()
}

/** Puts a copy in the place of the centre's database, without the side files of another database. */
export function placeDatabase(from: string, file: string): void {
  for (const rest of ['-wal', '-shm', '-journal']) rmSync(file + rest, { force: true })
  copyFileSync(from, file)
  syncFile(file)
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
