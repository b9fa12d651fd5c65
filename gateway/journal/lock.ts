// One gateway per data folder. The lock is SQLite's own file lock: the system releases it however the process ends.
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { codeOf } from '../../platform/failure.ts'
import { JournalError } from './port.ts'

/** Takes the folder's lock or throws LOCKED naming the holder; the returned function releases it. */
export function lockFolder(folder: string): () => void {
  const pidFile = join(folder, 'gateway.pid')
  const file = join(folder, 'gateway.lock')
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
  } catch {
    db.close()
    throw new JournalError(
      'LOCKED',
      `another gateway (${holder(pidFile)}) already uses ${folder}: stop it first, or give this one its own dataDir`,
    )
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  const held = db
  return () => held.close()
}

function take(db: Database.Database): void {
  db.pragma('journal_mode = MEMORY')
  db.exec('BEGIN EXCLUSIVE')
}

function holder(pidFile: string): string {
  try {
    return `process ${readFileSync(pidFile, 'utf8').trim()}`
  } catch {
    return 'its process number is not recorded'
  }
}
