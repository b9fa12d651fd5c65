// Opens a SQLite file so that a commit is on disk when it returns: WAL with a real sync for each commit. This build of better-sqlite3
// takes WAL for `synchronous = NORMAL`, which loses the last commits with the power: FULL is set behind it and read back.
import Database from 'better-sqlite3'
import { scalarText } from '../protocols/kit/parse-json.ts'

export interface DurableSettings {
  /** How long a commit waits for another process that writes. */
  timeoutMs: number
  /** Counts only for a file that is made here. */
  pageBytes?: number
  /** The log is checkpointed at about this many pages, and truncated to this many bytes after that. */
  walPages: number
  walBytesMax: number
  cacheKib: number
}

export function openDurable(file: string, settings: DurableSettings): Database.Database {
  const db = new Database(file, { timeout: settings.timeoutMs })
  try {
    if (settings.pageBytes !== undefined) db.pragma(`page_size = ${settings.pageBytes}`)
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    db.pragma('trusted_schema = OFF')
    db.pragma(`wal_autocheckpoint = ${settings.walPages}`)
    db.pragma(`journal_size_limit = ${settings.walBytesMax}`)
    db.pragma(`cache_size = -${settings.cacheKib}`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** The wrong setting in place of WAL and FULL, or undefined. Call it after a write: until then SQLite may answer with an older value. */
export function findUnsynced(db: Database.Database): string | undefined {
  const mode = scalarText(db.pragma('journal_mode', { simple: true })) ?? ''
  const level = scalarText(db.pragma('synchronous', { simple: true })) ?? ''
  return mode === 'wal' && level === '2' ? undefined : `${mode}/${level}, not wal/2`
}
