// The lists of a town with many villages: an account of a few villages reads the same pages as a filter over everything
// would give, and no page of a list reads or sorts a whole table.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LaneBatch } from '../../../../centre/storage/port.ts'
import { openReader, openWriter, type Sqlite } from '../../../../centre/storage/sqlite/database.ts'
import { createReader } from '../../../../centre/storage/sqlite/reader.ts'
import { createWriter } from '../../../../centre/storage/sqlite/writer.ts'
import { isInScope, type Scope } from '../../../../protocols/desk/scope.ts'
import { colours } from '../../../../protocols/domain/colour.ts'
import { makeAlarm } from '../../../contract/centre/centre-parts.ts'

type Statement = ReturnType<Sqlite['prepare']>

const villages = 12
const perVillage = 6
const nowMs = Date.UTC(2026, 10, 30, 12)
const villageAt = (at: number): string => `320612${at < 9 ? 104 : 205}${200 + at}`
const folder = mkdtempSync(join(tmpdir(), 'gengfu-big-town-'))
const file = join(folder, 'centre.db')
let db: Sqlite
/** The statements that the reader has run. */
const asked: string[] = []
let reader: ReturnType<typeof createReader>

function listening(statement: Statement, sql: string): Statement {
  const proxy: Statement = new Proxy(statement, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        if (name === 'all' || name === 'get' || name === 'iterate') asked.push(sql)
        const answer: unknown = Reflect.apply(value, target, args)
        return answer === target ? proxy : answer
      }
    },
  })
  return proxy
}

