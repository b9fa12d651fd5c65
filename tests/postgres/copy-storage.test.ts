// Does a town that is copied from SQLite to PostgreSQL, and back, go on as if nothing had happened; and does a copy that is not whole leave
// nothing behind?
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCentre } from '../../centre/main.ts'
import { openTown, type TownPlace } from '../../centre/storage/open-town.ts'
import { countCentres, copyTown } from '../../centre/storage/copy/copy-town.ts'
import { readHighestNumber } from '../../centre/storage/copy/row-numbers.ts'
import { verifyAudit } from '../../centre/storage/sqlite/audit-chain.ts'
import type { Sqlite } from '../../centre/storage/sqlite/database.ts'
import type { AlarmsAnswer } from '../../protocols/desk/api.ts'
import type { CasesAnswer } from '../../protocols/desk/cases.ts'
import {
  dropFolder,
  makeAlarm,
  makeEvent,
  makeFolder,
  startCentre,
  TestBox,
  until,
  type CentreUnderTest,
} from '../contract/centre/centre-parts.ts'
import { townDatabase } from '../kits/postgres/town-database.ts'

const nowMs = 1_760_000_000_000
let folder: string
let postgres: string
let sqlite: string
let token: string
let before: string

beforeAll(async () => {
  folder = makeFolder()
  postgres = (await townDatabase(folder)) ?? ''
  sqlite = `sqlite:${join(folder, 'centre.db')}`
  writeFileSync(join(folder, 'centre.yaml'), `dataDir: ${folder}\nstorage: { url: 'sqlite:' }\n`)
  const centre = await startCentre(folder, { config: { storage: { url: sqlite } } })
  token = centre.token('supervisor', 'chief')
  const box = await new TestBox(centre.centre.uplinkUrls[0] ?? '', 'village-a').ready()
  await box.report('red', 1, [
    makeAlarm(1, 'raised', { zone: 'wang-12', place: { zone: '王大爷家', household: '12 号' } }),
  ])
  await box.report('routine', 1, [makeEvent(2), makeEvent(3)])
  await until(async () => (await casesOf(centre)).cases.length === 1)
  await centre.post('/api/v1/alarms/village-a.sos-1/accept', token)
  before = await shown(centre)
  await box.end()
  await centre.centre.stop()
  // A number that was given to a row that is gone is given to no other row.
  withTown(sqlite, 'writer', (db) => {
    db.prepare(
      "INSERT INTO quarantine (position, box, topic, cause, at_ms, payload) VALUES (40, 'a', 't', 'c', 1, ?)",
    ).run(Buffer.from([0, 255, 1]))
    db.prepare(
      "INSERT INTO quarantine (position, box, topic, cause, at_ms, payload) VALUES (50, 'a', 't', 'c', 1, x'01')",
    ).run()
    db.prepare('DELETE FROM quarantine WHERE position = 50').run()
  })
})
afterAll(() => dropFolder(folder))

const casesOf = async (centre: CentreUnderTest): Promise<CasesAnswer> =>
  (await (await centre.get('/api/v1/cases?state=all', token)).json()) as CasesAnswer

/** What a desk shows: alarms, found by their words too, and cases. */
async function shown(centre: CentreUnderTest): Promise<string> {
  const answer = await centre.get(`/api/v1/alarms?state=all&q=${encodeURIComponent('王大爷')}`, token)
  const { alarms } = (await answer.json()) as AlarmsAnswer
  const { cases } = await casesOf(centre)
  return JSON.stringify({ alarms, cases: cases.map(({ id, state, alarms: of }) => ({ id, state, of })) })
}

const placeOf = (url: string): TownPlace => ({ dataDir: folder, storage: { url } })

function withTown<T>(url: string, role: 'writer' | 'reader', run: (db: Sqlite) => T): T {
  const db = openTown(placeOf(url), role, nowMs)
  try {
    return run(db)
  } finally {
    db.close()
  }
}

