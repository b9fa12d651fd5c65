// A database of the version before the indexes of a big town, with alarms and cases in it: does it open, whatever a damaged row holds, with
// its figures and with everything in the search index, the open ones before the first desk is served?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { SearchCatchUp } from '../../../../centre/retention/search-catch-up.ts'
import type { LaneBatch } from '../../../../centre/storage/port.ts'
import { openWriter, type Sqlite } from '../../../../centre/storage/sqlite/database.ts'
import { migrations } from '../../../../centre/storage/sqlite/migrations/migrations.ts'
import { scaleMigration } from '../../../../centre/storage/sqlite/migrations/scale-migration.ts'
import { createReader } from '../../../../centre/storage/sqlite/reader.ts'
import { createWriter } from '../../../../centre/storage/sqlite/writer.ts'
import { feedWhileOpening, openingMsMax } from '../../../../centre/wiring/open-storage.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { makeAlarm } from '../../../contract/centre/centre-parts.ts'

const [town, village] = ['320612104', '320612104201']
const over = 250
let folder: string
let db: Sqlite
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-scale-'))
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Alarms of a village that are over, one that is active, and one of the centre of a town. */
function fill(): string {
  const file = join(folder, 'new.db')
  const made = openWriter(file, 1)
  const writer = createWriter(made)
  const ids = Array.from({ length: over }, (_, at) => `old-${at}`)
  const ended = ids.flatMap((id, at) => [
    makeAlarm(2 * at + 1, 'raised', { id, device: id }),
    makeAlarm(2 * at + 2, 'ended', { id, device: id, state: 'normal' }),
  ])
  const active = makeAlarm(2 * over + 1, 'raised', { id: 'sos-1', zone: 'wang-12' })
  for (const [box, alarms] of [
    [`${village}-1`, [...ended, active]],
    [town, [makeAlarm(1, 'raised', { id: 'town-1' })]],
  ] as const) {
    const numbers = alarms.map(({ sequence }) => sequence)
    const bodies = alarms.map((record) => JSON.stringify(record))
    const of = { box, epoch: 'abcd1234', lane: 'red', numbers, sequences: numbers, bodies, alarms } as const
    const none = { clocks: [], pictures: [], origins: [], skipped: [], settled: [] }
    const lanes = [{ ...of, ...none } as unknown as LaneBatch]
    writer.storeIntake({ receivedAtMs: 1_800_000_000_000, lanes, quarantined: [] })
  }
  made.close()
  return file
}

/** The same content in a file of the version before: its index knows the town under its whole code alone. */
function makeOld(): string {
  const file = join(folder, 'centre.db')
  const before = migrations.indexOf(scaleMigration)
  expect(before).toBeGreaterThan(0)
  const old = new Database(file)
  for (const sql of migrations.slice(0, before)) old.exec(sql)
  old.pragma(`user_version = ${before}`)
  old.prepare('ATTACH ? AS new').run(fill())
  const names = (schema: string, table: string): string[] =>
    (old.pragma(`${schema}.table_info(${table})`) as { name: string }[]).map(({ name }) => name)
  for (const table of ['boxes', 'epochs', 'alarms', 'cases', 'case_events']) {
    const known = new Set(names('new', table))
    const both = names('main', table).filter((name) => known.has(name))
    old.exec(`INSERT INTO main.${table} (${both.join()}) SELECT ${both.join()} FROM new.${table}`)
  }
  old.exec('DETACH new')
  old.exec(
    `INSERT INTO alarm_search (rowid, text, village, kind) SELECT arrival, id, box, kind FROM alarms WHERE box = '${town}'`,
  )
  old.close()
  return file
}

const found = (of: string): number =>
  createReader(db).alarms({ state: 'all', limit: 1000, find: { village: of } })?.alarms.length ?? 0

it('finds the centre of a town under the codes above it, and old alarms in pages after the start', () => {
  db = openWriter(makeOld(), 2)
  const writer = createWriter(db)
  writer.remember([])
  // Open cases and active alarms are there for the first desk.
  expect(found('3206')).toBe(2)
  const scope = [village]
  const query = { state: 'open', limit: 1000, scope } as const
  expect(createReader(db).cases(query as never, 1)?.cases.length).toBe(
    db.prepare('SELECT count(*) FROM cases WHERE is_over = 0 AND village = ?').pluck().get(village),
  )
  let pages = 0
  for (let last = found('3206'); writer.catchUpSearch(); last = found('3206')) {
    pages++
    expect(found('3206') - last).toBeLessThanOrEqual(100)
  }
  expect(pages).toBeGreaterThan(2)
  expect(found('3206')).toBe(over + 2)
  const span = { fromMs: 0, toMs: 2e12, nowMs: 2e12, boxes: [] }
  const { town: cases, alarms } = createReader(db).figures({ ...span, village })
  expect(alarms.alarms).toBe(over + 1)
  expect(cases.cases).toBe(db.prepare('SELECT count(*) FROM cases WHERE village = ?').pluck().get(village))
  // Nothing is entered twice, and a further start finds nothing to do.
  createWriter(db).remember([])
  expect(db.prepare('SELECT count(*) FROM alarm_search').pluck().get()).toBe(over + 2)
})

it.each([
  [
    'alarms',
    'row',
    { alarm: { device: { a: 1 }, zone: 7, occurrences: 'many', isDrill: [] }, changedAtMs: 'x' },
  ],
  ['cases', 'body', { reopened: 'often', feedback: { outcome: { a: 1 } } }],
  ['cases', 'body', 'no object'],
] as const)('opens although a row of %s is damaged in its column %s: %j', (table, column, value) => {
  const file = makeOld()
  const old = new Database(file)
  old.prepare(`UPDATE ${table} SET ${column} = ? WHERE rowid = 2`).run(JSON.stringify(value))
  old.prepare(`UPDATE ${table} SET ${column} = ? WHERE rowid = 3`).run('{"cut off')
  old.close()
  db = openWriter(file, 2)
  const writer = createWriter(db)
  writer.remember([])
  while (writer.catchUpSearch());
  expect(found('3206')).toBeGreaterThanOrEqual(over)
})

it('the catch-up goes on after a failure, in pauses, until it is stopped', async () => {
  db = openWriter(join(folder, 'centre.db'), 1)
  const clock = new VirtualClock()
  const answers = [true, 'fails', true, false, true]
  let asked = 0
  const catchUpSearch = async (): Promise<boolean> => {
    const answer = answers[asked++]
    if (typeof answer !== 'boolean') throw new Error('busy')
    return answer
  }
  const work = new SearchCatchUp({ storage: { catchUpSearch }, clock, logger: pino({ level: 'silent' }) })
  work.start()
  for (let step = 0; step < 20; step++) {
    clock.advance(10_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(asked).toBe(4)
  await work.stop()
})

it('feeds the watchdog while the file opens, and not for ever', () => {
  db = openWriter(join(folder, 'centre.db'), 1)
  const clock = new VirtualClock()
  let fed = 0
  const end = feedWhileOpening(clock, () => fed++)
  clock.advance(600_000)
  expect(fed).toBeGreaterThan(100)
  clock.advance(openingMsMax)
  const most = fed
  clock.advance(600_000)
  expect(fed).toBe(most)
  end()
})
