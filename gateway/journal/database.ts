// Opens journal.db in the only way that keeps promise 1: WAL with a real sync per commit. The settings are read back
// and checked.
import Database from 'better-sqlite3'
import { scalarText } from '../../protocols/kit/parse-json.ts'
import { migrations } from './migrations.ts'
import { JournalError } from './port.ts'
import { documentSum, openDocuments } from './sound-documents.ts'

/**
 * Rows are short and a commit touches one page at the end: small pages mean few bytes written to the flash per
 * commit.
 */
const pageBytes = 1024
/** Row of `meta` with a second copy of the schema version. */
const schemaKey = 'schema'
/** The write-ahead log is checkpointed at about this many pages, and never kept larger than the limit below. */
const checkpointPages = 2000
const walBytesMax = 4 * 1024 * 1024

/** Opens or creates the file, checks it, and brings its schema up to date. Throws on damage and on a newer schema. */
export function openDatabase(file: string): Database.Database {
  const db = new Database(file, { timeout: 2000 })
  try {
    db.pragma(`page_size = ${pageBytes}`)
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL') // better-sqlite3 is compiled so that WAL alone means NORMAL: no sync per commit
    db.pragma('trusted_schema = OFF')
    db.pragma(`wal_autocheckpoint = ${checkpointPages}`)
    db.pragma(`journal_size_limit = ${walBytesMax}`)
    db.pragma('cache_size = -2048') // KiB: commits and deletions work at the end of a table; a larger cache would only use memory
    db.function('document_sum', { deterministic: true }, (key: unknown, value: unknown) =>
      documentSum(scalarText(key) ?? '', scalarText(value) ?? ''),
    )
    migrate(db)
    assertSynced(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function migrate(db: Database.Database): void {
  const version = versionOf(db)
  if (version > migrations.length)
    throw new JournalError(
      'NEWER',
      `journal.db has schema ${version}, this program knows ${migrations.length}: install the newer program again`,
    )
  for (let from = version; from < migrations.length; from++) {
    db.transaction(() => {
      db.exec(migrations[from] ?? '')
      db.pragma(`user_version = ${from + 1}`)
      if (hasSums(db)) openDocuments(db, 'meta').put(schemaKey, String(from + 1))
    }).immediate()
  }
}

/** The file header has no checksum: one damaged byte in it must not look like the file of another program. */
function versionOf(db: Database.Database): number {
  const version = db.pragma('user_version', { simple: true }) as number
  const noted = hasSums(db) ? openDocuments(db, 'meta').get(schemaKey) : undefined
  if (noted === undefined || Number(noted) === version) return version
  db.pragma(`user_version = ${Number(noted)}`)
  return Number(noted)
}

const hasSums = (db: Database.Database): boolean =>
  db.prepare("SELECT 1 FROM pragma_table_info('meta') WHERE name = 'sum'").get() !== undefined

/** `synchronous` can return its old value until the first write, so it is read after one. */
function assertSynced(db: Database.Database): void {
  openDocuments(db, 'meta').put('opened', '1')
  const mode = db.pragma('journal_mode', { simple: true })
  const synchronous = db.pragma('synchronous', { simple: true })
  if (mode !== 'wal' || synchronous !== 2)
    throw new JournalError(
      'UNSYNCED',
      `journal.db opened with ${scalarText(mode)}/${scalarText(synchronous)}, not wal/2`,
    )
}