/** The command as a person gives it; answers what it printed. */
async function copyStorage(from: string, to: string): Promise<string> {
  const printed: string[] = []
  const write = (text: string | Uint8Array): boolean => printed.push(String(text)) > 0
  const spies = [process.stdout, process.stderr].map((out) =>
    vi.spyOn(out, 'write').mockImplementation(write),
  )
  try {
    await runCentre(['copy-storage', '--config', join(folder, 'centre.yaml'), '--from', from, '--to', to])
  } finally {
    for (const spy of spies) spy.mockRestore()
    process.exitCode = 0
  }
  return printed.join('')
}

const headOf = (url: string): string | undefined => withTown(url, 'reader', (db) => verifyAudit(db).head)

test('a copy that loses a row on its way is noticed, and nothing of it stays', () => {
  const source = openTown(placeOf(sqlite), 'reader', nowMs)
  const target = openTown(placeOf(postgres), 'writer', nowMs)
  target.exec(`CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER loses BEFORE INSERT ON lanes FOR EACH ROW WHEN (new.lane = 0) EXECUTE FUNCTION lose()`)
  expect(() => copyTown({ source, target })).toThrow(/lanes: \d rows were copied/)
  expect(target.prepare('SELECT count(*) FROM records').pluck().get()).toBe(0)
  target.exec('DROP TRIGGER loses ON lanes; DROP FUNCTION lose()')
  target.close()
  source.close()
})

test('a town goes on over PostgreSQL with everything that it had, and the source stays as it was', async () => {
  const head = headOf(sqlite)
  expect(await copyStorage(sqlite, postgres)).toContain(`head ${head}`)
  expect(headOf(postgres)).toBe(head)
  expect(headOf(sqlite)).toBe(head)
  withTown(postgres, 'reader', (db) => {
    expect(readHighestNumber(db, 'quarantine', 'position')).toBe(50)
    expect(db.prepare('SELECT payload FROM quarantine').pluck().all()).toEqual([Buffer.from([0, 255, 1])])
  })
  const centre = await startCentre(folder, { config: { storage: { url: postgres } } })
  expect(await shown(centre)).toBe(before)
  // The box sends what it sent before: it is known. New records follow.
  const box = await new TestBox(centre.centre.uplinkUrls[0] ?? '', 'village-a').ready()
  await box.report('routine', 1, [makeEvent(2), makeEvent(3), makeEvent(4)])
  await box.report('red', 2, [makeAlarm(5, 'raised', { id: 'sos-2', device: 'button-2' })])
  await until(async () => (await casesOf(centre)).cases.flatMap(({ alarms }) => alarms).length === 2)
  before = await shown(centre)
  withTown(postgres, 'reader', (db) => expect(countCentres(db)).toBeGreaterThan(0))
  expect(await copyStorage(postgres, `sqlite:${join(folder, 'too-early.db')}`)).toContain(
    'in use by another centre',
  )
  await box.end()
  await centre.centre.stop()
  expect(withTown(postgres, 'reader', (db) => db.prepare('SELECT count(*) FROM records').pluck().get())).toBe(
    5,
  )
})

test('and back again into a new file', async () => {
  const back = `sqlite:${join(folder, 'back.db')}`
  expect(await copyStorage(postgres, back)).toContain('✓')
  expect(headOf(back)).toBe(headOf(postgres))
  withTown(back, 'reader', (db) => expect(readHighestNumber(db, 'quarantine', 'position')).toBe(50))
  const centre = await startCentre(folder, { config: { storage: { url: back } } })
  expect(await shown(centre)).toBe(before)
  await centre.centre.stop()
})

test('refuses a target with rows, a source that is not there, and two of a kind', async () => {
  expect(await copyStorage(sqlite, postgres)).toContain('it must be empty')
  expect(await copyStorage('sqlite:/nowhere/centre.db', postgres)).toContain('there is no such database')
  expect(await copyStorage(sqlite, `sqlite:${join(folder, 'other.db')}`)).toContain(
    'the other one PostgreSQL',
  )
  expect(await copyStorage(sqlite, 'postgres://a:secret@127.0.0.1/town')).toContain('no password here')
})
