// The reader's side of cases: the queue in pages, one case with its plans, its history.
import { isOver as isOverState } from '../../../../protocols/domain/case-order.ts'
import { urgency } from '../../../../protocols/domain/colour.ts'
import type { Case, CaseEvent } from '../../../../protocols/domain/case.ts'
import type { CaseSummary } from '../../../../protocols/desk/cases.ts'
import { plansOf } from '../../../cases/action-lists.ts'
import type { CasePolicy } from '../../../cases/case-policy.ts'
import { summaryOf } from '../../../cases/case-summary.ts'
import type { CaseQuery, CaseReaderCalls, CaseTarget } from '../../case-port.ts'
import { createActionLists } from './action-list-table.ts'
import { caseNumberOf } from './case-rows.ts'
import type { Sqlite } from '../database.ts'
import { ledgerRowsMax, type SearchCriteria } from '../../search-port.ts'
import { caseSearch, isSearch, parseSearchCursor, searchCursor, searchSql } from '../search/search-query.ts'
import { readDocument } from '../documents.ts'
import type { Scope } from '../../../../protocols/desk/scope.ts'
import type { NarrowScope } from '../scope-boxes.ts'
import { anyPlaceQuery } from '../search/search-terms.ts'

/** A session that ended by itself counts on: a waiting red keeps its desk open. Then only its silence counts. */
const endedSessionMs = 12 * 3_600_000

interface Stored {
  number: number
  body: string
}

interface Listed extends Stored {
  colour_rank: number
}

export function createCaseReader(db: Sqlite, policy: () => CasePolicy, narrow: NarrowScope): CaseReaderCalls {
  const isNarrow = (scope: Scope | undefined): scope is Scope => narrow(scope) !== undefined
  const lists = createActionLists(db)
  const byNumber = db.prepare<[number], Stored>('SELECT number, body FROM cases WHERE number = ?')
  const byAlarm = db.prepare<[string], Stored>(
    'SELECT c.number, c.body FROM case_alarms a JOIN cases c ON c.number = a.number WHERE a.alarm = ?',
  )
  const history = db.prepare<
    [number, number, number],
    CaseEvent & { position: number; subject: string | null }
  >(
    `SELECT position, at_ms AS atMs, what, who, text, subject FROM case_events
     WHERE number = ? AND position > ? ORDER BY position LIMIT ?`,
  )
  const counts = db.prepare<[], { village: string; colourRank: number; count: number }>(
    `SELECT village, colour_rank AS colourRank, count(*) AS count FROM cases WHERE is_over = 0
     GROUP BY village, colour_rank`,
  )

  const holders = db.prepare<[number], { who: string; isSignedIn: number }>(
    `SELECT who, EXISTS (SELECT 1 FROM tokens WHERE user = who AND is_program = 0 AND is_revoked = 0 AND expires_at_ms > ?) AS isSignedIn
     FROM (SELECT holder AS who FROM cases WHERE holder IS NOT NULL AND is_over = 0
       UNION SELECT claimed_by FROM cases WHERE claimed_by IS NOT NULL AND is_over = 0)`,
  )
  const shifts = db.prepare<[number], { number: number; body: string }>(
    'SELECT number, body FROM shifts ORDER BY number DESC LIMIT ?',
  )

  const caseOf: CaseReaderCalls['caseOf'] = (target) => {
    const row = 'case' in target ? byNumber.get(caseNumberOf(target.case)) : byAlarm.get(target.alarm)
    const item = row && readDocument(db, 'cases', row.number, row.body)
    return item && { case: item, plans: plansOf(item, lists.newest().lists) }
  }
  const caseEvents: CaseReaderCalls['caseEvents'] = (id, after, limit) =>
    history
      .all(caseNumberOf(id), after, limit)
      .map(({ subject, ...entry }) => ({ ...entry, ...(subject === null ? {} : { subject }) }))

  return {
    caseHolders: (nowMs) =>
      holders
        .all(Math.round(nowMs - endedSessionMs))
        .map(({ who, isSignedIn }) => ({ who, isSignedIn: isSignedIn === 1 })),
    shifts: (limit) =>
      shifts.all(limit).flatMap(({ number, body }) => readDocument(db, 'shifts', number, body) ?? []),
    cases: (query, nowMs) => listCases(db, query, policy(), nowMs, isNarrow),
    caseOf,
    caseWithHistory: db.transaction((target: CaseTarget, limit: number) => {
      const found = caseOf(target)
      return found && { ...found, history: caseEvents(found.case.id, 0, limit) }
    }),
    caseEvents,
    actionLists: () => lists.newest(),
    openCaseCounts: () => counts.all(),
  }
}

