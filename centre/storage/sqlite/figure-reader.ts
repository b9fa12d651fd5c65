// Reads the rows behind the figures. An unreadable row is left out: a figure is no proof, the records are.
import type { Case, CaseEventKind } from '../../../protocols/domain/case.ts'
import { villageOf } from '../../../protocols/domain/names.ts'
import { isInScope, type Scope } from '../../../protocols/desk/scope.ts'
import type { MeasuredStep } from '../../../protocols/desk/figures.ts'
import { isActive, type DeskRow } from '../../alarms/desk-row.ts'
import type { AlarmRow, AuditEntry, CaseRow, FigureReaderCalls, Span } from '../figure-port.ts'
import type { Sqlite } from './database.ts'

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

function prepareReads(db: Sqlite) {
  const cases = db.prepare<[number, number, number], StoredCase>(
    'SELECT number, body FROM cases WHERE opened_at_ms >= ? AND opened_at_ms < ? ORDER BY number DESC LIMIT ?',
  )
  const events = db.prepare<[number, number], StoredEvent>(
    `SELECT number, what, min(at_ms) AS atMs, count(*) AS count FROM case_events
     WHERE number >= ? AND number <= ? GROUP BY number, what`,
  )
  const alarms = db.prepare<[number], { row: string }>('SELECT row FROM alarms ORDER BY arrival DESC LIMIT ?')
  const trail = db.prepare<
    [{ after: number; limit: number; who: string | null; about: string | null }],
    AuditEntry
  >(
    `SELECT t.position, t.at_ms AS atMs, t.alarm AS about, t.who, t.what, t.why, t.hash, coalesce(c.chain, '') AS chain
     FROM trail t LEFT JOIN audit_chain c ON c.position = t.position
     WHERE t.position > @after AND (@who IS NULL OR t.who = @who) AND (@about IS NULL OR t.alarm = @about)
     ORDER BY t.position LIMIT @limit`,
  )
  return { cases, events, alarms, trail }
}

export function createFigureReader(db: Sqlite): FigureReaderCalls {
  const { cases, events, alarms, trail } = prepareReads(db)

  function caseRows({ fromMs, toMs, village, scope }: Span): CaseRow[] {
    const found = cases.all(fromMs, toMs, casesMax)
    const [first, last] = [found.at(-1)?.number ?? 0, found[0]?.number ?? -1]
    const rows = new Map<number, CaseRow>()
    for (const { number, body } of found) {
      const item = parsed<Case>(body)
      if (!item || !isOf(item.village, village, scope)) continue
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
    for (const { number, what, atMs, count } of events.all(first, last)) {
      const row = rows.get(number)
      const step = steps[what]
      if (row && step) row.doneAtMs[step] = atMs
      if (row && what === 'supervisor-called') row.supervisorCalls = count
    }
    return [...rows.values()]
  }

  function alarmRows({ fromMs, toMs, village, scope }: Span): { rows: AlarmRow[]; isCut: boolean } {
    const rows: AlarmRow[] = []
    let read = 0
    for (const { row: text } of alarms.iterate(alarmsMax)) {
      read++
      const row = parsed<DeskRow>(text)
      if (!row) continue
      if (row.receivedAtMs < fromMs - reachMs) break
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
    return { rows, isCut: read >= alarmsMax }
  }

  return {
    figureRows: (span) => {
      const found = caseRows(span)
      const { rows, isCut } = alarmRows(span)
      return { cases: found, alarms: rows, isCut: isCut || found.length >= casesMax }
    },
    auditEntries: ({ after, limit, who, about }) =>
      trail.all({ after, limit, who: who ?? null, about: about ?? null }),
  }
}
