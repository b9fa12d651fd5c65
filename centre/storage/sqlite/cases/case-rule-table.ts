// The rules for cases that were set at the desk: every version is kept, the newest applies.
import type { CaseRules, StoredCaseRules } from '../../../../protocols/desk/leading/case-rules.ts'
import type { PolicySettings } from '../../../cases/case-policy.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import { immediately, type Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'

interface Row {
  version: number
  atMs: number
  who: string
  body: string
}

export function createCaseRuleTable(db: Sqlite) {
  const all = db.prepare<[], Row>(
    'SELECT version, at_ms AS atMs, who, body FROM case_rules ORDER BY version DESC LIMIT 100',
  )
  const insert = db.prepare('INSERT INTO case_rules (at_ms, who, body) VALUES (?, ?, ?)')
  return {
    /** The version before, if the newest is damaged. */
    newest(): StoredCaseRules {
      for (const { version, atMs, who, body } of all.iterate()) {
        const rules = readDocument(db, 'case_rules', version, body)
        if (rules) return { version, rules, who, atMs }
      }
      return { version: 0, rules: {} }
    },
    put: (rules: CaseRules, who: string, atMs: number): number =>
      Number(insert.run(Math.round(atMs), who, JSON.stringify(rules)).lastInsertRowid),
  }
}

export interface CaseRuleWriterOptions {
  seal: (entry: TrailEntry) => void
  /** The next moment of every open case by the present limits. */
  renewDue: () => void
  use: (settings: PolicySettings) => void
}

export function createCaseRuleWriter(db: Sqlite, { seal, renewDue, use }: CaseRuleWriterOptions) {
  const table = createCaseRuleTable(db)
  return {
    setCasePolicy: use,
    putCaseRules: immediately(
      db,
      (before: number, rules: CaseRules, settings: PolicySettings, who: string, wallMs: number) => {
        if (table.newest().version !== before) return undefined
        const atMs = Math.round(wallMs)
        const version = table.put(rules, who, atMs)
        use(settings)
        renewDue()
        seal({ alarm: 'case-rules', atMs, who, what: 'rules-changed', why: JSON.stringify(rules) })
        return version
      },
    ),
  }
}
