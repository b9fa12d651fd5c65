// The scope of an account inside SQL: stored as JSON, and evaluated by the same function as everywhere else.
import { isInScope, type Scope } from '../../../protocols/desk/scope.ts'
import { isPostgres, type Sqlite } from './database.ts'

/** Undefined: every village. Invalid text allows none: a damaged row must not open the town. */
export function parseScopeColumn(text: string | null): Scope | undefined {
  if (text === null) return undefined
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? parsed.filter((one): one is string => typeof one === 'string') : []
  } catch {
    return []
  }
}

export const scopeColumn = (scope: Scope | null | undefined): string | null =>
  scope === undefined || scope === null ? null : JSON.stringify(scope)

/** SQL that is true when the place of the row is in the scope; takes the scope twice. */
export const inScopeSql = (column: string): string => `(? IS NULL OR in_scope(${column}, ?))`

/** Before any statement that uses `inScopeSql` is prepared. */
export function addScopeFunction(db: Sqlite): void {
  let last: { text: string; scope: Scope | undefined } | undefined
  // PostgreSQL has it by its migrations.
  if (isPostgres(db)) return
  db.function('in_scope', { deterministic: true }, (place: unknown, text: unknown): number => {
    if (typeof place !== 'string' || typeof text !== 'string') return 0
    if (last?.text !== text) last = { text, scope: parseScopeColumn(text) }
    const { scope } = last
    // A case may be of several villages.
    return place.split(' ').some((one) => isInScope(scope, one)) ? 1 : 0
  })
}