/** The plan is the same for all values. */
const planOf = (sql: string): string[] =>
  db
    .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql.replace(/\?|@\w+/g, "'1'")}`)
    .all()
    .map(({ detail }) => detail)

function fill(writer: ReturnType<typeof createWriter>): void {
  for (let round = 0; round < perVillage; round++)
    for (let village = 0; village < villages; village++) {
      const [box, sequence] = [`${villageAt(village)}-1`, round + 1]
      const colour = colours[(round * 5 + village) % colours.length] ?? 'red'
      const zone = { zone: `z-${round}`, place: { zone: `王家第${round}户` } }
      const part = { id: `a-${round}`, device: `d-${round}`, colour, latchedColour: colour, ...zone }
      const isOver = (round + village) % 3 === 0
      const changes = isOver ? (['raised', 'ended'] as const) : (['raised'] as const)
      const records = changes.map((change, at) =>
        makeAlarm(2 * sequence + at, change, change === 'ended' ? { ...part, state: 'normal' } : part),
      )
      const numbers = records.map(({ sequence: number }) => number)
      const batch = { box, epoch: 'abcd1234', lane: colour, numbers, sequences: numbers, alarms: records }
      const none = { clocks: [], pictures: [], origins: [], skipped: [], settled: [] }
      const bodies = records.map((record) => JSON.stringify(record))
      const lane: LaneBatch = { ...batch, bodies, ...none }
      writer.storeIntake({ receivedAtMs: nowMs + round * 1000, lanes: [lane], quarantined: [] })
      const times = { askedAtMs: nowMs, expiresAtMs: nowMs + 1, changedAtMs: nowMs }
      writer.askCommand({
        id: `k-${round}-${village}`,
        box,
        do: 'siren',
        by: 'li',
        state: 'waiting',
        ...times,
      })
      const look = { box, who: 'li', role: 'operator', sha256: 'ab'.repeat(32), camera: 'gate' } as const
      writer.noteLook({ ...look, atMs: nowMs, size: 'full', alarm: `${box}.a-${round}` })
    }
}

beforeAll(() => {
  const written = openWriter(file, nowMs)
  const writer = createWriter(written)
  writer.remember([])
  fill(writer)
  writer.mergeCases('case-2', 'case-11', { who: 'li', isSupervisor: true }, nowMs)
  written.close()
  db = openReader(file)
  const heard = new Proxy(db, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (name === 'prepare') return (sql: string) => listening(target.prepare(sql), sql)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  reader = createReader(heard)
})
afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

/** All pages. */
function pages<T>(read: (after: string | undefined) => { rows: T[]; next?: string | undefined }): T[] {
  const found: T[] = []
  let after: string | undefined
  do {
    const page = read(after)
    found.push(...page.rows)
    after = page.next
  } while (after !== undefined)
  return found
}

const alarmsOf = (state: 'active' | 'all', scope?: Scope) =>
  pages((after) => {
    const { alarms = [], next } = reader.alarms({ state, scope, after, limit: 4 }) ?? {}
    return { rows: alarms, next }
  })
const casesOf = (state: 'open' | 'over' | 'all', scope?: Scope, find?: { text: string }) =>
  pages((after) => {
    const query = { state, limit: 4, ...(after === undefined ? {} : { after }) }
    const { cases = [], next } = reader.cases({ ...query, scope, find }, nowMs) ?? {}
    return { rows: cases, next }
  })

it.each<[string, Scope]>([
  ['one village', [villageAt(2)]],
  ['two villages of two towns', [villageAt(0), villageAt(11)]],
  ['a town of three villages', ['320612205']],
  ['a town of nine villages', ['320612104']],
  ['the county', ['320612']],
  ['a village that does not exist', ['320612104999']],
])('an account of %s reads the pages that a filter over all rows gives', (_, scope) => {
  const isOwn = ({ box }: { box?: string | undefined }): boolean => box !== undefined && isInScope(scope, box)
  for (const state of ['active', 'all'] as const) {
    const all = alarmsOf(state)
    expect(all.length).toBeGreaterThan(20)
    expect(alarmsOf(state, scope)).toEqual(all.filter(isOwn))
  }
  // Case 2 has an alarm of the last village as well: both see it.
  const seesCase = (item: { id: string; box?: string | undefined }): boolean =>
    isOwn(item) || (item.id === 'case-2' && isInScope(scope, villageAt(10)))
  for (const state of ['open', 'over', 'all'] as const)
    expect(casesOf(state, scope)).toEqual(casesOf(state).filter(seesCase))
  expect(casesOf('all', scope, { text: '王家第3户' })).toEqual(
    casesOf('all', undefined, { text: '王家第3户' }).filter(seesCase),
  )
  expect(casesOf('all', undefined, { text: '王家第3户' })).toHaveLength(villages)
  expect(reader.commands({ limit: 100, scope })).toEqual(reader.commands({ limit: 100 }).filter(isOwn))
  const looks = (of?: Scope) => reader.looks({ before: 1e9, limit: 100, scope: of })
  expect(looks(scope)).toEqual(looks().filter(isOwn))
  const span = { fromMs: nowMs - 1, toMs: nowMs + 3000 }
  const query = { ...span, nowMs, boxes: [] }
  const [own, town] = [reader.figures({ ...query, scope }), reader.figures(query)]
  const ofScope = Object.entries(town.villages).filter(([village]) => isInScope(scope, village))
  expect(own.villages).toEqual(Object.fromEntries(ofScope))
  const inSpan = (rows: readonly { receivedAtMs: number }[]) =>
    rows.filter(({ receivedAtMs }) => receivedAtMs < nowMs + 3000)
  expect(own.alarms.alarms).toBe(inSpan(alarmsOf('all', scope)).length)
})

it('counts open alarms of some boxes as it does of all', () => {
  const all = reader.openAlarmCounts()
  const boxes = [`${villageAt(1)}-1`, `${villageAt(7)}-1`]
  expect(reader.openAlarmCounts(boxes)).toEqual(all.filter(({ box }) => boxes.includes(box)))
  expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(alarmsOf('active').length)
})

const limit = 5
it.each<[string, () => unknown]>([
  ['alarms', () => reader.alarms({ state: 'active', limit })],
  ['all alarms behind a cursor', () => reader.alarms({ state: 'all', limit, after: '1.9' })],
  ['alarms of a village', () => reader.alarms({ state: 'all', limit, find: { village: villageAt(1) } })],
  ['alarms of a kind', () => reader.alarms({ state: 'all', limit, find: { kind: 'sos' } })],
  ['open cases', () => reader.cases({ state: 'open', limit }, nowMs)],
  ['all cases', () => reader.cases({ state: 'all', limit }, nowMs)],
  ['cases of a village', () => reader.cases({ state: 'all', limit, village: villageAt(1) }, nowMs)],
  ['archived cases', () => reader.cases({ state: 'all', limit, step: 'archived' }, nowMs)],
  ['the roster of a village', () => reader.roster({ after: 0, limit, village: villageAt(1) })],
  ['the trail of a person', () => reader.auditEntries({ after: 0, limit, who: 'li' })],
  ['the trail of a case', () => reader.auditEntries({ after: 0, limit, about: 'case-1' })],
  [
    'the figures of a village',
    () => reader.figures({ fromMs: 0, toMs: nowMs + 1, nowMs, boxes: [], village: villageAt(1) }),
  ],
  ['the figures of the town', () => reader.figures({ fromMs: 0, toMs: nowMs + 1, nowMs, boxes: [] })],
  ['whether red waits', () => reader.isRedWaiting()],
])('a page of %s is read in the order of an index', (_, read) => {
  asked.length = 0
  read()
  expect(asked).not.toEqual([])
  const bad = /^SCAN (a|alarms|cases|c|f|t|trail|r|roster|case_events)\b(?! USING)|TEMP B-TREE FOR ORDER BY/
  expect(asked.flatMap(planOf).filter((step) => bad.test(step))).toEqual([])
})

it('what one person holds is found by the person, and few rows are sorted', () => {
  asked.length = 0
  reader.cases({ state: 'open', limit, holder: 'li' }, nowMs)
  reader.caseHolders(nowMs)
  const steps = asked.flatMap(planOf)
  expect(steps.filter((step) => /cases_of_holder|cases_of_claimer/.test(step))).toHaveLength(3)
  expect(steps.filter((step) => /^SCAN cases(?! USING)/.test(step))).toEqual([])
})
