// Question: does the centre still accept pictures of a box that has sent tens of thousands, and what does a hostile box
// cost?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openWriter, type Sqlite } from '../../../centre/storage/sqlite/database.ts'
import {
  createPictureWriter,
  snapshotsPerBoxMax,
} from '../../../centre/storage/sqlite/pictures/picture-table.ts'
import { createPictureUpkeep } from '../../../centre/storage/sqlite/pictures/picture-upkeep.ts'
import { addScopeFunction } from '../../../centre/storage/sqlite/scope-column.ts'
import type { LogRecord } from '../../../protocols/domain/record.ts'

const box = 'box-a'
let folder: string
let db: Sqlite
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-pictures-'))
  db = openWriter(join(folder, 'centre.db'), 0)
  addScopeFunction(db)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

const nameOf = (number: number): string => number.toString(16).padStart(64, '0')

/** This many snapshots of a box, the oldest first; the files of the first ones are deleted. */
function fill(count: number, gone: number): void {
  db.exec(`
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})
    INSERT INTO snapshots SELECT '${box}', printf('%012x', i), 1, NULL, i, printf('%064x', i), printf('%064x', i), '{}' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})
    INSERT INTO picture_files
      SELECT '${box}', printf('%064x', i), 1, 1, iif(i < ${gone}, 2, NULL), iif(i < ${gone}, 'term', NULL) FROM n;`)
}

function taken(number: number): LogRecord {
  const at = { boot: 1, sinceBootMs: number, atMs: number, clock: 'synced' as const }
  const file = { sha256: nameOf(number), bytes: 1, width: 8, height: 8 }
  const facts = {
    id: number.toString(16).padStart(12, '0'),
    camera: 'cam-1',
    zone: 'yard',
    moment: 'at-once',
    fetchedAt: at,
    preview: file,
    full: file,
    isMasked: false,
    picture: 'good',
  }
  return { type: 'log', sequence: number, what: 'snapshot-taken', facts, ...at }
}

const rows = (): { count: number; oldest: number } =>
  db.prepare('SELECT count(*) AS count, min(taken_at_ms) AS oldest FROM snapshots').get() as ReturnType<
    typeof rows
  >

it('forgets the oldest of those whose files are gone, rows of the files too, and takes the new one', () => {
  fill(snapshotsPerBoxMax, 3000)
  const writer = createPictureWriter(db)
  // One commit for all: the test is about the remaining rows, not the disk.
  db.transaction(() => {
    for (let i = 0; i < 1500; i++)
      expect(writer.note(box, 1, taken(snapshotsPerBoxMax + i), 5)).toHaveLength(1)
  })()
  expect(rows()).toEqual({ count: snapshotsPerBoxMax - 500, oldest: 2000 })
  const files = db.prepare("SELECT count(*) FROM picture_files WHERE gone_why = 'term'").pluck().get()
  expect(files).toBe(1000)
})

it('goes through all snapshots of a box for nothing but a box that has too many', () => {
  const asked: string[] = []
  const heard = new Proxy(db, {
    get: (target, name) => {
      if (name !== 'prepare') return Reflect.get(target, name) as unknown
      return (sql: string) => {
        asked.push(sql)
        return target.prepare(sql)
      }
    },
  })
  createPictureWriter(heard)
  createPictureUpkeep(heard, () => undefined)
  const walks = asked.filter((sql) => {
    // The plan is the same for all values.
    const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql.replace(/\?|@\w+/g, "'1'")}`).all() as {
      detail: string
    }[]
    return steps.some(({ detail }) => /(snapshots|\bs) USING .*\(box=\?\)$|SCAN (snapshots|s)\b/.test(detail))
  })
  const isMeantTo = (sql: string): boolean =>
    /^SELECT count\(\*\) FROM snapshots WHERE box|^DELETE FROM snapshots|ORDER BY taken_at_ms DESC, id LIMIT/.test(
      sql,
    )
  expect(walks.filter((sql) => !isMeantTo(sql))).toEqual([])
  expect(walks.length).toBeGreaterThan(0)
})

it('refuses what a box names beyond, as long as none of its files is gone, and looks again after a while', () => {
  fill(snapshotsPerBoxMax, 0)
  const writer = createPictureWriter(db)
  const note = (number: number) => writer.note(box, 1, taken(snapshotsPerBoxMax + number), 5).length
  expect(note(0)).toBe(0)
  db.exec("UPDATE picture_files SET gone_why = 'term', gone_at_ms = 2 WHERE sha256 < printf('%064x', 10)")
  const later = Array.from({ length: 1001 }, (_, i) => note(1 + i))
  expect(later.reduce((sum, told) => sum + told, 0)).toBeGreaterThan(0)
  expect(rows().count).toBeLessThanOrEqual(snapshotsPerBoxMax)
})
