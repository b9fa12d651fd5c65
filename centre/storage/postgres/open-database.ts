// Opens PostgreSQL for a storage thread: the writer migrates it and notes its start, as the writer of a SQLite file does.
import { StorageFailure } from '../storage-failure.ts'
import type { Sqlite } from '../sqlite/database.ts'
import type { PostgresAddress } from './address.ts'
import { WaitingConnection } from './connection/waiting-connection.ts'
import { migrations } from './migrations/migrations.ts'
import { PostgresDatabase } from './postgres-database.ts'

const schemaTable =
  'CREATE TABLE IF NOT EXISTS schema_version (one BIGINT PRIMARY KEY CHECK (one = 1), version BIGINT NOT NULL)'

/** Under the lock of the writer, which every transaction takes: of two centres that start together, one migrates. */
function migrate(db: PostgresDatabase, steps: readonly string[]): void {
  const step = db.transaction((): boolean => {
    db.read({ text: schemaTable })
    const version = (db.prepare('SELECT version FROM schema_version').pluck().get() ?? 0) as number
    if (version > steps.length)
      throw new StorageFailure(
        'newer-schema',
        `the database was written by a newer program (schema ${version}, this one knows ${steps.length}): update this program`,
      )
    const sql = steps[version]
    if (sql === undefined) return false
    db.read({ text: sql })
    db.prepare(
      'INSERT INTO schema_version (one, version) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET version = excluded.version',
    ).run(version + 1)
    return true
  })
  while (step());
}

function noteStart(db: PostgresDatabase, nowMs: number): void {
  db.transaction(() => {
    db.prepare('INSERT INTO starts (at_ms) VALUES (?)').run(nowMs)
    db.prepare('DELETE FROM starts WHERE number <= (SELECT max(number) FROM starts) - 1000').run()
  })()
}

export interface PostgresOpening {
  address: PostgresAddress
  role: 'writer' | 'reader'
  /** Shown by the server: which centre this is. */
  name: string
  nowMs: number
  /** How many calls of this centre wait that are not bulk. */
  urgent?: SharedArrayBuffer
}

/** Throws StorageFailure; the session is closed then. */
export function openPostgres({ address, role, name, nowMs, urgent }: PostgresOpening): Sqlite {
  const waiting = urgent && new Int32Array(urgent)
  const connection = new WaitingConnection(address, `${name} ${role}`)
  const isUrgentHere = waiting && ((): boolean => Atomics.load(waiting, 0) > 0)
  const db = new PostgresDatabase({ connection, role, ...(isUrgentHere ? { isUrgentHere } : {}) })
  try {
    if (role === 'writer') {
      migrate(db, migrations)
      noteStart(db, nowMs)
    }
    return db as unknown as Sqlite
  } catch (error) {
    db.close()
    throw error
  }
}
