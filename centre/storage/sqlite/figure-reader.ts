// Reads the rows behind the figures. An unreadable row is left out: a figure is no proof, the records are.
import type { Case, CaseEventKind } from '../../../protocols/domain/case.ts'
import { villageOf } from '../../../protocols/domain/names.ts'
import { isInScope, type Scope } from '../../../protocols/desk/scope.ts'
import type { MeasuredStep } from '../../../protocols/desk/figures.ts'
import { isActive, type DeskRow } from '../../alarms/desk-row.ts'
import type { AlarmRow, AuditEntry, CaseRow, FigureReaderCalls, Span } from '../figure-port.ts'
import type { Sqlite } from './database.ts'
import type { Found } from '../search-port.ts'
import { alarmSearch, caseSearch, searchSql } from './search/search-query.ts'

/** Rows of each kind in one answer: many times a large town's month. */
const casesMax = 100_000
const alarmsMax = 200_000
/** An alarm that began before the span may reach into it, for example a silent box. */
const reachMs = 92 * 86_400_000

const steps: Partial<Record<CaseEventKind, MeasuredStep>> = {
  accepted: 'accept',
  reported: 'report',
  dispatched: 'dispatch',
  feedback: 'feedback',
  verified: 'verify',
  archived: 'archive',
}

interface StoredCase {
  number: number
  body: string
}

interface StoredEvent {
  number: number
  what: CaseEventKind
  atMs: number
  count: number
}

function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

/** `village` may be the code of a town or county. */
const isOf = (place: string, village: string | undefined, scope: Scope | undefined): boolean =>
  isInScope(village === undefined ? undefined : [village], place) && isInScope(scope, place)

/** The rows of a span, newest first: those of a village are found by the search index, not among all of the town. */
function rowsOf<T>(db: Sqlite, table: typeof caseSearch, columns: string, span: Found, limit: number): T[] {
  const { from, where, values, order } = searchSql(table, span, Number.MAX_SAFE_INTEGER)
  return db
    .prepare<(string | number)[], T>(
      `SELECT ${columns} FROM ${from} WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ?`,
    )
    .all(...values, limit)
}

function createAuditReader(db: Sqlite): FigureReaderCalls['auditEntries'] {
  const select = (where: string) =>
    db.prepare<[{ after: number; limit: number; who: string; about: string }], AuditEntry>(
      `SELECT t.position, t.at_ms AS atMs, t.alarm AS about, t.who, t.what, t.why, t.hash, coalesce(c.chain, '') AS chain
       FROM trail t LEFT JOIN audit_chain c ON c.position = t.position
       WHERE t.position > @after ${where} ORDER BY t.position LIMIT @limit`,
    )
  const all = select('')
  const ofCentre = select('AND t.who = @who')
  const ofPerson = select("AND t.who = @who AND t.who <> 'centre'")
  const about = select("AND t.alarm = @about AND (@who = '' OR t.who = @who)")
  return ({ after, limit, who = '', about: subject = '' }) => {
    const query = subject !== '' ? about : who === '' ? all : who === 'centre' ? ofCentre : ofPerson
    return query.all({ after, limit, who, about: subject })
  }
}

export function createFigureReader(db: Sqlite): FigureReaderCalls {
  const events = db.prepare<[string], StoredEvent>(
    `SELECT number, what, min(at_ms) AS atMs, count(*) AS count FROM case_events
     WHERE number IN (SELECT value FROM json_each(?)) GROUP BY number, what`,
  )

  const casesOfTown = db.prepare<[number, number, number], StoredCase>(
    'SELECT number, body FROM cases WHERE opened_at_ms >= ? AND opened_at_ms < ? ORDER BY number DESC LIMIT ?',
  )

  function caseRows({ fromMs, toMs, village, scope }: Span): CaseRow[] {
    const span = { fromMs, toMs, village, scope }
    const isOfTown = village === undefined && scope === undefined
    const found = isOfTown
      ? casesOfTown.all(fromMs, toMs, casesMax)
      : rowsOf<StoredCase>(db, caseSearch, 'c.number, c.body', span, casesMax)
    const rows = new Map<number, CaseRow>()
    for (const { number, body } of found) {
      const item = parsed<Case>(body)
      if (!item || !isOf(item.village, village, scope)) continue
      if (item.openedAtMs < fromMs || item.openedAtMs >= toMs) continue
      rows.set(number, {
        village: item.village,
        colour: item.colour,
        isDrill: item.isDrill,
        openedAtMs: item.openedAtMs,
        ...(item.feedback ? { outcome: item.feedback.outcome } : {}),
        doneAtMs: {},
        reopened: item.reopened,
        supervisorCalls: 0,
      })
    }
    for (const { number, what, atMs, count } of events.all(JSON.stringify([...rows.keys()]))) {
      const row = rows.get(number)
      const step = steps[what]
      if (row && step) row.doneAtMs[step] = atMs
      if (row && what === 'supervisor-called') row.supervisorCalls = count
    }
    return [...rows.values()]
  }

  function alarmRows({ fromMs, toMs, village, scope }: Span): { rows: AlarmRow[]; isCut: boolean } {
    const rows: AlarmRow[] = []
    const span = { fromMs: Math.max(0, fromMs - reachMs), toMs, village, scope }
    const found = rowsOf<{ row: string }>(db, alarmSearch, 'a.row', span, alarmsMax)
    for (const { row: text } of found) {
      const row = parsed<DeskRow>(text)
      if (!row) continue
      const of = villageOf(row.box)
      const isInSpan = row.receivedAtMs < toMs && (isActive(row) || row.changedAtMs >= fromMs)
      if (!isInSpan || !isOf(of, village, scope)) continue
      const { device, zone, kind, occurrences } = row.alarm
      rows.push({
        box: row.box,
        village: of,
        device,
        ...(zone === undefined ? {} : { zone }),
        kind,
        occurrences,
        receivedAtMs: row.receivedAtMs,
        changedAtMs: row.changedAtMs,
        isActive: isActive(row),
        isDrill: row.alarm.isDrill === true,
      })
    }
    return { rows, isCut: found.length >= alarmsMax }
  }

  return {
    figureRows: (span) => {
      const found = caseRows(span)
      const { rows, isCut } = alarmRows(span)
      return { cases: found, alarms: rows, isCut: isCut || found.length >= casesMax }
    },
    auditEntries: createAuditReader(db),
  }
}
