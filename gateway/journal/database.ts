// Opens journal.db in the only way that keeps promise 1: WAL with a real sync per commit. The settings are read back
// and checked.
import type Database from 'better-sqlite3'
import { findUnsynced, openDurable } from '../../platform/durable-database.ts'
import { scalarText } from '../../protocols/kit/parse-json.ts'
import { copyBeforeMigration } from './before-migration.ts'
import { migrations } from './migrations.ts'
import { JournalError } from './port.ts'
import { documentSum, openDocuments } from './sound-documents.ts'

/** Row of `meta` with a second copy of the schema version. */
const schemaKey = 'schema'
const settings = {
  timeoutMs: 2000,
  /** Rows are short and a commit touches one page at the end: small pages mean few bytes written to the flash per commit. */
  pageBytes: 1024,
  walPages: 2000,
  walBytesMax: 4 * 1024 * 1024,
  /** Commits and deletions work at the end of a table; a larger cache would only use memory. */
  cacheKib: 2048,
}

/** Opens or creates the file, checks it, and brings its schema up to date. Throws on damage and on a newer schema. */
export function openDatabase(file: string): Database.Database {
  const db = openDurable(file, settings)
  try {
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
  if (version > 0 && version < migrations.length) copyBeforeMigration(db)
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
  const found = findUnsynced(db)
  if (found !== undefined) throw new JournalError('UNSYNCED', `journal.db opened with ${found}`)
}
