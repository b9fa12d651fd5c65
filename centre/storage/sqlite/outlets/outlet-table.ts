// The queue of messages to receivers in SQLite. The steps of cases are followed in the audit log, whose positions are never used twice;
// what was looked at and the messages that came of it are stored in one transaction, so that none is lost and none is made twice.
import { caseEventKinds, type Case, type CaseEventKind } from '../../../../protocols/domain/case.ts'
import { deliveryStates, outletSteps } from '../../../../protocols/desk/outlets.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import {
  waitingMax,
  type DeliveryMove,
  type NewDelivery,
  type OutletState,
  type StoredDelivery,
} from '../../../../platform/outlets/queue/queue-port.ts'
import type { OutletCase, OutletReaderCalls, OutletWriterCalls } from '../../outlet-port.ts'
import type { StoredChange } from '../../stored-change.ts'
import { caseNumberOf } from '../cases/case-rows.ts'
import { immediately, type Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'

/** The receiver's words are stored up to this length. */
const wordsMax = 300

interface Row {
  number: number
  id: string
  outlet: string
  caseNumber: number
  step: string
  byUser: string | null
  state: string
  words: string
  attempts: number
  isUrgent: number
  colourRank: number
  madeAtMs: number
  dueAtMs: number
  endsAtMs: number
  changedAtMs: number
  body: string
}

const columns = `number, id, outlet, case_number AS caseNumber, step, by_user AS byUser, state, words, attempts, is_urgent AS isUrgent,
  colour_rank AS colourRank, made_at_ms AS madeAtMs, due_at_ms AS dueAtMs, ends_at_ms AS endsAtMs, changed_at_ms AS changedAtMs, body`

const stepOf = (step: string) => outletSteps.find((known) => known === step) ?? 'raised'

function deliveryOf({ caseNumber, step, state, byUser, isUrgent, ...row }: Row): StoredDelivery {
  return {
    ...row,
    case: `case-${caseNumber}`,
    step: stepOf(step),
    state: deliveryStates.find((known) => known === state) ?? 'failed',
    isUrgent: isUrgent === 1,
    ...(byUser === null ? {} : { by: byUser }),
  }
}

const isKind = (what: string): what is CaseEventKind => caseEventKinds.some((kind) => kind === what)

function createCaseFacts(db: Sqlite): (id: string) => OutletCase | undefined {
  const byNumber = db.prepare<[number], { body: string }>('SELECT body FROM cases WHERE number = ?')
  const alarmRow = db.prepare<[string], { row: string }>('SELECT row FROM alarms WHERE id = ?')
  const boxName = db.prepare<[string], string>('SELECT name FROM boxes WHERE id = ?').pluck()
  const sent = db.prepare<[number], { outlet: string; step: string }>(
    'SELECT DISTINCT outlet, step FROM deliveries WHERE case_number = ?',
  )
  return (id) => {
    const number = caseNumberOf(id)
    const row = byNumber.get(number)
    const item = row && readDocument(db, 'cases', number, row.body)
    if (!item) return undefined
    const main = item.alarms.find(({ colour }) => colour === item.colour) ?? item.alarms[0]
    const stored = main && alarmRow.get(main.id)
    const found = main && stored && readDocument(db, 'alarms', main.id, stored.row)
    return {
      case: item,
      ...(found ? { alarm: found.alarm } : {}),
      villageName: boxName.get(item.box ?? item.village) ?? item.village,
      sent: sent.all(number).map(({ outlet, step }) => ({ outlet, step: stepOf(step) })),
    }
  }
}

export function createOutletReader(db: Sqlite): OutletReaderCalls {
  const cursor = db.prepare<[], number>("SELECT value FROM outlet_state WHERE name = 'position'").pluck()
  const entries = db.prepare<[number, number], Omit<TrailEntry, 'hash'> & { position: number }>(
    `SELECT position, alarm, at_ms AS atMs, who, what, why FROM trail WHERE position > ? ORDER BY position LIMIT ?`,
  )
  const due = db.prepare<[string, number, number, number], Row>(
    `SELECT ${columns} FROM deliveries WHERE outlet = ? AND is_urgent = ? AND state = 'waiting' AND due_at_ms <= ?
     ORDER BY colour_rank, number LIMIT ?`,
  )
  const next = db
    .prepare<[string, number], number | null>(
      "SELECT min(due_at_ms) FROM deliveries WHERE outlet = ? AND is_urgent = ? AND state = 'waiting'",
    )
    .pluck()
  const ofCase = db.prepare<[number, number], Row>(
    `SELECT ${columns} FROM deliveries WHERE case_number = ? ORDER BY number DESC LIMIT ?`,
  )
  const one = db.prepare<[string], Row>(`SELECT ${columns} FROM deliveries WHERE id = ?`)
  const waiting = db.prepare<[], { outlet: string; waiting: number; urgentSinceMs: number | null }>(
    `SELECT outlet, count(*) AS waiting, min(iif(is_urgent = 1, made_at_ms, NULL)) AS urgentSinceMs
     FROM deliveries WHERE state = 'waiting' GROUP BY outlet`,
  )
  const handed = db.prepare<[number], { outlet: string; sinceMs: number }>(
    `SELECT outlet, min(changed_at_ms) AS sinceMs FROM deliveries WHERE state = 'handed-over' AND changed_at_ms > ? GROUP BY outlet`,
  )
  const factsOf = createCaseFacts(db)
  return {
    outletEvents: db.transaction((after: number | undefined, limit: number) => {
      const from = after ?? cursor.get()
      if (from === undefined) return { events: [], to: 0, isEnd: true }
      const page = entries.all(from, limit)
      const events = page.flatMap(({ alarm: id, position, what, who, atMs, why }) => {
        if (!/^case-\d+$/.test(id) || !isKind(what)) return []
        const facts = factsOf(id)
        return facts ? [{ ...facts, position, what, who, atMs, text: why }] : []
      })
      return { events, to: page.at(-1)?.position ?? from, isEnd: page.length < limit }
    }),
    outletCase: factsOf,
    dueDeliveries: ({ outlet, isUrgent, nowMs, limit, isAll }) =>
      due
        .all(outlet, isUrgent ? 1 : 0, isAll ? Number.MAX_SAFE_INTEGER : Math.round(nowMs), limit)
        .map(deliveryOf),
    nextDelivery: (outlet, isUrgent) => next.get(outlet, isUrgent ? 1 : 0) ?? undefined,
    deliveriesOf: (id, limit) => ofCase.all(caseNumberOf(id), limit).map(deliveryOf),
    delivery: (id) => {
      const row = one.get(id)
      return row && deliveryOf(row)
    },
    outletStates: (handedAfterMs) => {
      const states = new Map<string, OutletState>()
      for (const { outlet, waiting: count, urgentSinceMs } of waiting.all())
        states.set(outlet, {
          outlet,
          waiting: count,
          ...(urgentSinceMs === null ? {} : { urgentSinceMs }),
        })
      for (const { outlet, sinceMs } of handed.all(Math.round(handedAfterMs)))
        states.set(outlet, { waiting: 0, ...states.get(outlet), outlet, unconfirmedSinceMs: sinceMs })
      return [...states.values()]
    },
  }
}

export interface OutletWriterParts {
  seal: (entry: TrailEntry) => void
  caseOf: (target: { case: string }) => Case | undefined
  /** The case as desks show it has changed. */
  logCase: (item: Case, nowMs: number) => StoredChange
}

function prepareWriter(db: Sqlite) {
  const cursor = db.prepare<[], number>("SELECT value FROM outlet_state WHERE name = 'position'").pluck()
  const put = db.prepare(`INSERT INTO outlet_state (name, value) VALUES ('position', ?)
     ON CONFLICT (name) DO UPDATE SET value =
       CASE WHEN outlet_state.value > excluded.value THEN outlet_state.value ELSE excluded.value END`)
  const drop = db.prepare("DELETE FROM outlet_state WHERE name = 'position'")
  const last = db.prepare<[], number | null>('SELECT max(position) FROM trail').pluck()
  const count = db
    .prepare<[string], number>(
      "SELECT count(*) FROM deliveries WHERE outlet = ? AND is_urgent IN (0, 1) AND state = 'waiting'",
    )
    .pluck()
  const insert = db.prepare(
    `INSERT INTO deliveries (id, outlet, case_number, step, by_user, state, words, is_urgent, colour_rank, made_at_ms, due_at_ms,
       ends_at_ms, changed_at_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  )
  const one = db.prepare<[number], Row>(`SELECT ${columns} FROM deliveries WHERE number = ?`)
  const move = db.prepare(
    `UPDATE deliveries SET state = ?, words = ?, attempts = attempts + ?, due_at_ms = ?, changed_at_ms = ? WHERE number = ?`,
  )
  const orphans = db.prepare<[string], { number: number }>(
    `SELECT number FROM deliveries WHERE state = 'waiting' AND outlet NOT IN (SELECT value FROM json_each(?))`,
  )
  return { cursor, put, drop, last, count, insert, one, move, orphans }
}

function createMoves(
  { one, move }: ReturnType<typeof prepareWriter>,
  { seal, caseOf, logCase }: OutletWriterParts,
) {
  /** Desks that have the case open read it again. */
  function shown(cases: ReadonlySet<string>, nowMs: number): StoredChange[] {
    return [...cases].flatMap((id) => {
      const item = caseOf({ case: id })
      return item ? [logCase(item, nowMs)] : []
    })
  }

  function moveAll({ numbers, state, words, atMs, dueAtMs, isAttempt, who }: DeliveryMove): StoredChange[] {
    const nowMs = Math.round(atMs)
    const cases = new Set<string>()
    for (const number of numbers) {
      const row = one.get(number)
      // A delivery that is confirmed or given up does not wait again; a late answer may still confirm one that failed.
      if (!row || row.state === 'confirmed' || (row.state !== 'waiting' && state === 'waiting')) continue
      const shortened = words.slice(0, wordsMax)
      move.run(state, shortened, isAttempt ? 1 : 0, Math.round(dueAtMs ?? row.dueAtMs), nowMs, number)
      const id = `case-${row.caseNumber}`
      if (state !== row.state || shortened !== row.words) cases.add(id)
      if (state === row.state) continue
      const why = shortened === '' ? row.outlet : `${row.outlet}: ${shortened}`
      seal({ alarm: id, atMs: nowMs, who: who ?? 'centre', what: `outlet-${state}`, why })
    }
    return shown(cases, nowMs)
  }

  return { shown, moveAll }
}

export function createOutletWriter(db: Sqlite, parts: OutletWriterParts): OutletWriterCalls {
  const statements = prepareWriter(db)
  const { cursor, put, drop, last, count, insert, orphans } = statements
  const { seal } = parts
  const { shown, moveAll } = createMoves(statements, parts)
  return {
    openOutlets: immediately(db, (names: readonly string[], atMs: number): void => {
      if (names.length === 0) drop.run()
      else if (cursor.get() === undefined) put.run(last.get() ?? 0)
      const numbers = orphans.all(JSON.stringify(names)).map(({ number }) => number)
      moveAll({ numbers, state: 'failed', words: notConfigured, atMs, isAttempt: false })
    }),
    addDeliveries: immediately(
      db,
      (deliveries: readonly NewDelivery[], to: number | undefined, atMs: number): StoredChange[] => {
        const cases = new Set<string>()
        // Another centre has followed the cases beyond this page already.
        const isDone = to !== undefined && deliveries.length > 0 && (cursor.get() ?? 0) >= to
        for (const { case: id, ...one } of isDone ? [] : deliveries) {
          const isFull = (count.get(one.outlet) ?? 0) >= waitingMax
          const { changes } = insert.run(
            one.id,
            one.outlet,
            caseNumberOf(id),
            one.step,
            one.by ?? null,
            isFull ? 'failed' : 'waiting',
            isFull ? queueFull : '',
            one.isUrgent ? 1 : 0,
            one.colourRank,
            Math.round(one.madeAtMs),
            Math.round(one.dueAtMs),
            Math.round(one.endsAtMs),
            Math.round(atMs),
            one.body,
          )
          if (changes === 0) continue
          cases.add(id)
          seal({
            alarm: id,
            atMs: Math.round(atMs),
            who: one.by ?? 'centre',
            what: 'outlet-queued',
            why: one.outlet,
          })
        }
        if (to !== undefined) put.run(to)
        return shown(cases, atMs)
      },
    ),
    moveDeliveries: immediately(db, moveAll),
  }
}

const notConfigured = '配置中已没有此出口 / the configuration has no such outlet any more'
const queueFull = `等待的消息已达 ${waitingMax} 条 / ${waitingMax} messages wait already`
