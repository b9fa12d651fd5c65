// One centre per data folder: a lock that the kernel releases with the process, and a file with the holder's process
// id.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { StorageFailure } from '../storage-failure.ts'

function holderOf(pidFile: string): string {
  const text = existsSync(pidFile) ? readFileSync(pidFile, 'utf8').trim() : ''
  return /^\d+$/.test(text) ? text : 'unknown'
}

/** Takes the folder, or throws StorageFailure `in-use` with the process that holds it. Returns the release. */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const pidFile = join(dataDir, 'centre.pid')
  const db = new Database(join(dataDir, 'centre.lock'), { timeout: 0 })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    throw new StorageFailure(
      'in-use',
      `${dataDir} is in use by another centre, process ${holderOf(pidFile)}: stop it first, or choose another dataDir`,
      error,
    )
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return () => {
    if (db.open) db.close()
  }
}