function listCases(
  db: Sqlite,
  query: CaseQuery,
  policy: CasePolicy,
  nowMs: number,
  isNarrow: (scope: Scope | undefined) => scope is Scope,
): { cases: CaseSummary[]; next?: string } | undefined {
  if (isSearch(query.find)) return findCases(db, query, policy, nowMs)
  const match = /^(\d)\.(\d{1,15})$/.exec(query.after ?? '0.999999999999999')
  if (!match) return undefined
  const [rank, number] = [Number(match[1]), Number(match[2])]
  const where: string[] = []
  const values: (string | number)[] = []
  const also = (condition: string, ...given: (string | number)[]): void => {
    where.push(condition)
    values.push(...given)
  }
  if (query.scope !== undefined) also('in_scope(villages, ?)', JSON.stringify(query.scope))
  const places = isNarrow(query.scope) ? anyPlaceQuery(query.scope) : undefined
  if (places !== undefined)
    also('number IN (SELECT rowid FROM case_search WHERE case_search MATCH ?)', places)
  // A case of several villages is found by one of them through the search.
  if (query.village !== undefined) also('village = ?', query.village)
  if (query.villages !== undefined)
    also(`village IN (SELECT value FROM json_each(?))`, JSON.stringify(query.villages))
  if (query.holder !== undefined) also('holder = ?', query.holder)
  if (query.colour !== undefined) also('colour_rank = ?', urgency(query.colour))
  if (query.step !== undefined) also('state = ?', query.step)
  // Parts that each are in the order of an index: open and over, the rest of the colour and the colours behind it.
  const isOfStep = (isOver: 0 | 1): boolean =>
    query.step === undefined || isOver === (isOverState(query.step) ? 1 : 0)
  const states = ({ open: [0], over: [1], all: [0, 1] } as const)[query.state]
  const parts = states
    .filter(isOfStep)
    .flatMap((isOver) => [
      `is_over = ${isOver} AND colour_rank = ${rank} AND number < ${number}`,
      `is_over = ${isOver} AND colour_rank > ${rank}`,
    ])
  if (parts.length === 0) return { cases: [] }
  const rows = db
    .prepare<(string | number)[], Listed>(
      `${parts.map((part) => `SELECT number, colour_rank, body FROM cases WHERE ${[part, ...where].join(' AND ')}`).join(' UNION ALL ')}
       ORDER BY colour_rank, number DESC LIMIT ?`,
    )
    .all(...parts.flatMap(() => values), query.limit + 1)
  const page = rows.slice(0, query.limit)
  const cases = page.flatMap(({ number: of, body }) => {
    const item = readDocument(db, 'cases', of, body)
    return item ? [summaryOf(item, policy, nowMs)] : []
  })
  const last = page.at(-1)
  return rows.length > query.limit && last ? { cases, next: `${last.colour_rank}.${last.number}` } : { cases }
}

/** Newest first. */
function findCases(
  db: Sqlite,
  query: CaseQuery,
  policy: CasePolicy,
  nowMs: number,
): { cases: CaseSummary[]; next?: string } | undefined {
  const before = parseSearchCursor(query.after)
  if (before === undefined) return undefined
  const { state, holder, step, colour, village, scope, find, limit } = query
  const rows = foundCases(db, { ...find, colour, village, scope }, before, limit + 1, (also) => {
    if (state !== 'all') also('c.is_over = ?', state === 'open' ? 0 : 1)
    if (holder !== undefined) also('c.holder = ?', holder)
    if (step !== undefined) also('c.state = ?', step)
  })
  const page = rows.slice(0, limit)
  const cases = page.flatMap(({ number, body }) => {
    const item = readDocument(db, 'cases', number, body)
    return item ? [summaryOf(item, policy, nowMs)] : []
  })
  const last = page.at(-1)
  return rows.length > limit && last ? { cases, next: searchCursor(last.number) } : { cases }
}

function foundCases(
  db: Sqlite,
  find: SearchCriteria,
  before: number,
  limit: number,
  more: (also: (condition: string, ...given: (string | number)[]) => void) => void = () => undefined,
): Stored[] {
  const { from, where, values, order } = searchSql(caseSearch, find, before)
  more((condition, ...given) => {
    where.push(condition)
    values.push(...given)
  })
  return db
    .prepare<(string | number)[], Stored>(
      `SELECT c.number, c.body FROM ${from} WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ?`,
    )
    .all(...values, limit)
}

/** Oldest first. */
export function ledgerOfCases(db: Sqlite, find: SearchCriteria): { cases: Case[]; isCut: boolean } {
  const rows = foundCases(db, find, Number.MAX_SAFE_INTEGER, ledgerRowsMax + 1)
  const cases = rows
    .slice(0, ledgerRowsMax)
    .toReversed()
    .flatMap(({ number, body }) => readDocument(db, 'cases', number, body) ?? [])
  return { cases, isCut: rows.length > ledgerRowsMax }
}
