// Can data that one box sent, now or to an older version, make a start, a commit or a list of all the others fail?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ReceiverCore } from '../../../../centre/receiver/receiver-core.ts'
import type { IntakeBatch, LaneBatch } from '../../../../centre/storage/port.ts'
import { pageCharsMax } from '../../../../centre/storage/sqlite/alarm-table.ts'
import { openWriter, type Sqlite } from '../../../../centre/storage/sqlite/database.ts'
import { createReader } from '../../../../centre/storage/sqlite/reader.ts'
import { createWriter } from '../../../../centre/storage/sqlite/writer.ts'
import type { JournalRecord } from '../../../../protocols/domain/record.ts'
import { epoch, makeAlarm, makeEvent } from '../../../contract/centre/centre-parts.ts'

let folder: string
let db: Sqlite
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-spoilt-'))
  db = openWriter(join(folder, 'centre.db'), 1)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The receiver's result for records that were stored unchecked. */
function lane(box: string, records: readonly JournalRecord[], first = 1): LaneBatch {
  const core = new ReceiverCore()
  const bodies = records.map((record) => JSON.stringify(record))
  const report = { v: 1 as const, epoch, lane: 'red' as const, first, records: [...records] }
  const [batch] = core.plan([{ box, report, bodies }]).lanes
  if (!batch) throw new Error('no batch')
  return batch
}
const batchOf = (...lanes: LaneBatch[]): IntakeBatch => ({ receivedAtMs: 1000, lanes, quarantined: [] })

const snapshot = (sequence: number, atMs: number): JournalRecord => {
  const file = { sha256: 'a'.repeat(64), bytes: 10, width: 1, height: 1 }
  const { boot, sinceBootMs, clock } = makeEvent(sequence)
  const fetchedAt = { boot, sinceBootMs, atMs, clock }
  const facts = { id: '0123456789abcdef', camera: 'c', zone: 'z', moment: 'at-once', fetchedAt }
  const rest = { full: file, preview: file, isMasked: false, picture: 'good' }
  return {
    ...makeEvent(sequence),
    type: 'log',
    what: 'snapshot-taken',
    facts: { ...facts, ...rest },
  } as never
}

it('starts on a database whose skipped ranges have a sum beyond integers, and makes the lane anew', () => {
  const writer = createWriter(db)
  writer.storeIntake(
    batchOf(
      lane('evil-1', [makeAlarm(1, 'raised'), makeAlarm(2, 'updated')]),
      lane('box-a', [makeAlarm(1, 'raised')]),
    ),
  )
  const insert = db.prepare("INSERT INTO skipped VALUES (1, 0, ?, 9007199254740991, 'gone', 1)")
  for (let from = 3; from < 1103; from++) insert.run(from)
  db.exec("UPDATE lanes SET settled = '[[1,9007199254740991]]' WHERE epoch = 1")
  const known = createWriter(db).remember([])
  expect(known.setAside).toMatchObject([{ box: 'evil-1', lane: 'red' }])
  expect(known.lanes.map(({ box, settled }) => [box, settled])).toEqual([
    ['evil-1', [[1, 2]]],
    ['box-a', [[1, 1]]],
  ])
})

it.each(['not JSON', '[[1]]', '[[2,1]]', '[[1,5],[3,9]]', '[[1,{"a":1}]]', '{"a":1}', '[[0,3]]'])(
  'starts on a lane whose ranges are %s',
  (settled) => {
    createWriter(db).storeIntake(batchOf(lane('evil-1', [makeEvent(1), makeEvent(2)])))
    db.prepare('UPDATE lanes SET settled = ?').run(settled)
    const known = createWriter(db).remember([])
    expect([known.setAside.length, known.lanes[0]?.settled]).toEqual([1, [[1, 2]]])
  },
)

