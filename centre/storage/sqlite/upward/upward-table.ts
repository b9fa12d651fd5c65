// The outbox of this centre towards the next one up. Records are written in the commit that changes the case, so that a death between the two
// is not possible; numbers and lanes are those of a box.
import type { Case } from '../../../../protocols/domain/case.ts'
import { lanes, type Lane } from '../../../../protocols/domain/colour.ts'
import type { AlarmRecord, LogRecord } from '../../../../protocols/domain/record.ts'
import { parseJson } from '../../../../protocols/kit/parse-json.ts'
import type { DeskRow } from '../../../alarms/desk-row.ts'
import type { Plan } from '../../../cases/action-lists.ts'
import {
  casePackage,
  packageText,
  sentOf,
  upwardAlarm,
  type SentUpward,
} from '../../../cases/upward-record.ts'
import type {
  UpwardLane,
  UpwardReaderCalls,
  UpwardRecord,
  UpwardSettings,
  UpwardState,
} from '../../upward-port.ts'
import { immediately, type Sqlite } from '../database.ts'

/** Receipted records kept in a lane. */
export const keptPerLane = 2000

function readState(db: Sqlite) {
  const epoch = db.prepare<[], string>("SELECT value FROM upward_state WHERE name = 'epoch'").pluck()
  const all = db.prepare<[], UpwardLane & { lane: number }>('SELECT lane, last, receipted FROM upward_lanes')
  return (): UpwardState | undefined => {
    const name = epoch.get()
    if (name === undefined) return undefined
    const known = new Map(all.all().map(({ lane, last, receipted }) => [lane, { last, receipted }]))
    const of = (index: number): UpwardLane => known.get(index) ?? { last: 0, receipted: 0 }
    return {
      epoch: name,
      lanes: Object.fromEntries(lanes.map((lane, i) => [lane, of(i)])) as Record<Lane, UpwardLane>,
    }
  }
}

export function createUpwardReader(db: Sqlite): UpwardReaderCalls {
  const records = db.prepare<[number, number, number], UpwardRecord>(
    'SELECT number, body FROM upward_records WHERE lane = ? AND number > ? ORDER BY number LIMIT ?',
  )
  return {
    upwardState: readState(db),
    upwardRecords: (lane, after, limit) => records.all(lanes.indexOf(lane), after, limit),
  }
}

export interface UpwardParts {
  /** The alarm's row, for its place. */
  rowOf: (alarm: string) => DeskRow | undefined
  plansOf: (item: Case) => Plan[]
}

