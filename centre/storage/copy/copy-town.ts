// Copies a town from one database into the other: every row and the numbers of new rows, in one transaction that commits only after the
// copy was read back and is equal. A copy that was interrupted leaves nothing behind.
import { createHash } from 'node:crypto'
import { StorageFailure } from '../storage-failure.ts'
import { createSeal, verifyAudit } from '../sqlite/audit-chain.ts'
import { immediately, isPostgres, type Sqlite } from '../sqlite/database.ts'
import { createStoredBytesWriter } from '../sqlite/stored-bytes.ts'
import { readHighestNumber, setHighestNumber } from './row-numbers.ts'
import { readTownTables, type TownTable } from './town-tables.ts'

/** Rows between two reports of progress. */
const reportedEvery = 10_000

export interface CopiedTown {
  /** Rows of each table. */
  rows: Record<string, number>
  auditEntries: number
  /** The last seal of the audit trail, the same on both sides. */
  head: string
}

export interface CopyTownOptions {
  /** One of the two is PostgreSQL, the other one SQLite; no other program writes into either. */
  source: Sqlite
  target: Sqlite
  onProgress?: (table: string, rows: number) => void
}

/** Ends what a start of the program leaves for later in a database of an older version, so that the copy is complete. */
export function prepareSource(db: Sqlite): void {
  const { countStoredBytes } = createStoredBytesWriter(db)
  while (countStoredBytes());
  createSeal(db)
}

/** Centres that have a session with this database; commands like this one are not counted. */
export function countCentres(db: Sqlite): number {
  if (!isPostgres(db)) return 0
  return (
    db
      .prepare<[], number>(
        `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
         AND application_name LIKE 'gengfu %' AND application_name NOT LIKE 'gengfu command %'`,
      )
      .pluck()
      .get() ?? 0
  )
}

/** Throws StorageFailure; the target is then as it was. */
export function copyTown({ source, target, onProgress = () => undefined }: CopyTownOptions): CopiedTown {
  if (isPostgres(source) === isPostgres(target))
    throw new StorageFailure('same-kind', 'one of the two must be SQLite and the other one PostgreSQL')
  const [postgres, sqlite] = isPostgres(source) ? [source, target] : [target, source]
  const tables = readTownTables(postgres, sqlite)
  const audit = verifyAudit(source)
  if (!audit.isGood)
    throw new StorageFailure(
      'audit-broken',
      'the audit trail of the source does not verify: see gengfu centre verify-audit',
    )
  const { entries: auditEntries, head = '' } = audit
  return immediately(target, (): CopiedTown => {
    refuseRows(target, tables)
    // The start that opened the target: those of the source say above which positions the town goes on.
    target.prepare('DELETE FROM starts').run()
    const copied = tables.map((table) => ({ table, ...copyTable(source, target, table, onProgress) }))
    for (const { name, numbered } of tables)
      if (numbered !== undefined)
        setHighestNumber(target, name, numbered, readHighestNumber(source, name, numbered))
    // PostgreSQL plans by it, the reading below too; SQLite's statements are written for a file without it.
    if (isPostgres(target)) target.exec('ANALYZE')
    for (const { table, rows, hash } of copied) {
      const there = readTable(target, table)
      if (there.hash !== hash)
        throw new StorageFailure(
          'copy-differs',
          `${table.name}: ${rows} rows were copied, ${there.rows} were read back, or their contents differ`,
        )
    }
    const copy = verifyAudit(target)
    if (!copy.isGood || copy.head !== head)
      throw new StorageFailure('copy-differs', 'the audit trail of the copy does not verify')
    return {
      rows: Object.fromEntries(copied.map(({ table, rows }) => [table.name, rows])),
      auditEntries,
      head,
    }
  })()
}

function refuseRows(target: Sqlite, tables: readonly TownTable[]): void {
  const filled = tables.filter(
    ({ name }) => name !== 'starts' && target.prepare(`SELECT 1 FROM "${name}" LIMIT 1`).get() !== undefined,
  )
  if (filled.length > 0)
    throw new StorageFailure(
      'not-empty',
      `the target has rows in ${filled.map(({ name }) => name).join(', ')}: it must be empty`,
    )
}

interface ReadTable {
  rows: number
  hash: string
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')

const rowsOf = (db: Sqlite, { name, columns, key }: TownTable): IterableIterator<Record<string, unknown>> =>
  db
    .prepare<[], Record<string, unknown>>(`SELECT ${quoted(columns)} FROM "${name}" ORDER BY ${quoted(key)}`)
    .iterate()

// PostgreSQL's texts have no character 0.
const portable = (value: unknown): unknown =>
  typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value

function copyTable(
  source: Sqlite,
  target: Sqlite,
  table: TownTable,
  onProgress: (table: string, rows: number) => void,
): ReadTable {
  const { name, columns } = table
  const insert = target.prepare(
    `INSERT INTO "${name}" (${quoted(columns)}) VALUES (${columns.map(() => '?').join(', ')})`,
  )
  return readTable(source, table, (values, rows) => {
    insert.run(...values)
    if (rows % reportedEvery === 0) onProgress(name, rows)
  })
}

/** The hash of all values in the order of the key. */
function readTable(
  db: Sqlite,
  table: TownTable,
  onRow?: (values: unknown[], rows: number) => void,
): ReadTable {
  const hash = createHash('sha256')
  let rows = 0
  for (const row of rowsOf(db, table)) {
    const values = table.columns.map((column) => portable(row[column]))
    hash.update(JSON.stringify(values))
    rows++
    onRow?.(values, rows)
  }
  return { rows, hash: hash.digest('hex') }
}
