// One gateway per data folder. The lock is SQLite's own file lock, so the system releases it however the process ends.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { JournalError } from './port.ts'

/** Takes the folder's lock or throws LOCKED naming the holder; call the returned function to let go. */
export function lockFolder(folder: string): () => void {
  const pidFile = join(folder, 'gateway.pid')
  const db = new Database(join(folder, 'gateway.lock'), { timeout: 0 })
  try {
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch {
    db.close()
    throw new JournalError(
      'LOCKED',
      `another gateway (${holder(pidFile)}) already uses ${folder}: stop it first, or give this one its own dataDir`,
    )
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return () => db.close()
}

function holder(pidFile: string): string {
  try {
    return `process ${readFileSync(pidFile, 'utf8').trim()}`
  } catch {
    return 'its process number is not recorded'
  }
}
