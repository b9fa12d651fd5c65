// The SQL of a search in alarms or cases: newest first, with a cursor that is the place of the last row of the page. The index is asked for
// words, places and kinds; the other conditions are compared row by row.
import { urgency } from '../../../../protocols/domain/colour.ts'
import type { SearchCriteria } from '../../search-port.ts'
import type { Scope } from '../../../../protocols/desk/scope.ts'
import { isPostgres, type Sqlite } from '../database.ts'
import {
  anyPlaceTerm,
  columnTerm,
  matchQuery,
  matchVector,
  textTerms,
  type SearchTerm,
} from './search-terms.ts'

export const isSearch = (find: SearchCriteria | undefined): find is SearchCriteria =>
  find !== undefined && Object.values(find).some((value) => value !== undefined)

const cursorPattern = /^s\.(\d{1,15})$/
export const searchCursor = (row: number): string => `s.${row}`
/** Undefined for one that is not of a search. */
export function parseSearchCursor(after: string | undefined): number | undefined {
  if (after === undefined || after === '') return Number.MAX_SAFE_INTEGER
  const match = cursorPattern.exec(after)
  return match ? Number(match[1]) : undefined
}

interface Table {
  /** Its name in the query, and its index. */
  alias: string
  search: 'alarm_search' | 'case_search'
  /** The column that is the rowid of the index. */
  row: string
  /** Its place in time: a table, a column of ms and the row column. */
  time: { table: string; column: string }
  /** Villages of the row, for `in_scope`. */
  place: string
}

export const alarmSearch: Table = {
  alias: 'a',
  search: 'alarm_search',
  row: 'arrival',
  time: { table: 'alarms', column: 'received_at_ms' },
  place: 'box',
}
export const caseSearch: Table = {
  alias: 'c',
  search: 'case_search',
  row: 'number',
  time: { table: 'cases', column: 'opened_at_ms' },
  place: 'villages',
}

/** A longer scope is compared row by row: most rows are in it. */
const scopeTermsMax = 50

/** The index finds the rows of a scope of some villages among those of a town. */
const scopeTerm = (scope: Scope | undefined): SearchTerm | undefined =>
  scope === undefined || scope.length > scopeTermsMax ? undefined : anyPlaceTerm(scope)

/** The condition that a row of the index has these terms. */
export function matches(
  db: Sqlite,
  search: Table['search'],
  terms: readonly SearchTerm[],
): { condition: string; values: string[] } {
  if (!isPostgres(db)) return { condition: `${search} MATCH ?`, values: [matchQuery(terms)] }
  const { query, phrases } = matchVector(terms)
  const inColumns = phrases.map(
    ({ column, like }) =>
      ` AND (' ' || ${search}.${column} || ' ') LIKE ANY (ARRAY[${like.map(() => '?').join(', ')}])`,
  )
  return {
    condition: `${search}.terms @@ CAST(? AS tsquery)${inColumns.join('')}`,
    values: [query, ...phrases.flatMap(({ like }) => like)],
  }
}

export interface SearchSql {
  /** Behind FROM. */
  from: string
  where: string[]
  values: (string | number)[]
  order: string
}

export function searchSql(db: Sqlite, table: Table, find: SearchCriteria, before: number): SearchSql {
  const { alias, search, row, time, place } = table
  const terms = [
    ...(find.text === undefined ? [] : textTerms(find.text)),
    find.village === undefined ? undefined : columnTerm('village', find.village),
    find.kind === undefined ? undefined : columnTerm('kind', find.kind),
    scopeTerm(find.scope),
  ].filter((term) => term !== undefined)
  const sql: SearchSql = {
    from: `${time.table} ${alias}`,
    where: [],
    values: [],
    order: `${alias}.${row} DESC`,
  }
  const also = (condition: string, ...given: (string | number)[]): void => {
    sql.where.push(condition)
    sql.values.push(...given)
  }
  if (terms.length > 0) {
    // CROSS JOIN keeps the order: the index finds, the table is looked up.
    sql.from = `${search} CROSS JOIN ${time.table} ${alias} ON ${alias}.${row} = ${search}.rowid`
    sql.order = `${search}.rowid DESC`
    const { condition, values } = matches(db, search, terms)
    also(condition, ...values)
    also(`${search}.rowid < ?`, before)
  } else also(`${alias}.${row} < ?`, before)
  const { table: from, column } = time
  if (find.fromMs !== undefined)
    also(
      `${alias}.${row} >= coalesce((SELECT ${row} FROM ${from} WHERE ${column} >= ? ORDER BY ${column}, ${row} LIMIT 1), ${Number.MAX_SAFE_INTEGER})`,
      find.fromMs,
    )
  if (find.toMs !== undefined)
    also(
      `${alias}.${row} <= coalesce((SELECT ${row} FROM ${from} WHERE ${column} < ? ORDER BY ${column} DESC, ${row} DESC LIMIT 1), 0)`,
      find.toMs,
    )
  if (find.village !== undefined) also(`in_scope(${alias}.${place}, ?)`, JSON.stringify([find.village]))
  if (find.scope !== undefined) also(`in_scope(${alias}.${place}, ?)`, JSON.stringify(find.scope))
  if (find.colour !== undefined) also(`${alias}.colour_rank = ?`, urgency(find.colour))
  return sql
}
