// The numbers that new rows get: a copy goes on where its source was, also where the newest rows have been deleted, so that no number is
// used twice.
import { isPostgres, type Sqlite } from '../sqlite/database.ts'

/** The highest number that a row of this table ever had, as far as the database knows. */
export function readHighestNumber(db: Sqlite, table: string, column: string): number {
  const highest = db.prepare<[], number | null>(`SELECT max("${column}") FROM "${table}"`).pluck().get() ?? 0
  return Math.max(highest, isPostgres(db) ? readOfPostgres(db, table, column) : readOfSqlite(db, table))
}

function readOfPostgres(db: Sqlite, table: string, column: string): number {
  const sequence = sequenceOf(db, table, column)
  return (
    db
      .prepare<[], number>(`SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ${sequence}`)
      .pluck()
      .get() ?? 0
  )
}

const sequenceOf = (db: Sqlite, table: string, column: string): string =>
  db.prepare<[string, string], string>('SELECT pg_get_serial_sequence(?, ?)').pluck().get(table, column) ?? ''

const readOfSqlite = (db: Sqlite, table: string): number =>
  db.prepare<[string], number>('SELECT seq FROM sqlite_sequence WHERE name = ?').pluck().get(table) ?? 0

/** New rows come behind this number. */
export function setHighestNumber(db: Sqlite, table: string, column: string, highest: number): void {
  if (isPostgres(db)) {
    db.prepare(
      'SELECT setval(CAST(pg_get_serial_sequence(?, ?) AS regclass), greatest(CAST(? AS BIGINT), 1), CAST(? AS BIGINT) > 0)',
    ).get(table, column, highest, highest)
    return
  }
  // Other tables take the number behind their highest row.
  const isCounted = db.prepare(
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? AND instr(sql, 'AUTOINCREMENT') > 0",
  )
  if (highest === 0 || !isCounted.get(table)) return
  const { changes } = db.prepare('UPDATE sqlite_sequence SET seq = ? WHERE name = ?').run(highest, table)
  if (changes === 0) db.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(table, highest)
}