it('stores all others of a commit when one record fails it, and puts that one into quarantine', () => {
  // A value that no check accepts today: an alarm that can not be written as JSON.
  const evil = lane('evil-1', [makeEvent(1), snapshot(2, 1e300), makeAlarm(3, 'raised', { id: 'a-3' })])
  const worse = lane('evil-2', [makeEvent(1), makeEvent(2)])
  worse.alarms.push({
    ...makeAlarm(2, 'raised'),
    alarm: { ...makeAlarm(2, 'raised').alarm, text: { zh: 1n, en: '' } as never },
  })
  const stored = createWriter(db).storeIntake(batchOf(evil, lane('box-a', [makeAlarm(1, 'raised')]), worse))
  expect(stored.spoilt.map(({ box, number }) => [box, number])).toEqual([['evil-2', 2]])
  const reader = createReader(db)
  expect(
    reader
      .alarms({ state: 'all', limit: 10 })
      ?.alarms.map(({ id }) => id.replace(/-\d{4,}-\d+$/, ''))
      .sort(),
    // The spoilt record of lane red may be an alarm: the village is asked.
  ).toEqual(['box-a.sos-1', 'evil-1.a-3', 'evil-2.alarm-unreadable'])
  expect(reader.events({ limit: 10 })?.rows.map(({ box, number }) => `${box} ${number}`)).toEqual([
    'evil-1 1',
    'evil-1 2',
    'evil-1 3',
    'box-a 1',
    'evil-2 1',
  ])
  expect(reader.quarantined()).toMatchObject([{ box: 'evil-2', topic: `${epoch}/red/2` }])
  // Receipted: the box does not send it for ever.
  expect(
    createWriter(db)
      .remember([])
      .lanes.map(({ settled }) => settled),
  ).toEqual([[[1, 3]], [[1, 1]], [[1, 2]]])
})

it('leaves a row out of lists that can not be shown, and names it', () => {
  createWriter(db).storeIntake(
    batchOf(
      lane('box-a', [
        makeAlarm(1, 'raised', { id: 'a' }),
        makeAlarm(2, 'raised', { id: 'b' }),
        makeAlarm(3, 'raised', { id: 'c' }),
        makeAlarm(4, 'raised', { id: 'd' }),
      ]),
    ),
  )
  const spoil = db.prepare('UPDATE alarms SET row = ? WHERE id = ?')
  const deep = `{"id":"box-a.a","alarm":{"state":"x","readings":${'['.repeat(2600)}${']'.repeat(2600)}}}`
  spoil.run(deep, 'box-a.a')
  spoil.run('{', 'box-a.b')
  spoil.run(JSON.stringify({ id: 'box-a.c', pad: 'x'.repeat(900_000) }), 'box-a.c')
  const page = createReader(db).alarms({ state: 'active', limit: 10 })
  expect(page?.alarms.map(({ id }) => id)).toEqual(['box-a.d'])
  expect(page?.leftOut?.sort()).toEqual(['box-a.a', 'box-a.b', 'box-a.c'])
  expect(() => createReader(db).pendingStages('box-a')).not.toThrow()
})

it('pages alarms by bytes, without readings, and each once', () => {
  const text = { zh: '长'.repeat(2000), en: 'x'.repeat(2000) }
  const records = Array.from({ length: 600 }, (_, i) =>
    makeAlarm(i + 1, 'raised', { id: `a-${i}`, text, readings: { pad: 'x'.repeat(3000) } }),
  )
  createWriter(db).storeIntake(batchOf(lane('box-a', records)))
  const reader = createReader(db)
  const seen: string[] = []
  let after: string | undefined
  do {
    const page = reader.alarms({ state: 'active', after, limit: 1000 })
    if (!page) throw new Error('no page')
    expect(JSON.stringify(page).length).toBeLessThan(pageCharsMax + 20_000)
    expect(page.alarms.some((alarm) => 'readings' in alarm)).toBe(false)
    seen.push(...page.alarms.map(({ id }) => id))
    after = page.next
  } while (after !== undefined)
  expect([seen.length, new Set(seen).size]).toEqual([600, 600])
})

it("sends a box's alarms to desks again once for a commit, however many records name its boot", () => {
  const writer = createWriter(db)
  const unsynced = Array.from({ length: 50 }, (_, i) => ({
    ...makeAlarm(i + 1, 'raised', { id: `a-${i}` }),
    clock: 'unsynced' as const,
  }))
  writer.storeIntake(batchOf(lane('box-a', unsynced)))
  const { boot, sinceBootMs, atMs, clock } = makeEvent(1)
  const clocks = Array.from({ length: 200 }, (_, i) => ({
    type: 'log' as const,
    sequence: 100 + i,
    boot,
    sinceBootMs,
    atMs,
    clock,
    what: 'clock-synced',
    facts: { boot: 1, bootWallMs: 1.7e12 + i * 5000 },
  }))
  expect(writer.storeIntake(batchOf(lane('box-a', clocks, 51))).changes).toHaveLength(50)
  const again = clocks.map((record) => ({
    ...record,
    sequence: record.sequence + 500,
    facts: { boot: 1, bootWallMs: 1.6e12 },
  }))
  expect(writer.storeIntake(batchOf(lane('box-a', again, 251))).changes).toHaveLength(0)
})
