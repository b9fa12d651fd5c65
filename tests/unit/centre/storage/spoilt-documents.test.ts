// A damaged byte, another type or a missing key in any JSON column of the centre's database, and numbers beyond all
// limits: does the centre open, store and list everything else, and name the row?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseArrivedReport } from '../../../../centre/receiver/parse-arrived.ts'
import { ReceiverCore } from '../../../../centre/receiver/receiver-core.ts'
import { openWriter, type Sqlite } from '../../../../centre/storage/sqlite/database.ts'
import { corruptRows } from '../../../../centre/storage/sqlite/documents.ts'
import { createReader } from '../../../../centre/storage/sqlite/reader.ts'
import { createWriter } from '../../../../centre/storage/sqlite/writer.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'
import type { JournalRecord } from '../../../../protocols/domain/record.ts'
import { epoch, makeAlarm, makeEvent } from '../../../contract/centre/centre-parts.ts'
import { everyMutation } from '../../../fuzz/structure/structural-mutations.ts'

const folder = mkdtempSync(join(tmpdir(), 'gengfu-documents-'))
const nowMs = 1_764_000_000_000
let db: Sqlite
let core: ReceiverCore
let sequence = 0

function store(box: string, records: readonly JournalRecord[]): void {
  const first = records[0]?.sequence ?? 1
  const text = JSON.stringify({ v: 1, epoch, lane: 'red', first, records })
  const parsed = parseArrivedReport(box, 'red', Buffer.from(text))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const plan = core.plan([parsed.value])
  createWriter(db).storeIntake({ receivedAtMs: nowMs, lanes: plan.lanes, quarantined: [] })
  core.settle(plan)
}

const snapshot = (number: number, alarm: string): JournalRecord => {
  const { boot, sinceBootMs, atMs, clock } = makeEvent(number)
  const file = { sha256: 'a'.repeat(64), bytes: 10, width: 1, height: 1 }
  const facts = {
    id: `0123456${number}`,
    camera: 'c',
    zone: 'z',
    moment: 'at-once',
    alarm,
    full: file,
    preview: file,
  }
  const fetchedAt = { boot, sinceBootMs, atMs, clock }
  const all = { ...facts, fetchedAt, isMasked: false, picture: 'good' } as unknown as Record<string, never>
  return { type: 'log', sequence: number, boot, sinceBootMs, atMs, clock, what: 'snapshot-taken', facts: all }
}

beforeAll(() => {
  db = openWriter(join(folder, 'centre.db'), nowMs)
  // The disk is not tested here.
  db.pragma('synchronous = OFF')
  core = new ReceiverCore()
  const writer = createWriter(db)
  const label = { zh: '核实', en: 'verify' }
  const action = { id: 'call-back', type: 'basic' as const, label, isRequired: true }
  writer.putActionLists([{ kind: 'sos', scope: 'kind', place: '', actions: [action] }], 'x', nowMs)
  writer.putActionLists([{ kind: '*', scope: 'kind', place: '', actions: [action], plans: [] }], 'x', nowMs)
  store('box-a', [
    makeAlarm(1, 'raised', { readings: { button: 'held' }, zone: 'home' }),
    makeAlarm(2, 'raised', { id: 'sos-2' }),
    snapshot(3, 'sos-1'),
    { ...makeEvent(4), clock: 'unsynced' },
  ])
  for (const id of ['c-1', 'c-2']) {
    const times = { askedAtMs: nowMs, expiresAtMs: nowMs + 1, changedAtMs: nowMs }
    writer.askCommand({ id, box: 'box-a', do: 'siren', by: 'x', state: 'waiting', ...times } as never)
  }
  sequence = 4
})
afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

const columns = [
  ['alarms', 'arrival', 'row'],
  ['cases', 'number', 'body'],
  ['commands', 'number', 'body'],
  ['snapshots', 'id', 'facts'],
  ['action_lists', 'version', 'body'],
  ['changes', 'position', 'message'],
  ['records', 'position', 'body'],
  ['lanes', 'epoch', 'settled'],
] as const

