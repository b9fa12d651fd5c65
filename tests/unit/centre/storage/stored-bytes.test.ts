// The disk space of each box in a file of a version that did not count it: counted after the start, in batches, and exact
// although records come and go meanwhile.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, expect, it } from 'vitest'
import { openWriter, type Sqlite } from '../../../../centre/storage/sqlite/database.ts'
import { migrations } from '../../../../centre/storage/sqlite/migrations/migrations.ts'
import { storedBytesMigration } from '../../../../centre/storage/sqlite/migrations/stored-bytes-migration.ts'
import {
  createStoredBytesReader,
  createStoredBytesWriter,
} from '../../../../centre/storage/sqlite/stored-bytes.ts'

const folder = mkdtempSync(join(tmpdir(), 'gengfu-stored-bytes-'))
let db: Sqlite | undefined
afterEach(() => {
  db?.close()
  rmSync(folder, { recursive: true, force: true })
})

const recordsAtFirst = 12_000
const body = (length: number): string => `"${'x'.repeat(length - 2)}"`

function insert(into: Sqlite, epoch: number, from: number, count: number, length: number): void {
  const put = into.prepare(
    'INSERT INTO records (epoch, lane, number, sequence, received_at_ms, body) VALUES (?, 1, ?, 1, 1, ?)',
  )
  for (let number = from; number < from + count; number++) put.run(epoch, number, body(length))
}

it('counts the records of an older version after the start, and each record once', () => {
  const file = join(folder, 'centre.db')
  const before = migrations.indexOf(storedBytesMigration)
  expect(before).toBeGreaterThan(0)
  const old = new Database(file)
  for (const sql of migrations.slice(0, before)) old.exec(sql)
  old.pragma(`user_version = ${before}`)
  old.prepare("INSERT INTO boxes (id, name) VALUES ('a', 'a'), ('b', 'b')").run()
  const columns = (old.pragma('table_info(epochs)') as { name: string; notnull: number }[]).filter(
    ({ name, notnull }) => notnull === 1 && !['number', 'box', 'epoch'].includes(name),
  )
  const names = ['number', 'box', 'epoch', ...columns.map(({ name }) => name)]
  for (const [number, box] of [
    [1, 'a'],
    [2, 'b'],
  ] as const)
    old
      .prepare(`INSERT INTO epochs (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
      .run(number, box, `epoch-${box}-x`, ...columns.map(() => 0))
  old.transaction(() => {
    insert(old, 1, 1, recordsAtFirst, 400)
    insert(old, 2, 1, 10, 200)
  })()
  old.close()

  const opened = (db = openWriter(file, 1))
  const storedBytes = createStoredBytesReader(opened)
  const { countStoredBytes } = createStoredBytesWriter(opened)
  const bytesOf = (): Record<string, number> =>
    Object.fromEntries(storedBytes().map(({ box, bytes }) => [box, bytes]))
  expect(bytesOf()).toEqual({ a: 0, b: 0 })
  expect(countStoredBytes()).toBe(true)
  expect(bytesOf()['a']).toBe(5000 * 500)
  // One that is counted, one that is not yet, and a new one, as the receiver counts it.
  opened.prepare('DELETE FROM records WHERE epoch = 1 AND number IN (1, 11000)').run()
  insert(opened, 2, 11, 1, 300)
  opened.prepare('UPDATE epochs SET bytes = bytes + 400 WHERE number = 2').run()
  while (countStoredBytes());
  expect(bytesOf()).toEqual({ a: (recordsAtFirst - 2) * 500, b: 10 * 300 + 400 })
  opened.prepare('DELETE FROM records').run()
  expect(bytesOf()).toEqual({ a: 0, b: 0 })
})
