// Before a newer version of the program changes the form of the journal, the file is copied: a version that goes back finds its own form
// again, and takes from the newer file what it can read there (`damage/salvage.ts`).
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { migrations } from './migrations.ts'

const copyFile = 'journal-before.db'
/** After this the version that copied it has long proven itself. */
const keptMs = 30 * 86_400_000

export const copyOf = (folder: string): string => join(folder, copyFile)

/** Copies an open journal as it is. Without room it throws SQLITE_FULL, the start fails, and the version before goes on. */
export function copyBeforeMigration(db: Database.Database): void {
  const copy = copyOf(dirname(db.name))
  const draft = `${copy}.new`
  rmSync(draft, { force: true })
  db.prepare('VACUUM INTO ?').run(draft)
  const descriptor = openSync(draft, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
  renameSync(draft, copy)
}

/** True when a newer version has changed the journal here and left a copy that this one can read. */
export function hasReadableCopy(folder: string): boolean {
  const copy = copyOf(folder)
  if (!existsSync(copy)) return false
  const db = new Database(copy, { readonly: true })
  try {
    return (db.pragma('user_version', { simple: true }) as number) <= migrations.length
  } catch {
    return false
  } finally {
    db.close()
  }
}

export function dropOldCopy(folder: string, nowMs: number): void {
  const copy = copyOf(folder)
  if (existsSync(copy) && nowMs - statSync(copy).mtimeMs > keptMs) rmSync(copy)
}