/** All operations of a start, a commit, the clock and a desk; throws if one of them fails. */
function work(isWhole: boolean): void {
  const writer = createWriter(db)
  new ReceiverCore().remember(writer.remember([]).epochs, writer.remember([]).lanes)
  sequence += 1
  store('box-b', [makeAlarm(sequence - 4, 'raised', { id: `new-${sequence}` })])
  if (!isWhole) return
  writer.passDeadlines(nowMs + sequence * 1000)
  writer.redistribute('li', 'shift', nowMs)
  writer.takeCaseStep({ case: 'case-1' }, { do: 'accept' } as never, { who: 'li', isSupervisor: true }, nowMs)
  writer.moveCommand('box-a', 'c-1', { state: 'sent', changedAtMs: nowMs } as never, true)
  writer.seeAlarm('box-a.sos-1', 'li', nowMs)
  const reader = createReader(db)
  const answers = [
    reader.alarms({ state: 'all', limit: 1000 }),
    reader.cases({ state: 'all', limit: 1000 } as never, nowMs),
    reader.caseOf({ alarm: 'box-a.sos-1' }),
    reader.caseOf({ case: 'case-2' }),
    reader.actionLists(),
    reader.commands({ limit: 100 }),
    reader.openCommands(),
    reader.picturesOfAlarm('box-a.sos-1', 10),
    reader.picturesOfBox('box-a', 10),
    reader.findPicture('a'.repeat(64)),
    reader.pendingStages('box-a'),
    reader.events({ limit: 1000 }),
    reader.changesAfter(0, 1000),
    reader.isRedWaiting(),
  ]
  JSON.stringify(answers)
  const listed = reader.alarms({ state: 'all', limit: 1000 })?.alarms.map(({ id }) => id) ?? []
  if (!listed.includes(`box-b.new-${sequence}`)) throw new Error('an honest alarm is not listed')
}

it.each(columns)(
  '%s: any node of its JSON replaced, and any byte of its text spoilt',
  (table, key, column) => {
    const random = createSeededRandom(7)
    const rows = db
      .prepare<[], { key: number | string; text: string }>(
        `SELECT ${key} AS key, ${column} AS text FROM ${table} ORDER BY 1 LIMIT 3`,
      )
      .all()
    const put = db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${key} = ?`)
    const failed: string[] = []
    for (const [at, { key: of, text }] of rows.entries()) {
      const spoilt = [...everyMutation(JSON.parse(text), table === 'cases' ? 97 : 61)].map((one) => one.text)
      for (let i = 0; i < 6; i++) {
        const place = random.between(0, text.length - 1)
        spoilt.push(
          text.slice(0, place) + String.fromCharCode(random.between(1, 126)) + text.slice(place + 1),
        )
      }
      for (const [i, one] of spoilt.entries()) {
        put.run(one, of)
        try {
          work((i + at) % 3 === 0)
        } catch (error) {
          failed.push(`${one.slice(0, 300)}: ${error instanceof Error ? error.stack : 'thrown'}`)
          if (failed.length > 2) break
        }
        put.run(text, of)
      }
    }
    expect(failed).toEqual([])
  },
)

it('names what it left out, and opens with numbers beyond all bounds', () => {
  expect(new Set(corruptRows(db).map(({ table }) => table))).toEqual(
    new Set(['alarms', 'cases', 'commands', 'snapshots', 'action_lists', 'changes', 'records']),
  )
  db.exec("UPDATE sqlite_sequence SET seq = 9223372036854775807 WHERE name = 'changes'")
  db.exec('INSERT INTO starts (at_ms) VALUES (9223372036854775000)')
  db.exec("INSERT INTO records VALUES (9223372036854775000, 1, 0, 5000, 5000, 1, '{}')")
  db.exec('INSERT INTO boot_times VALUES (1, 1, 1e300)')
  expect(() => work(true)).not.toThrow()
})
