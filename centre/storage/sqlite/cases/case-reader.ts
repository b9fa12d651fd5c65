// The reader's side of cases: the queue in pages, one case with its plans, its history.
import type { CaseEvent } from '../../../../protocols/domain/case.ts'
import { plansOf } from '../../../cases/action-lists.ts'
import type { CasePolicy } from '../../../cases/case-policy.ts'
import type { CaseReaderCalls, CaseTarget } from '../../case-port.ts'
import { createCasePlaces } from './case-place.ts'
import { createCaseRuleTable } from './case-rule-table.ts'
import { createActionLists } from './action-list-table.ts'
import { listCases, type StoredCaseBody } from './case-pages.ts'
import { caseNumberOf } from './case-rows.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'
import type { Scope } from '../../../../protocols/desk/scope.ts'
import type { NarrowScope } from '../scope-boxes.ts'

/** A session that ended by itself counts on: a waiting red keeps its desk open. Then only its silence counts. */
const endedSessionMs = 12 * 3_600_000

export function createCaseReader(db: Sqlite, policy: () => CasePolicy, narrow: NarrowScope): CaseReaderCalls {
  const isNarrow = (scope: Scope | undefined): scope is Scope => narrow(scope) !== undefined
  const lists = createActionLists(db)
  const rules = createCaseRuleTable(db)
  const byNumber = db.prepare<[number], StoredCaseBody>('SELECT number, body FROM cases WHERE number = ?')
  const byAlarm = db.prepare<[string], StoredCaseBody>(
    'SELECT c.number, c.body FROM case_alarms a JOIN cases c ON c.number = a.number WHERE a.alarm = ?',
  )
  const history = db.prepare<
    [number, number, number],
    CaseEvent & { position: number; subject: string | null }
  >(
    `SELECT position, at_ms AS atMs, what, who, text, subject FROM case_events
     WHERE number = ? AND position > ? ORDER BY position LIMIT ?`,
  )
  const placeOf = createCasePlaces(db)
  const holders = db.prepare<[number], { who: string; isSignedIn: number }>(
    `SELECT who, EXISTS (SELECT 1 FROM tokens WHERE user = who AND is_program = 0 AND is_revoked = 0 AND expires_at_ms > ?) AS isSignedIn
     FROM (SELECT holder AS who FROM cases INDEXED BY cases_of_holder WHERE holder IS NOT NULL AND is_over = 0
       UNION SELECT claimed_by FROM cases INDEXED BY cases_of_claimer WHERE claimed_by IS NOT NULL AND is_over = 0) AS people`,
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
      if (!found) return undefined
      const place = placeOf(found.case)
      return {
        ...found,
        history: caseEvents(found.case.id, 0, limit),
        ...(place === undefined ? {} : { place }),
      }
    }),
    caseEvents,
    actionLists: () => lists.newest(),
    caseRules: () => rules.newest(),
  }
}
