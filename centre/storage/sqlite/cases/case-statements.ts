// The statements of the cases table and of the histories.
import type { CaseEventKind } from '../../../../protocols/domain/case.ts'
import type { Sqlite } from '../database.ts'

/** Cases in one person's hands that move at once; the rest stay for the next pass. */
const inHandsMax = 500
/** Cases of a place that "handled before" counts. */
const beforeMax = 20

/** The steps whose first time the figures use; the columns have the names of the events. */
export const factColumns = [
  'accepted',
  'reported',
  'dispatched',
  'feedback',
  'verified',
  'archived',
] as const satisfies readonly CaseEventKind[]

/** One row of `case_facts`. */
export type CaseFactValues = Record<
  'number' | 'colourRank' | 'isDrill' | 'openedAtMs' | 'reopened' | 'supervisorCalls',
  number
> & { village: string; outcome: string | null } & Record<(typeof factColumns)[number], number | null>

export interface StoredCase {
  number: number
  body: string
}

export function prepareCaseStatements(db: Sqlite) {
  return {
    byNumber: db.prepare<[number], StoredCase>('SELECT number, body FROM cases WHERE number = ?'),
    byAlarm: db.prepare<[string], StoredCase>(
      'SELECT c.number, c.body FROM case_alarms a JOIN cases c ON c.number = a.number WHERE a.alarm = ?',
    ),
    byIncident: db.prepare<[string, number], StoredCase>(
      'SELECT number, body FROM cases WHERE incident = ? AND is_over = 0 AND opened_at_ms >= ? ORDER BY number DESC LIMIT 1',
    ),
    byDue: db.prepare<[number, number], StoredCase>(
      'SELECT number, body FROM cases WHERE next_due_ms <= ? ORDER BY next_due_ms LIMIT ?',
    ),
    firstDue: db.prepare<[], number | null>('SELECT min(next_due_ms) FROM cases').pluck(),
    byHolder: db.prepare<[string], StoredCase>(
      `SELECT number, body FROM cases WHERE holder = ? AND is_over = 0 ORDER BY colour_rank LIMIT ${inHandsMax}`,
    ),
    byClaimer: db.prepare<[string], StoredCase>(
      `SELECT number, body FROM cases WHERE claimed_by = ? AND is_over = 0 ORDER BY colour_rank LIMIT ${inHandsMax}`,
    ),
    byPlace: db.prepare<[string, number], StoredCase>(
      `SELECT number, body FROM cases WHERE place = ? AND state = 'archived' AND opened_at_ms >= ? ORDER BY number DESC LIMIT ${beforeMax}`,
    ),
    inOwnHands: db.prepare<[number], StoredCase>(
      'SELECT number, body FROM cases WHERE is_over = 0 AND handed_to IS NULL AND is_drill = 0 ORDER BY number LIMIT ?',
    ),
    handed: db.prepare<[number], StoredCase>(
      'SELECT number, body FROM cases WHERE handed_to IS NOT NULL AND is_over = 0 ORDER BY number LIMIT ?',
    ),
    put: db.prepare(
      `INSERT INTO cases (number, village, box, incident, place, is_over, is_drill, colour_rank, state, holder, claimed_by, handed_to,
       opened_at_ms, next_due_ms, villages, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (number) DO UPDATE SET is_over = excluded.is_over, colour_rank = excluded.colour_rank,
       state = excluded.state, holder = excluded.holder, claimed_by = excluded.claimed_by, handed_to = excluded.handed_to,
       next_due_ms = excluded.next_due_ms, villages = excluded.villages, body = excluded.body, incident = coalesce(excluded.incident, cases.incident)`,
    ),
    putAlarm: db.prepare(
      'INSERT INTO case_alarms (alarm, number) VALUES (?, ?) ON CONFLICT (alarm) DO UPDATE SET number = excluded.number WHERE case_alarms.number <> excluded.number',
    ),
    putEvent: db.prepare(
      'INSERT INTO case_events (number, at_ms, what, who, text, subject) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    putFacts: db.prepare<[CaseFactValues]>(
      `INSERT INTO case_facts (number, village, colour_rank, is_drill, opened_at_ms, outcome, reopened, supervisor_calls,
         ${factColumns.join(', ')})
       VALUES (@number, @village, @colourRank, @isDrill, @openedAtMs, @outcome, @reopened, @supervisorCalls,
         ${factColumns.map((column) => `@${column}`).join(', ')})
       ON CONFLICT (number) DO UPDATE SET colour_rank = excluded.colour_rank, outcome = excluded.outcome,
         reopened = excluded.reopened, supervisor_calls = case_facts.supervisor_calls + excluded.supervisor_calls,
         ${factColumns.map((column) => `${column} = coalesce(case_facts.${column}, excluded.${column})`).join(', ')}`,
    ),
    open: db.prepare<[], StoredCase>('SELECT number, body FROM cases WHERE is_over = 0'),
    putDue: db.prepare('UPDATE cases SET next_due_ms = ? WHERE number = ?'),
    leaveOut: db.prepare('UPDATE cases SET next_due_ms = NULL WHERE number = ?'),
  }
}
