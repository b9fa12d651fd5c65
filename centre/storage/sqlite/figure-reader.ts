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
import { alarmSearch, searchSql } from './search/search-query.ts'

/** Rows of each kind in one answer: many times a large town's month. */
const casesMax = 100_000
const alarmsMax = 200_000
/** An alarm that began before the span may reach into it, for example a silent box. */
const reachMs = 92 * 86_400_000
/** Places of a scope that are read one by one; a longer one is compared row by row. */
const placesMax = 50

type StoredFacts = Omit<CaseFactValues, 'outcome'> & { outcome: CaseOutcome | null }

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
      openedAtMs: facts.openedAtMs,
      ...(facts.outcome === null ? {} : { outcome: facts.outcome }),
      doneAtMs,
      reopened: facts.reopened,
      supervisorCalls: facts.supervisorCalls,
    },
  ]
}

function createCaseRows(db: Sqlite): (span: Span) => CaseRow[] {
  const columns = `f.number, f.village, f.colour_rank AS colourRank, f.is_drill AS isDrill, f.opened_at_ms AS openedAtMs,
    f.outcome, f.reopened, f.supervisor_calls AS supervisorCalls, f.accepted, f.reported, f.dispatched, f.feedback,
    f.verified, f.archived`
  const ofTown = db.prepare<[number, number, number], StoredFacts>(
    `SELECT ${columns} FROM cases c INDEXED BY cases_by_time CROSS JOIN case_facts f ON f.number = c.number
     WHERE c.opened_at_ms >= ? AND c.opened_at_ms < ? ORDER BY c.opened_at_ms DESC LIMIT ?`,
  )
  // A village, or the code that the villages of a town begin with.
  const ofPlace = db.prepare<[string, string, number, number, number], StoredFacts>(
    `SELECT ${columns} FROM case_facts f INDEXED BY case_facts_of_village
     WHERE f.village >= ? AND f.village < ? AND f.opened_at_ms >= ? AND f.opened_at_ms < ? LIMIT ?`,
  )
  return ({ fromMs, toMs, village, scope }) => {
    const places =
      village === undefined ? (scope && scope.length <= placesMax ? scope : undefined) : [village]
    const found = places
      ? places.flatMap((place) => ofPlace.all(place, `${place}~`, fromMs, toMs, casesMax))
      : ofTown.all(fromMs, toMs, casesMax)
    const rows = new Map(found.map((facts) => [facts.number, facts]))
    return [...rows.values()].filter((facts) => isOf(facts.village, village, scope)).flatMap(caseRowOf)
  }
}

function createAlarmRows(db: Sqlite): (span: Span) => { rows: AlarmRow[]; isCut: boolean } {
  const columns = `a.box, a.kind, a.device, a.zone, a.occurrences, a.received_at_ms AS receivedAtMs,
    a.changed_at_ms AS changedAtMs, a.is_active AS isActive, a.is_drill AS isDrill`
  const ofTown = db.prepare<[number, number, number], StoredAlarm>(
    `SELECT ${columns} FROM alarms a INDEXED BY alarms_by_time WHERE a.received_at_ms >= ? AND a.received_at_ms < ?
     ORDER BY a.received_at_ms DESC LIMIT ?`,
  )
  /** Those of a village are found by the search index, not among all of the town. */
  function ofPlaces({ fromMs, toMs, village, scope }: Span): StoredAlarm[] {
    const span = { fromMs: Math.max(0, fromMs - reachMs), toMs, village, scope }
    const { from, where, values, order } = searchSql(alarmSearch, span, Number.MAX_SAFE_INTEGER)
    return db
      .prepare<(string | number)[], StoredAlarm>(
        `SELECT ${columns} FROM ${from} WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ?`,
      )
      .all(...values, alarmsMax)
  }
  return (span) => {
    const { fromMs, toMs, village, scope } = span
    const isOfTown = village === undefined && scope === undefined
    const found = isOfTown ? ofTown.all(fromMs - reachMs, toMs, alarmsMax) : ofPlaces(span)
    const rows = found.flatMap((row): AlarmRow[] => {
      const { box, kind, device, zone, occurrences, receivedAtMs, changedAtMs } = row
      // A damaged row of an older program.
      if (device === null || occurrences === null || changedAtMs === null) return []
      const isActive = row.isActive === 1
      const of = villageOf(box)
      if (receivedAtMs >= toMs || !(isActive || changedAtMs >= fromMs) || !isOf(of, village, scope)) return []
      const facts = { box, village: of, device, kind, occurrences, receivedAtMs, changedAtMs, isActive }
      return [{ ...facts, ...(zone === null ? {} : { zone }), isDrill: row.isDrill === 1 }]
    })
    return { rows, isCut: found.length >= alarmsMax }
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

export function createFigureReader(db: Sqlite, policy: () => CasePolicy): FigureReaderCalls {
  const [caseRows, alarmRows] = [createCaseRows(db), createAlarmRows(db)]
  return {
    figures: ({ boxes, nowMs, ...span }) => {
      const cases = caseRows(span)
      const { rows: alarms, isCut } = alarmRows(span)
      const { fromMs, toMs } = span
      const { limitMs } = policy()
      return computeFigures(
        { cases, alarms, isCut: isCut || cases.length >= casesMax },
        { fromMs, toMs, nowMs, limitMs, boxes },
      )
    },
    auditEntries: createAuditReader(db),
  }
}
