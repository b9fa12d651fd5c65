// The figures: narrow rows of a span are read, and computed in the reader's thread, so that the answer is small. An
// unreadable row is left out: a figure is no proof, the records are.
import type { CaseOutcome } from '../../../protocols/domain/case.ts'
import { colours } from '../../../protocols/domain/colour.ts'
import { villageOf } from '../../../protocols/domain/names.ts'
import { isInScope, type Scope } from '../../../protocols/desk/scope.ts'
import type { CasePolicy } from '../../cases/case-policy.ts'
import { computeFigures } from '../../figures/figures.ts'
import type { AlarmRow, AuditEntry, CaseRow, FigureReaderCalls, Span } from '../figure-port.ts'
import type { CaseFactValues } from './cases/case-statements.ts'
import type { Sqlite } from './database.ts'
import { inScopeSql, scopeColumn } from './scope-column.ts'
import { alarmSearch, searchSql } from './search/search-query.ts'

/** Rows of each kind in one answer: many times a large town's month. */
const rowsMax = { cases: 100_000, alarms: 200_000 }
/** An alarm that began before the span may reach into it, for example a silent box. */
const reachMs = 92 * 86_400_000
/** Places of a scope that are read one by one; a longer one is compared row by row. */
const placesMax = 50

type StoredFacts = Omit<CaseFactValues, 'outcome'> & { outcome: CaseOutcome | null; isOver: number }

interface StoredAlarm {
  box: string
  kind: string
  device: string | null
  zone: string | null
  occurrences: number | null
  receivedAtMs: number
  changedAtMs: number | null
  isActive: number
  isDrill: number
}

/** `village` may be the code of a town or county. */
const isOf = (place: string, village: string | undefined, scope: Scope | undefined): boolean =>
  isInScope(village === undefined ? undefined : [village], place) && isInScope(scope, place)

function caseRowOf(facts: StoredFacts): CaseRow[] {
  const colour = colours[facts.colourRank]
  if (colour === undefined) return []
  const { accepted, reported, dispatched, feedback, verified, archived } = facts
  const steps = { accept: accepted, report: reported, dispatch: dispatched, feedback, verify: verified }
  const doneAtMs: CaseRow['doneAtMs'] = archived === null ? {} : { archive: archived }
  for (const [step, atMs] of Object.entries(steps))
    if (atMs !== null) doneAtMs[step as keyof typeof steps] = atMs
  return [
    {
      village: facts.village,
      colour,
      isDrill: facts.isDrill === 1,
      isOver: facts.isOver === 1,
      openedAtMs: facts.openedAtMs,
      ...(facts.outcome === null ? {} : { outcome: facts.outcome }),
      doneAtMs,
      reopened: facts.reopened,
      supervisorCalls: facts.supervisorCalls,
    },
  ]
}

/** Scope and village are conditions of the query: its limit counts no row that the person may not see. */
function createCaseRows(db: Sqlite, casesMax: number): (span: Span) => { rows: CaseRow[]; isCut: boolean } {
  const columns = `f.number, f.village, f.colour_rank AS colourRank, f.is_drill AS isDrill, f.opened_at_ms AS openedAtMs,
    c.is_over AS isOver, f.outcome, f.reopened, f.supervisor_calls AS supervisorCalls, f.accepted, f.reported, f.dispatched, f.feedback,
    f.verified, f.archived`
  type Within = [string | null, string | null, string | null, string | null, number]
  const within = `${inScopeSql('f.village')} AND ${inScopeSql('f.village')}`
  const ofTown = db.prepare<[number, number, ...Within], StoredFacts>(
    `SELECT ${columns} FROM cases c INDEXED BY cases_by_time CROSS JOIN case_facts f ON f.number = c.number
     WHERE c.opened_at_ms >= ? AND c.opened_at_ms < ? AND ${within} ORDER BY c.opened_at_ms DESC LIMIT ?`,
  )
  // A village, or the code that the villages of a town begin with.
  const ofPlace = db.prepare<[string, string, number, number, ...Within], StoredFacts>(
    `SELECT ${columns} FROM case_facts f INDEXED BY case_facts_of_village CROSS JOIN cases c ON c.number = f.number
     WHERE f.village >= ? AND f.village < ? AND f.opened_at_ms >= ? AND f.opened_at_ms < ? AND ${within} LIMIT ?`,
  )
  return ({ fromMs, toMs, village, scope }) => {
    const [own, asked] = [scopeColumn(scope), village === undefined ? null : scopeColumn([village])]
    const values = [own, own, asked, asked, casesMax + 1] as const
    const places =
      village === undefined ? (scope && scope.length <= placesMax ? scope : undefined) : [village]
    const pages = places
      ? places.map((place) => ofPlace.all(place, `${place}~`, fromMs, toMs, ...values))
      : [ofTown.all(fromMs, toMs, ...values)]
    const rows = new Map(
      pages.flatMap((page) => page.slice(0, casesMax).map((facts) => [facts.number, facts] as const)),
    )
    return {
      rows: [...rows.values()].flatMap(caseRowOf),
      isCut: pages.some((page) => page.length > casesMax),
    }
  }
}

