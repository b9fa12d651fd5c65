// One program per data folder. The lock is SQLite's own lock of a file: the system releases it however the process ends.
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { codeOf } from '../failure.ts'
import { createFolder } from './create-folder.ts'

export interface FolderLock {
  folder: string
  /** Of the files: `gateway` makes `gateway.lock` and `gateway.pid`. */
  name: string
  /** Thrown when the folder is taken; `holder` is the process that has it, or `unknown`. */
  taken: (holder: string, cause: unknown) => Error
}

/** Takes the folder or throws `taken`; the returned function releases it. */
export function lockFolder({ folder, name, taken }: FolderLock): () => void {
  createFolder(folder)
  const [file, pidFile] = [join(folder, `${name}.lock`), join(folder, `${name}.pid`)]
  let db = new Database(file, { timeout: 0 })
  try {
    try {
      take(db)
    } catch (error) {
      // The file has no content: any bytes in it come from a damaged file system. SQLite reads the file only where
      // the lock is free.
      if (codeOf(error) !== 'SQLITE_NOTADB') throw error
      db.close()
      truncateSync(file)
      db = new Database(file, { timeout: 0 })
      take(db)
    }
  } catch (error) {
    db.close()
    throw taken(holderOf(pidFile), error)
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  const held = db
  return () => {
    if (held.open) held.close()
  }
}

function take(db: Database.Database): void {
  db.pragma('journal_mode = MEMORY')
  db.pragma('locking_mode = EXCLUSIVE')
  db.exec('BEGIN EXCLUSIVE')
}

function holderOf(pidFile: string): string {
  try {
    const text = readFileSync(pidFile, 'utf8').trim()
    return /^\d+$/.test(text) ? text : 'unknown'
  } catch {
    return 'unknown'
  }
}