function prepareUpward(db: Sqlite) {
  const state = readState(db)
  const put = db.prepare(`INSERT INTO upward_state (name, value) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
  const value = db.prepare<[string], string>('SELECT value FROM upward_state WHERE name = ?').pluck()
  const next = db
    .prepare<[number], number>(
      `INSERT INTO upward_lanes (lane, last) VALUES (?, 1)
     ON CONFLICT (lane) DO UPDATE SET last = upward_lanes.last + 1 RETURNING last`,
    )
    .pluck()
  const insert = db.prepare('INSERT INTO upward_records (lane, number, body) VALUES (?, ?, ?)')
  const settle = db.prepare(
    'UPDATE upward_lanes SET receipted = CASE WHEN last < ? THEN last ELSE ? END WHERE lane = ?',
  )
  const drop = db.prepare('DELETE FROM upward_records WHERE lane = ? AND number <= ?')
  const sent = db.prepare<[number], string>('SELECT told FROM upward_cases WHERE number = ?').pluck()
  const putSent = db.prepare(`INSERT INTO upward_cases (number, told) VALUES (?, ?)
     ON CONFLICT (number) DO UPDATE SET told = excluded.told`)
  const isKnown = db.prepare<[string]>('SELECT 1 FROM upward_commands WHERE id = ?')
  const putCommand = db.prepare(
    'INSERT INTO upward_commands (id, at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING',
  )
  const dropCommands = db.prepare('DELETE FROM upward_commands WHERE at_ms < ?')
  return { state, put, value, next, insert, settle, drop, sent, putSent, isKnown, putCommand, dropCommands }
}

export function createUpwardWriter(db: Sqlite, { rowOf, plansOf }: UpwardParts) {
  const statements = prepareUpward(db)
  const { put, value, next, insert, sent, putSent, isKnown, putCommand, dropCommands } = statements
  let settings: UpwardSettings | undefined

  function sequence(): number {
    const number = Number(value.get('sequence') ?? 0) + 1
    put.run('sequence', String(number))
    return number
  }

  function write(lane: Lane, atMs: number, body: object): void {
    const index = lanes.indexOf(lane)
    const time = { boot: 1, sinceBootMs: 0, atMs, clock: 'synced' as const }
    insert.run(index, next.get(index) ?? 0, JSON.stringify({ ...body, sequence: sequence(), ...time }))
  }

  function before(number: number): SentUpward | undefined {
    const text = sent.get(number)
    const read = text === undefined ? undefined : parseJson(text, Infinity)
    return read?.ok ? (read.value as SentUpward) : undefined
  }

  return {
    settings: () => settings,
    /** Inside the commit that changes the case. */
    hearCase: (number: number, item: Case, atMs: number): void => {
      const now = settings && sentOf(item, settings.to)
      if (!now) return
      const first = item.alarms[0] && rowOf(item.alarms[0].id)
      const known = before(number)
      const content = upwardAlarm(item, known, now, first)
      if (!content) return
      putSent.run(number, JSON.stringify(now))
      const lane = item.colour
      write(lane, atMs, { type: 'alarm', ...content } satisfies Partial<AlarmRecord>)
      if (now.times === (known?.times ?? 0) || now.isEnded) return
      const facts = { case: item.id, text: packageText(item, plansOf(item), first) }
      write(lane, atMs, { type: 'log', what: casePackage, facts } satisfies Partial<LogRecord>)
    },
    /** False when this instruction was carried out before. */
    takeCommand: (id: string, atMs: number): boolean => {
      if (isKnown.get(id)) return false
      putCommand.run(id, atMs)
      dropCommands.run(atMs - 90 * 86_400_000)
      return true
    },
    calls: createUpwardCalls(db, statements, (given) => (settings = given)),
  }
}

function createUpwardCalls(
  db: Sqlite,
  { state, put, value, next, insert, settle, drop }: ReturnType<typeof prepareUpward>,
  setSettings: (given: UpwardSettings) => void,
) {
  return {
    openUpward: immediately(db, (given: UpwardSettings, epoch: string): UpwardState => {
      setSettings(given)
      if (value.get('epoch') === undefined) put.run('epoch', epoch)
      return state() ?? { epoch, lanes: {} as UpwardState['lanes'] }
    }),
    settleUpward: immediately(db, (lane: Lane, storedTo: number): void => {
      const index = lanes.indexOf(lane)
      settle.run(storedTo, storedTo, index)
      drop.run(index, storedTo - keptPerLane)
    }),
    renewUpward: immediately(db, (epoch: string): UpwardState => {
      put.run('epoch', epoch)
      const waiting = db
        .prepare<[], { lane: number; body: string }>(
          `SELECT r.lane, r.body FROM upward_records r JOIN upward_lanes l ON l.lane = r.lane
           WHERE r.number > l.receipted ORDER BY r.lane, r.number`,
        )
        .all()
      db.exec('DELETE FROM upward_records; DELETE FROM upward_lanes')
      for (const { lane, body } of waiting) insert.run(lane, next.get(lane) ?? 0, body)
      return state() ?? { epoch, lanes: {} as UpwardState['lanes'] }
    }),
  }
}

export type UpwardWriter = ReturnType<typeof createUpwardWriter>