function createAlarmRows(
  db: Sqlite,
  alarmsMax: number,
): (span: Span) => { rows: AlarmRow[]; isCut: boolean } {
  const columns = `a.box, a.kind, a.device, a.zone, a.occurrences, a.received_at_ms AS receivedAtMs,
    a.changed_at_ms AS changedAtMs, a.is_active AS isActive, a.is_drill AS isDrill`
  const ofTown = db.prepare<[number, number, number], StoredAlarm>(
    `SELECT ${columns} FROM alarms a INDEXED BY alarms_by_time WHERE a.received_at_ms >= ? AND a.received_at_ms < ?
     ORDER BY a.received_at_ms DESC LIMIT ?`,
  )
  /** Those of a village are found by the search index, not among all of the town. */
  function ofPlaces({ fromMs, toMs, village, scope }: Span): StoredAlarm[] {
    const span = { fromMs: Math.max(0, fromMs - reachMs), toMs, village, scope }
    const { from, where, values, order } = searchSql(db, alarmSearch, span, Number.MAX_SAFE_INTEGER)
    return db
      .prepare<(string | number)[], StoredAlarm>(
        `SELECT ${columns} FROM ${from} WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ?`,
      )
      .all(...values, alarmsMax + 1)
  }
  return (span) => {
    const { fromMs, toMs, village, scope } = span
    const isOfTown = village === undefined && scope === undefined
    const found = isOfTown ? ofTown.all(fromMs - reachMs, toMs, alarmsMax + 1) : ofPlaces(span)
    const rows = found.slice(0, alarmsMax).flatMap((row): AlarmRow[] => {
      const { box, kind, device, zone, occurrences, receivedAtMs, changedAtMs } = row
      // A damaged row of an older program.
      if (device === null || occurrences === null || changedAtMs === null) return []
      const isActive = row.isActive === 1
      const of = villageOf(box)
      if (receivedAtMs >= toMs || !(isActive || changedAtMs >= fromMs) || !isOf(of, village, scope)) return []
      const facts = { box, village: of, device, kind, occurrences, receivedAtMs, changedAtMs, isActive }
      return [{ ...facts, ...(zone === null ? {} : { zone }), isDrill: row.isDrill === 1 }]
    })
    return { rows, isCut: found.length > alarmsMax }
  }
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

export function createFigureReader(db: Sqlite, policy: () => CasePolicy, most = rowsMax): FigureReaderCalls {
  const [caseRows, alarmRows] = [createCaseRows(db, most.cases), createAlarmRows(db, most.alarms)]
  return {
    figures: ({ boxes, nowMs, ...span }) => {
      const [cases, alarms] = [caseRows(span), alarmRows(span)]
      const { fromMs, toMs } = span
      const { limitMs } = policy()
      return computeFigures(
        { cases: cases.rows, alarms: alarms.rows, isCut: cases.isCut || alarms.isCut },
        { fromMs, toMs, nowMs, limitMs, boxes },
      )
    },
    auditEntries: createAuditReader(db),
  }
}
