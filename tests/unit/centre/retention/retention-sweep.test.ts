// Question: does the sweep delete exactly the rows past their term, never an open one, and is the audit trail intact
// after it?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sweepExpired } from '../../../../centre/retention/retention-sweep.ts'
import { termsAt } from '../../../../centre/retention/terms.ts'
import { createSeal, verifyAudit } from '../../../../centre/storage/sqlite/audit-chain.ts'
import { openReader, openWriter, type Sqlite } from '../../../../centre/storage/sqlite/database.ts'
import { createExpiredReader, createExpiredWriter } from '../../../../centre/storage/sqlite/retention.ts'

const dayMs = 86_400_000
const nowMs = 1_800_000_000_000
const settings = { routineDays: 400, alarmDays: 1830, quarantineDays: 90 }
const [red, routine] = [0, 4]

let folder: string
let db: Sqlite
let reading: Sqlite

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-retention-'))
  db = openWriter(join(folder, 'centre.db'), nowMs)
  reading = openReader(join(folder, 'centre.db'))
})
afterEach(() => {
  reading.close()
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

const sweep = (isDryRun = false) => {
  const [{ expired }, { dropExpired }] = [createExpiredReader(reading), createExpiredWriter(db)]
  return sweepExpired({
    storage: {
      expired: (query) => Promise.resolve(expired(query)),
      dropExpired: (kind, ids) => Promise.resolve(dropExpired(kind, ids)),
    },
    settings,
    nowMs,
    isDryRun,
    pause: () => Promise.resolve(),
  })
}

/** Records in the order of their arrival, `days` ago. */
function putRecords(rows: { days: number; lane: number }[]): void {
  const insert = db.prepare(
    "INSERT INTO records (position, epoch, lane, number, sequence, received_at_ms, body) VALUES (?, 1, ?, ?, ?, ?, '{}')",
  )
  rows.forEach(({ days, lane }, i) => insert.run(i + 1, lane, i + 1, i + 1, nowMs - days * dayMs))
}

function putAlarm(id: string, days: number, isActive: boolean): void {
  const row = JSON.stringify({ id, changedAtMs: nowMs - days * dayMs })
  db.prepare(
    "INSERT INTO alarms (id, box, kind, is_active, colour_rank, stage, row) VALUES (?, 'box', 'sos', ?, 0, 'closed', ?)",
  ).run(id, isActive ? 1 : 0, row)
}

function putCase(number: number, days: number, isOver: boolean, alarm?: string, movedDays = days): void {
  db.prepare(
    "INSERT INTO cases (number, village, is_over, colour_rank, state, opened_at_ms, body) VALUES (?, 'v', ?, 0, 'x', ?, '{}')",
  ).run(number, isOver ? 1 : 0, nowMs - days * dayMs)
  db.prepare("INSERT INTO case_events (number, at_ms, what, who, text) VALUES (?, ?, 'note', 'li', '')").run(
    number,
    nowMs - movedDays * dayMs,
  )
  if (alarm !== undefined)
    db.prepare('INSERT INTO case_alarms (alarm, number) VALUES (?, ?)').run(alarm, number)
}

const left = (sql: string): unknown[] => db.prepare(sql).pluck().all()

it('deletes routine records and alarm records each after its own term, over many pages', async () => {
  const old = Array.from({ length: 450 }, (_, i) => ({ days: 2000 - i, lane: i % 2 === 0 ? routine : red }))
  putRecords([...old, { days: 401, lane: routine }, { days: 401, lane: red }, { days: 399, lane: routine }])
  const expectedRed = old.filter(({ days, lane }) => lane === red && days <= 1830).length + 1
  expect(await sweep(true)).toMatchObject({ routine: 226, records: 85 })
  expect(left('SELECT count(*) FROM records')).toEqual([453])
  expect(await sweep()).toMatchObject({ routine: 226, records: 85 })
  expect(left(`SELECT count(*) FROM records WHERE lane = ${red}`)).toEqual([expectedRed])
  expect(left(`SELECT count(*) FROM records WHERE lane = ${routine}`)).toEqual([1])
  expect(await sweep()).toMatchObject({ routine: 0, records: 0 })
})

it('keeps open items, the alarms of a case that stays, and the newest number of a case', async () => {
  putAlarm('old-ended', 2000, false)
  putAlarm('old-active', 2000, true)
  putAlarm('young-ended', 10, false)
  putAlarm('of-old-case', 2000, false)
  putAlarm('of-moved-case', 2000, false)
  putCase(1, 2000, true, 'of-old-case')
  putCase(2, 2000, false)
  putCase(3, 2000, true, 'of-moved-case', 100)
  putCase(4, 2000, true)
  expect(await sweep()).toMatchObject({ cases: 1, alarms: 2 })
  expect(left('SELECT number FROM cases ORDER BY number')).toEqual([2, 3, 4])
  expect(left('SELECT id FROM alarms ORDER BY id')).toEqual(['of-moved-case', 'old-active', 'young-ended'])
  expect(left('SELECT DISTINCT number FROM case_events ORDER BY number')).toEqual([2, 3, 4])
})

it('leaves the audit trail whole and a row that cannot be read in its place', async () => {
  const seal = createSeal(db)
  for (let i = 0; i < 3; i++)
    seal({ alarm: 'box.a', atMs: nowMs - 3000 * dayMs, who: 'li', what: 'seen', why: '' })
  db.prepare(
    "INSERT INTO alarms (id, box, kind, is_active, colour_rank, stage, row) VALUES ('x', 'b', 'sos', 0, 0, 'closed', '{spoilt')",
  ).run()
  await sweep()
  expect(verifyAudit(db)).toMatchObject({ isGood: true, entries: 3 })
  expect(left('SELECT id FROM alarms')).toEqual(['x'])
})

it('counts the terms in days back from now', () => {
  expect(termsAt(settings, nowMs)).toMatchObject({
    routine: nowMs - 400 * dayMs,
    alarms: nowMs - 1830 * dayMs,
    quarantine: nowMs - 90 * dayMs,
  })
})
