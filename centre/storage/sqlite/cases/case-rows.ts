// The cases table and their histories as rows: put, get, find. No decision is made here.
import { urgency } from '../../../../protocols/domain/colour.ts'
import type { Case, CaseEvent } from '../../../../protocols/domain/case.ts'
import type { CasePolicy } from '../../../cases/case-policy.ts'
import { nextDueMs } from '../../../cases/workflow/deadlines.ts'
import { isOver } from '../../../../protocols/domain/case-order.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { CaseTarget } from '../../case-port.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'
import { villagesOfCase } from '../../../cases/case-villages.ts'
import type { SearchWriter } from '../search/search-writer.ts'

export const caseNumberOf = (id: string): number => Number(/^case-(\d{1,15})$/.exec(id)?.[1] ?? -1)

/** Cases in one person's hands that move at once; the rest stay for the next look. */
const inHandsMax = 500
/** Cases of a place that "handled before" counts. */
const beforeMax = 20

interface Stored {
  number: number
  body: string
}

/** What a case is found by, set when it is opened. */
export interface CaseKeys {
  incident?: string | undefined
  place?: string | undefined
}

export function createCaseRows(
  db: Sqlite,
  policy: () => CasePolicy,
  seal: (entry: TrailEntry) => void,
  search: Pick<SearchWriter, 'case'>,
  hearCase: (number: number, item: Case, atMs: number) => void,
) {
  const byNumber = db.prepare<[number], Stored>('SELECT number, body FROM cases WHERE number = ?')
  const byAlarm = db.prepare<[string], Stored>(
    'SELECT c.number, c.body FROM case_alarms a JOIN cases c ON c.number = a.number WHERE a.alarm = ?',
  )
  const byIncident = db.prepare<[string, number], Stored>(
    'SELECT number, body FROM cases WHERE incident = ? AND is_over = 0 AND opened_at_ms >= ? ORDER BY number DESC LIMIT 1',
  )
  const byDue = db.prepare<[number, number], Stored>(
    'SELECT number, body FROM cases WHERE next_due_ms <= ? ORDER BY next_due_ms LIMIT ?',
  )
  const firstDue = db.prepare<[], number | null>('SELECT min(next_due_ms) FROM cases').pluck()
  const byHolder = db.prepare<[string], Stored>(
    `SELECT number, body FROM cases WHERE holder = ? AND is_over = 0 ORDER BY colour_rank LIMIT ${inHandsMax}`,
  )
  const byClaimer = db.prepare<[string], Stored>(
    `SELECT number, body FROM cases WHERE claimed_by = ? AND is_over = 0 ORDER BY colour_rank LIMIT ${inHandsMax}`,
  )
  const byPlace = db.prepare<[string, number], Stored>(
    `SELECT number, body FROM cases WHERE place = ? AND state = 'archived' AND opened_at_ms >= ? ORDER BY number DESC LIMIT ${beforeMax}`,
  )
  const inOwnHands = db.prepare<[number], Stored>(
    'SELECT number, body FROM cases WHERE is_over = 0 AND handed_to IS NULL AND is_drill = 0 ORDER BY number LIMIT ?',
  )
  const handed = db.prepare<[number], Stored>(
    'SELECT number, body FROM cases WHERE handed_to IS NOT NULL AND is_over = 0 ORDER BY number LIMIT ?',
  )
  const lastNumber = db.prepare<[], number | null>('SELECT max(number) FROM cases').pluck()
  const put = db.prepare(
    `INSERT INTO cases (number, village, box, incident, place, is_over, is_drill, colour_rank, state, holder, claimed_by, handed_to,
       opened_at_ms, next_due_ms, villages, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (number) DO UPDATE SET is_over = excluded.is_over, colour_rank = excluded.colour_rank,
       state = excluded.state, holder = excluded.holder, claimed_by = excluded.claimed_by, handed_to = excluded.handed_to,
       next_due_ms = excluded.next_due_ms, villages = excluded.villages, body = excluded.body, incident = coalesce(excluded.incident, incident)`,
  )
  const putAlarm = db.prepare(
    'INSERT INTO case_alarms (alarm, number) VALUES (?, ?) ON CONFLICT (alarm) DO UPDATE SET number = excluded.number',
  )
  const putEvent = db.prepare(
    'INSERT INTO case_events (number, at_ms, what, who, text, subject) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const leaveOut = db.prepare('UPDATE cases SET next_due_ms = NULL WHERE number = ?')
  const parsed = (row: Stored | undefined): Case | undefined =>
    row && readDocument(db, 'cases', row.number, row.body)
  const readable = (found: readonly Stored[]): Case[] => found.flatMap((row) => parsed(row) ?? [])

  return {
    get: (target: CaseTarget): Case | undefined =>
      parsed('case' in target ? byNumber.get(caseNumberOf(target.case)) : byAlarm.get(target.alarm)),
    ofIncident: (incident: string, openedSinceMs: number) => parsed(byIncident.get(incident, openedSinceMs)),
    /** An unreadable case loses its deadline: otherwise it would be checked first each time. */
    due: (nowMs: number, limit: number) =>
      byDue.all(nowMs, limit).flatMap((row) => {
        const item = parsed(row)
        if (!item) leaveOut.run(row.number)
        return item ?? []
      }),
    firstDue: (): number | undefined => firstDue.get() ?? undefined,
    heldBy: (holder: string) => readable(byHolder.all(holder)),
    claimedBy: (who: string) => readable(byClaimer.all(who)),
    /** Archived cases of the place, newest first. */
    ofPlace: (place: string, openedSinceMs: number) => readable(byPlace.all(place, openedSinceMs)),
    inOwnHands: (limit: number) => readable(inOwnHands.all(limit)),
    handed: (limit: number) => readable(handed.all(limit)),
    newId: (): string => `case-${(lastNumber.get() ?? 0) + 1}`,
    /** The present state of the case, and its events; both are sealed into the trail. */
    put(item: Case, events: readonly CaseEvent[], found: CaseKeys = {}): void {
      const number = caseNumberOf(item.id)
      put.run(
        number,
        item.village,
        item.box ?? null,
        found.incident ?? null,
        found.place ?? null,
        isOver(item.state) ? 1 : 0,
        item.isDrill ? 1 : 0,
        urgency(item.colour),
        item.state,
        item.holder ?? null,
        item.claimedBy?.who ?? null,
        item.handedTo ?? null,
        Math.round(item.openedAtMs),
        nextDueMs(item, policy()) ?? null,
        villagesOfCase(item).join(' '),
        JSON.stringify(item),
      )
      search.case(number, item)
      hearCase(number, item, Math.round(item.changedAtMs))
      for (const { id } of item.alarms) putAlarm.run(id, number)
      for (const { what, who, atMs, text, subject } of events) {
        putEvent.run(number, Math.round(atMs), what, who, text, subject ?? null)
        seal({
          alarm: item.id,
          atMs: Math.round(atMs),
          who,
          what,
          why: subject ? `${text} [${subject}]` : text,
        })
      }
    },
  }
}

export type CaseRows = ReturnType<typeof createCaseRows>
