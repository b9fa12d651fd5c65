// The tables that a town has in both databases, as PostgreSQL's own catalogue lists them: a table that a later migration adds is copied
// without a line here.
import { StorageFailure } from '../storage-failure.ts'
import type { Sqlite } from '../sqlite/database.ts'

export interface TownTable {
  name: string
  columns: readonly string[]
  /** The columns of its primary key: rows are read in this order on both sides. */
  key: readonly string[]
  /** The column that numbers new rows. */
  numbered: string | undefined
}

/** Of running centres, not of the town: they are made anew. */
const ofProcesses = new Set(['box_owners', 'people_heard', 'duties', 'schema_version'])
/** Of SQLite alone: its own tables, those behind an index of words, and records of older versions, which are counted before. */
const ofSqlite = /^(?:sqlite_.*|(?:alarm|case)_search_.*|uncounted_records)$/

const columnsSql = `SELECT table_name AS "table", column_name AS "column", is_identity = 'YES' AS "numbers"
  FROM information_schema.columns WHERE table_schema = current_schema() AND is_generated = 'NEVER'
  ORDER BY table_name, ordinal_position`
const keysSql = `SELECT t.relname AS "table", a.attname AS "column"
  FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
  WHERE i.indisprimary AND n.nspname = current_schema()
  ORDER BY t.relname, array_position(CAST(i.indkey AS int2[]), a.attnum)`
const referringSql = `SELECT DISTINCT t.relname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
  JOIN pg_namespace n ON n.oid = t.relnamespace WHERE c.contype = 'f' AND n.nspname = current_schema()`

interface ColumnRow {
  table: string
  column: string
  numbers?: number
}

const rowsOf = (rows: readonly ColumnRow[], table: string): ColumnRow[] =>
  rows.filter((row) => row.table === table)

/** Tables that refer to others are behind those. Throws when SQLite's tables differ: a migration was written for one of the two alone. */
export function readTownTables(postgres: Sqlite, sqlite: Sqlite): TownTable[] {
  const columns = postgres.prepare<[], ColumnRow>(columnsSql).all()
  const keys = postgres.prepare<[], ColumnRow>(keysSql).all()
  const referring = new Set(postgres.prepare<[], string>(referringSql).pluck().all())
  const names = [...new Set(columns.map(({ table }) => table))].filter((name) => !ofProcesses.has(name))
  const tables = names.map((name) => ({
    name,
    columns: rowsOf(columns, name).map(({ column }) => column),
    key: rowsOf(keys, name).map(({ column }) => column),
    numbered: rowsOf(columns, name).find(({ numbers }) => numbers === 1)?.column,
  }))
  const [here, there] = [describeTables(tables), describeTables(readSqliteTables(sqlite))]
  const differing = [
    ...here.filter((one) => !there.includes(one)),
    ...there.filter((one) => !here.includes(one)),
  ]
  if (differing.length > 0)
    throw new StorageFailure(
      'other-tables',
      `the tables of the two databases differ: ${differing.join('; ')}`,
    )
  return tables.toSorted((a, b) => Number(referring.has(a.name)) - Number(referring.has(b.name)))
}

function readSqliteTables(sqlite: Sqlite): Pick<TownTable, 'name' | 'columns'>[] {
  const names = sqlite
    .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table'")
    .pluck()
    .all()
  const columns = sqlite.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck()
  return names
    .filter((name) => !ofSqlite.test(name))
    .map((name) => ({
      name,
      // An index of words does not list the number of its rows.
      columns: name.endsWith('_search') ? ['rowid', ...columns.all(name)] : columns.all(name),
    }))
}

const describeTables = (tables: readonly Pick<TownTable, 'name' | 'columns'>[]): string[] =>
  tables.map(({ name, columns }) => `${name} (${columns.toSorted().join(', ')})`)
