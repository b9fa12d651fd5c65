// The tables of PostgreSQL, version by version; each step runs in one transaction and is never edited once released. Columns of text
// are compared by their bytes, as SQLite compares them, whatever the database was made with.
import { caseRuleTable } from './case-rule-table.ts'
import { caseTables } from './cases-tables.ts'
import { functionsAndTriggers } from './functions.ts'
import { intakeTables } from './intake-tables.ts'
import { peopleTables } from './people-tables.ts'

const byBytes = (sql: string): string => sql.replaceAll(/\bTEXT\b/g, 'TEXT COLLATE "C"')

export const migrations: readonly string[] = [
  [intakeTables, caseTables, peopleTables, functionsAndTriggers].map(byBytes).join('\n'),
  byBytes(caseRuleTable),
]
