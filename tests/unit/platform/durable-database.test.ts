// Is what is opened synced with each commit, and is a weaker setting found?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findUnsynced, openDurable } from '../../../platform/durable-database.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'gengfu-durable-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('opens with WAL and a sync for each commit, and names what is weaker', () => {
  const db = openDurable(join(folder, 'one.db'), {
    timeoutMs: 100,
    pageBytes: 1024,
    walPages: 100,
    walBytesMax: 1_000_000,
    cacheKib: 512,
  })
  db.exec('CREATE TABLE one (a INTEGER) STRICT; INSERT INTO one VALUES (1)')
  expect(findUnsynced(db)).toBeUndefined()
  expect(db.pragma('page_size', { simple: true })).toBe(1024)
  db.pragma('synchronous = NORMAL')
  db.exec('INSERT INTO one VALUES (2)')
  expect(findUnsynced(db)).toBe('wal/1, not wal/2')
  db.close()
})
