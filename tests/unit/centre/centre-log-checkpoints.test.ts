// Is the log of the centre's file checkpointed by the reading thread, so that no commit waits for it?
import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LogCheckpoints, openWriter } from '../../../centre/storage/sqlite/database.ts'
import { openSqliteStorage } from '../../../centre/storage/sqlite/sqlite-storage.ts'
import { dropFolder, makeFolder, until } from '../../contract/centre/centre-parts.ts'

let folder: string
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => dropFolder(folder))

const megabyte = 1024 * 1024
const insert = 'INSERT INTO quarantine (box, topic, cause, at_ms, payload) VALUES (?, ?, ?, ?, ?)'

/** Megabytes of the file itself: committed data is in its log until the checkpoint. */
const fileMegabytes = (file: string): number => statSync(file).size / megabyte

it('a commit of the writer leaves up to 64 MB in the log, and folding moves it while the writer is open', () => {
  const file = join(folder, 'centre.db')
  const writer = openWriter(file, 0)
  const put = writer.prepare(insert)
  const log = new LogCheckpoints(file)
  for (let i = 0; i < 40; i++) put.run('box', 't', 'c', i, Buffer.alloc(megabyte))
  expect(fileMegabytes(file)).toBeLessThan(1)
  log.fold()
  expect(fileMegabytes(file)).toBeGreaterThan(40)
  expect(statSync(`${file}-wal`).size).toBeLessThan(45 * megabyte)
  // From the start again: the log does not grow beyond the data written between two checkpoints.
  for (let i = 0; i < 40; i++) put.run('box', 't', 'c', i, Buffer.alloc(megabyte))
  expect(statSync(`${file}-wal`).size).toBeLessThan(45 * megabyte)
  log.close()
  writer.close()
})

it('is done by a storage that is open, again and again', async () => {
  const file = join(folder, 'centre.db')
  const storage = await openSqliteStorage(file, 0, 50)
  const other = new Database(file)
  other.pragma('wal_autocheckpoint = 0')
  try {
    for (const least of [4, 8]) {
      for (let i = 0; i < 4; i++) other.prepare(insert).run('box', 't', 'c', i, Buffer.alloc(megabyte))
      await until(() => fileMegabytes(file) > least)
    }
  } finally {
    other.close()
    await storage.close()
  }
  expect(fileMegabytes(file)).toBeGreaterThan(8)
})
