// Pages of cases: the queue in its order, and searches with the newest first.
import { isOver as isOverState } from '../../../../protocols/domain/case-order.ts'
import { urgency } from '../../../../protocols/domain/colour.ts'
import type { Case } from '../../../../protocols/domain/case.ts'
import type { CaseSummary } from '../../../../protocols/desk/cases.ts'
import type { Scope } from '../../../../protocols/desk/scope.ts'
import type { CasePolicy } from '../../../cases/case-policy.ts'
import { summaryOf } from '../../../cases/case-summary.ts'
import type { CaseQuery } from '../../case-port.ts'
import { ledgerRowsMax, type SearchCriteria } from '../../search-port.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'
import { anyPlaceTerm } from '../search/search-terms.ts'
import {
  caseSearch,
  isSearch,
  matches,
  parseSearchCursor,
  searchCursor,
  searchSql,
} from '../search/search-query.ts'

export interface StoredCaseBody {
  number: number
  body: string
}

interface Listed extends StoredCaseBody {
  colour_rank: number
}

type Values = (string | number)[]

/** Conditions of the queue besides its order. */
function conditionsOf(db: Sqlite, query: CaseQuery, isNarrow: IsNarrow): { where: string[]; values: Values } {
  const where: string[] = []
  const values: Values = []
  const also = (condition: string, ...given: Values): void => {
    where.push(condition)
    values.push(...given)
  }
  if (query.scope !== undefined) also('in_scope(villages, ?)', JSON.stringify(query.scope))
  const places = isNarrow(query.scope) ? anyPlaceTerm(query.scope) : undefined
  if (places !== undefined) {
    const { condition, values: given } = matches(db, 'case_search', [places])
    also(`number IN (SELECT rowid FROM case_search WHERE ${condition})`, ...given)
  }
  // A case of several villages is found by one of them through the search.
  if (query.village !== undefined) also('village = ?', query.village)
  if (query.villages !== undefined)
    also(`village IN (SELECT value FROM json_each(?))`, JSON.stringify(query.villages))
  if (query.holder !== undefined) also('holder = ?', query.holder)
  if (query.holder !== undefined && query.state === 'open')
    also(
      'number IN (SELECT number FROM cases INDEXED BY cases_of_holder WHERE holder = ? AND is_over = 0)',
      query.holder,
    )
  if (query.colour !== undefined) also('colour_rank = ?', urgency(query.colour))
  if (query.step !== undefined) also('state = ?', query.step)
  return { where, values }
}

/** Parts that each are in the order of an index: open and over, the rest of the colour and the colours behind it. */
function partsOf({ state, step, holder }: CaseQuery, rank: number, number: number): string[] {
  // What one person holds is few, and found by it.
  if (holder !== undefined && state === 'open')
    return [`(+colour_rank > ${rank} OR (+colour_rank = ${rank} AND number < ${number}))`]
  const isOfStep = (isOver: 0 | 1): boolean => step === undefined || isOver === (isOverState(step) ? 1 : 0)
  const states = ({ open: [0], over: [1], all: [0, 1] } as const)[state]
  return states
    .filter(isOfStep)
    .flatMap((isOver) => [
      `is_over = ${isOver} AND colour_rank = ${rank} AND number < ${number}`,
      `is_over = ${isOver} AND colour_rank > ${rank}`,
    ])
}

export type IsNarrow = (scope: Scope | undefined) => scope is Scope

export function listCases(
  db: Sqlite,
  query: CaseQuery,
  policy: CasePolicy,
  nowMs: number,
  isNarrow: IsNarrow,
): { cases: CaseSummary[]; next?: string } | undefined {
  if (isSearch(query.find)) return findCases(db, query, policy, nowMs)
  const match = /^(\d)\.(\d{1,15})$/.exec(query.after ?? '0.999999999999999')
  if (!match) return undefined
  const parts = partsOf(query, Number(match[1]), Number(match[2]))
  if (parts.length === 0) return { cases: [] }
  const { where, values } = conditionsOf(db, query, isNarrow)
  const select = (part: string): string =>
    `SELECT number, colour_rank, body FROM cases WHERE ${[part, ...where].join(' AND ')}`
  const rows = db
    .prepare<Values, Listed>(
      `${parts.map(select).join(' UNION ALL ')} ORDER BY colour_rank, number DESC LIMIT ?`,
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
): StoredCaseBody[] {
  const { from, where, values, order } = searchSql(db, caseSearch, find, before)
  more((condition, ...given) => {
    where.push(condition)
    values.push(...given)
  })
  return db
    .prepare<(string | number)[], StoredCaseBody>(
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
