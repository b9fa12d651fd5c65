// The cases table and their histories as rows: put, get, find. No decision is made here.
import { urgency } from '../../../../protocols/domain/colour.ts'
import type { Case, CaseEvent } from '../../../../protocols/domain/case.ts'
import type { CasePolicy } from '../../../cases/case-policy.ts'
import { nextDueMs } from '../../../cases/workflow/deadlines.ts'
import { isOver } from '../../../../protocols/domain/case-order.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { CaseTarget } from '../../case-port.ts'
import type { Sqlite } from '../database.ts'
import {
  type factColumns,
  prepareCaseStatements,
  type CaseFactValues,
  type StoredCase,
} from './case-statements.ts'
import { readDocument, writeDocument } from '../documents.ts'
import { villagesOfCase } from '../../../cases/case-villages.ts'
import { createCaseNumbers } from './case-numbers.ts'
import type { SearchWriter } from '../search/search-writer.ts'

export const caseNumberOf = (id: string): number => Number(/^case-(\d{1,15})$/.exec(id)?.[1] ?? -1)

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
  const statements = prepareCaseStatements(db)
  const newNumber = createCaseNumbers(db)
  const parsed = (row: StoredCase | undefined): Case | undefined =>
    row && readDocument(db, 'cases', row.number, row.body)
  const readable = (found: readonly StoredCase[]): Case[] => found.flatMap((row) => parsed(row) ?? [])

  return {
    get: (target: CaseTarget): Case | undefined =>
      parsed(
        'case' in target
          ? statements.byNumber.get(caseNumberOf(target.case))
          : statements.byAlarm.get(target.alarm),
      ),
    ofIncident: (incident: string, openedSinceMs: number) =>
      parsed(statements.byIncident.get(incident, openedSinceMs)),
    /** An unreadable case loses its deadline: otherwise it would be checked first each time. */
    due: (nowMs: number, limit: number) =>
      statements.byDue.all(nowMs, limit).flatMap((row) => {
        const item = parsed(row)
        if (!item) statements.leaveOut.run(row.number)
        return item ?? []
      }),
    firstDue: (): number | undefined => statements.firstDue.get() ?? undefined,
    heldBy: (holder: string) => readable(statements.byHolder.all(holder)),
    claimedBy: (who: string) => readable(statements.byClaimer.all(who)),
    /** Archived cases of the place, newest first. */
    ofPlace: (place: string, openedSinceMs: number) => readable(statements.byPlace.all(place, openedSinceMs)),
    inOwnHands: (limit: number) => readable(statements.inOwnHands.all(limit)),
    handed: (limit: number) => readable(statements.handed.all(limit)),
    /** The next moment of every open case by the present limits. */
    renewDue: (): void => {
      for (const row of statements.open.all()) {
        const item = parsed(row)
        if (item) statements.putDue.run(nextDueMs(item, policy()) ?? null, row.number)
      }
    },
    newId: (): string => `case-${newNumber()}`,
    /** The present state of the case, and its events; both are sealed into the trail. */
    put(item: Case, events: readonly CaseEvent[], found: CaseKeys = {}): void {
      const number = caseNumberOf(item.id)
      statements.put.run(
        number,
        ...columnsOf(item, found, policy()),
        writeDocument(db, 'cases', number, item),
      )
      statements.putFacts.run(factsOf(number, item, events))
      search.case(number, item)
      hearCase(number, item, Math.round(item.changedAtMs))
      for (const { id } of item.alarms) statements.putAlarm.run(id, number)
      for (const { what, who, atMs, text, subject } of events) {
        statements.putEvent.run(number, Math.round(atMs), what, who, text, subject ?? null)
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

/** Only the first time of a step counts: the statement keeps what it has. */
function factsOf(number: number, item: Case, events: readonly CaseEvent[]): CaseFactValues {
  const { village, colour, isDrill, openedAtMs, feedback, reopened } = item
  const firstOf = (column: (typeof factColumns)[number]): number | null => {
    const event = events.find(({ what }) => what === column)
    return event ? Math.round(event.atMs) : null
  }
  return {
    number,
    village,
    colourRank: urgency(colour),
    isDrill: isDrill ? 1 : 0,
    openedAtMs: Math.round(openedAtMs),
    outcome: feedback?.outcome ?? null,
    reopened,
    supervisorCalls: events.filter(({ what }) => what === 'supervisor-called').length,
    accepted: firstOf('accepted'),
    reported: firstOf('reported'),
    dispatched: firstOf('dispatched'),
    feedback: firstOf('feedback'),
    verified: firstOf('verified'),
    archived: firstOf('archived'),
  }
}

/** The columns between `number` and `body`, in the order of the statement. */
function columnsOf(item: Case, found: CaseKeys, policy: CasePolicy): (string | number | null)[] {
  return [
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
    nextDueMs(item, policy) ?? null,
    villagesOfCase(item).join(' '),
  ]
}

export type CaseRows = ReturnType<typeof createCaseRows>
