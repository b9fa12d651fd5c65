// Links of people who were sent, in SQLite. What comes through one is a step of its case, and counts once: the step and the page's
// id of it are one transaction.
import type { AlarmPlace } from '../../../../protocols/domain/alarm.ts'
import type { Case } from '../../../../protocols/domain/case.ts'
import { isOver } from '../../../../protocols/domain/case-order.ts'
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import {
  photosMax,
  type ResponderEntry,
  type ResponderState,
  type ResponderView,
  type ResponseLink,
} from '../../../../protocols/desk/responder.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { Actor, PersonInput } from '../../../cases/workflow/case-input.ts'
import type { CaseOutcome, CaseTarget, CaseWriterCalls } from '../../case-port.ts'
import type {
  LinkProof,
  NewLink,
  ResponseOutcome,
  ResponseReaderCalls,
  ResponseWriterCalls,
  StoredFile,
} from '../../response-port.ts'
import { immediately, type Sqlite } from '../database.ts'
import { numberOfCase } from './attachment-table.ts'

/** Links of one case, ended ones included; a further one is refused. */
export const linksPerCaseMax = 200
/** Entries through one link; a further one is refused. */
export const entriesPerLinkMax = 200

interface LinkRow {
  number: number
  caseNumber: number
  dispatch: number
  to: string
  by: string
  madeAtMs: number
  expiresAtMs: number
  device: string | null
  openedAtMs: number | null
  endedAtMs: number | null
}

const columns = `number, case_number AS caseNumber, dispatch, sent_to AS "to", made_by AS by, made_at_ms AS madeAtMs,
  expires_at_ms AS expiresAtMs, device_hash AS device, opened_at_ms AS openedAtMs, ended_at_ms AS endedAtMs`

export function createResponseReader(
  db: Sqlite,
): Pick<ResponseReaderCalls, 'responseLinks' | 'isResponseLink'> {
  const known = db.prepare<[string]>('SELECT 1 FROM response_links WHERE hash = ?')
  const ofCase = db.prepare<[number], LinkRow>(
    `SELECT ${columns} FROM response_links WHERE case_number = ? ORDER BY number`,
  )
  return {
    isResponseLink: (hash: string) => known.get(hash) !== undefined,
    responseLinks: (caseId: string): ResponseLink[] =>
      ofCase.all(numberOfCase(caseId)).map((row) => ({
        id: `link-${row.number}`,
        to: row.to,
        dispatch: row.dispatch,
        by: row.by,
        madeAtMs: row.madeAtMs,
        expiresAtMs: row.expiresAtMs,
        ...(row.openedAtMs === null ? {} : { openedAtMs: row.openedAtMs }),
        ...(row.endedAtMs === null ? {} : { endedAtMs: row.endedAtMs }),
      })),
  }
}

export interface ResponseTableOptions {
  db: Sqlite
  seal: (entry: TrailEntry) => void
  caseOf: (target: CaseTarget) => Case | undefined
  alarmOf: (id: string) => DeskAlarm | undefined
  takeCaseStep: CaseWriterCalls['takeCaseStep']
  attach: ResponseWriterCalls['attach']
}

export type ResponseWriter = Pick<
  ResponseWriterCalls,
  'putResponseLinks' | 'endResponseLinks' | 'openResponse' | 'takeResponse' | 'attachResponse'
> & { dropExpiredLinks: (nowMs: number) => number }

/** What a person needs to find the place; who has the telephone is the desk's business. */
function placeOf(place: AlarmPlace | undefined): ResponderView['place'] {
  if (!place) return undefined
  const { zone, device, household, grid, lampPost, text } = place
  return { ...given({ zone, device, household, grid, lampPost, text }) }
}

const given = <T extends object>(part: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as never

function stateOf(item: Case, link: LinkRow, hasReported: boolean): ResponderState {
  if (isOver(item.state)) return 'over'
  const sent = item.dispatches[link.dispatch]
  if (sent?.cannot !== undefined) return 'cannot'
  if (hasReported) return 'done'
  return sent?.arrivedAtMs === undefined ? 'sent' : 'arrived'
}

/** A name that no user can have, so that a person who was sent is a second person for every rule. */
const actorOf = ({ to }: LinkRow): Actor => ({ who: `link:${to}`, isSupervisor: false })

function inputOf(link: LinkRow, entry: ResponderEntry, text: string): PersonInput {
  switch (entry.do) {
    case 'arrive':
      return { do: 'arrive', index: link.dispatch }
    case 'cannot':
      return { do: 'cannot', index: link.dispatch, text }
    case 'feedback':
      return { do: 'feedback', text, outcome: entry.outcome ?? 'real' }
    case 'note':
      return { do: 'note', text }
  }
}

const minutes = 60
/** A step that waited on the phone is marked: the history has the time of its arrival. */
const withAge = ({ text, agoSeconds }: ResponderEntry): string =>
  agoSeconds < 2 * minutes
    ? text
    : `${text} (${Math.round(agoSeconds / minutes)} 分钟前填写 / written ${Math.round(agoSeconds / minutes)} min before)`.trim()

function prepareLinks(db: Sqlite) {
  return {
    byHash: db.prepare<[string], LinkRow>(`SELECT ${columns} FROM response_links WHERE hash = ?`),
    countOf: db
      .prepare<[number], number>('SELECT count(*) FROM response_links WHERE case_number = ?')
      .pluck(),
    insert: db.prepare(
      `INSERT INTO response_links (hash, case_number, dispatch, sent_to, made_by, made_at_ms, expires_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    end: db.prepare(
      `UPDATE response_links SET ended_at_ms = ? WHERE case_number = ? AND (? IS NULL OR number = ?)
       AND ended_at_ms IS NULL`,
    ),
    bind: db.prepare(
      'UPDATE response_links SET device_hash = ?, opened_at_ms = ? WHERE number = ? AND device_hash IS NULL',
    ),
    dropOld: db.prepare('DELETE FROM response_links WHERE expires_at_ms < ?'),
    putEntry: db.prepare('INSERT INTO response_entries (link, id, at_ms, what) VALUES (?, ?, ?, ?)'),
    hasEntry: db.prepare<[number, string]>('SELECT 1 FROM response_entries WHERE link = ? AND id = ?'),
    entries: db.prepare<[number], number>('SELECT count(*) FROM response_entries WHERE link = ?').pluck(),
    countWhat: db
      .prepare<[number, string], number>('SELECT count(*) FROM response_entries WHERE link = ? AND what = ?')
      .pluck(),
  }
}

type Links = ReturnType<typeof prepareLinks>
interface FoundLink {
  type: 'found'
  link: LinkRow
  item: Case
}
type NotFound = { type: 'unknown' | 'expired' | 'other-phone' }

/** The link and its case; the first phone that opens a link is the only one that may use it. */
function findLink(
  { caseOf, seal }: ResponseTableOptions,
  links: Links,
  { hash, device }: LinkProof,
  atMs: number,
): FoundLink | NotFound {
  const link = links.byHash.get(hash)
  if (!link) return { type: 'unknown' }
  if (link.expiresAtMs <= atMs || link.endedAtMs !== null) return { type: 'expired' }
  if (link.device !== null && link.device !== device) return { type: 'other-phone' }
  const item = caseOf({ case: `case-${link.caseNumber}` })
  if (!item) return { type: 'expired' }
  if (link.device === null) {
    links.bind.run(device, atMs, link.number)
    seal({ alarm: item.id, atMs, who: actorOf(link).who, what: 'link-opened', why: `link-${link.number}` })
  }
  return { type: 'found', link, item }
}

function viewOf(
  { alarmOf }: ResponseTableOptions,
  links: Links,
  { link, item }: Pick<FoundLink, 'link' | 'item'>,
  atMs: number,
): ResponderView {
  const shown = item.alarms.map(({ id }) => alarmOf(id)).find((one) => one !== undefined)
  const sent = item.dispatches[link.dispatch]
  return {
    case: item.id,
    to: link.to,
    title: item.title,
    colour: item.colour,
    isDrill: item.isDrill,
    village: item.village,
    ...given({
      kind: item.alarms[0]?.kind,
      boxName: shown?.boxName,
      place: placeOf(shown?.place),
      plan: shown?.place?.plan,
      guidance: item.guidance,
    }),
    text: sent?.text ?? '',
    sentAtMs: sent?.atMs ?? link.madeAtMs,
    expiresAtMs: link.expiresAtMs,
    centreTimeMs: atMs,
    state: stateOf(item, link, (links.countWhat.get(link.number, 'feedback') ?? 0) > 0),
    photos: links.countWhat.get(link.number, 'photo') ?? 0,
  }
}

/** A step that does not follow any more, such as feedback after the verification, is kept as a note: no report is lost. */
function takeEntry(
  takeCaseStep: ResponseTableOptions['takeCaseStep'],
  link: LinkRow,
  entry: ResponderEntry,
  atMs: number,
): CaseOutcome {
  const target = { case: `case-${link.caseNumber}` }
  const text = withAge(entry)
  const taken = takeCaseStep(target, inputOf(link, entry, text), actorOf(link), atMs)
  if (taken.type !== 'refused' || taken.code !== 'wrong-step') return taken
  const note = `${entry.do} ${entry.outcome ?? ''} ${text}`.replaceAll(/ +/g, ' ').trim()
  return takeCaseStep(target, { do: 'note', text: note }, actorOf(link), atMs)
}

export function createResponseWriter(options: ResponseTableOptions): ResponseWriter {
  const links = prepareLinks(options.db)
  return {
    ...linkCalls(options, links),
    ...entryCalls(options, links),
    /** A week after its end a link needs no explanation any more. */
    dropExpiredLinks: (nowMs: number) => links.dropOld.run(Math.round(nowMs) - 7 * 86_400_000).changes,
  }
}

function linkCalls(
  { db, seal, caseOf }: ResponseTableOptions,
  { countOf, insert, end }: Links,
): Pick<ResponseWriter, 'putResponseLinks' | 'endResponseLinks'> {
  return {
    putResponseLinks: immediately(
      db,
      (caseId: string, made: readonly NewLink[], by: string, wallMs: number) => {
        const atMs = Math.round(wallMs)
        const item = caseOf({ case: caseId })
        if (!item || isOver(item.state)) return false
        const number = numberOfCase(caseId)
        if ((countOf.get(number) ?? 0) + made.length > linksPerCaseMax) return false
        if (made.some(({ dispatch }) => item.dispatches[dispatch] === undefined)) return false
        for (const { hash, to, dispatch, expiresAtMs } of made) {
          const { lastInsertRowid } = insert.run(
            hash,
            number,
            dispatch,
            to,
            by,
            atMs,
            Math.round(expiresAtMs),
          )
          seal({ alarm: caseId, atMs, who: by, what: 'link-made', why: `link-${lastInsertRowid}` })
        }
        return true
      },
    ),

    endResponseLinks: immediately(
      db,
      (caseId: string, link: number | undefined, by: string, wallMs: number): number => {
        const atMs = Math.round(wallMs)
        const { changes } = end.run(atMs, numberOfCase(caseId), link ?? null, link ?? null)
        const why = link === undefined ? '' : `link-${link}`
        if (changes > 0) seal({ alarm: caseId, atMs, who: by, what: 'link-ended', why })
        return changes
      },
    ),
  }
}

function entryCalls(
  options: ResponseTableOptions,
  links: Links,
): Pick<ResponseWriter, 'openResponse' | 'takeResponse' | 'attachResponse'> {
  const { db, takeCaseStep, attach } = options
  const done = (
    found: Pick<FoundLink, 'link' | 'item'>,
    atMs: number,
    outcome?: Extract<CaseOutcome, { type: 'done' }>,
  ): ResponseOutcome => ({
    type: 'done',
    view: viewOf(options, links, { link: found.link, item: outcome?.case ?? found.item }, atMs),
    changes: outcome?.changes ?? [],
    alarms: outcome?.alarms ?? [],
  })
  const isRepeat = ({ link }: FoundLink, id: string): boolean =>
    links.hasEntry.get(link.number, id) !== undefined

  return {
    openResponse: immediately(db, (proof: LinkProof, wallMs: number): ResponseOutcome => {
      const atMs = Math.round(wallMs)
      const found = findLink(options, links, proof, atMs)
      return found.type === 'found' ? done(found, atMs) : found
    }),

    takeResponse: immediately(
      db,
      (proof: LinkProof, entry: ResponderEntry, wallMs: number): ResponseOutcome => {
        const atMs = Math.round(wallMs)
        const found = findLink(options, links, proof, atMs)
        if (found.type !== 'found') return found
        if (isRepeat(found, entry.id)) return done(found, atMs)
        const { link, item } = found
        if (isOver(item.state)) return { type: 'over' }
        if ((links.entries.get(link.number) ?? 0) >= entriesPerLinkMax) return { type: 'full' }
        const outcome = takeEntry(takeCaseStep, link, entry, atMs)
        if (outcome.type === 'unknown') return { type: 'expired' }
        if (outcome.type === 'refused') return { type: 'refused', code: outcome.code, detail: outcome.detail }
        links.putEntry.run(link.number, entry.id, atMs, entry.do)
        return done(found, atMs, outcome)
      },
    ),

    attachResponse: immediately(
      db,
      (proof: LinkProof, id: string, file: StoredFile, bytesMax: number, wallMs: number): ResponseOutcome => {
        const atMs = Math.round(wallMs)
        const found = findLink(options, links, proof, atMs)
        if (found.type !== 'found') return found
        if (isRepeat(found, id)) return done(found, atMs)
        const { link, item } = found
        if (isOver(item.state)) return { type: 'over' }
        if ((links.countWhat.get(link.number, 'photo') ?? 0) >= photosMax) return { type: 'full' }
        const outcome = attach(item.id, file, actorOf(link), bytesMax, atMs)
        if (outcome.type === 'unknown') return { type: 'expired' }
        if (outcome.type !== 'done') return outcome
        links.putEntry.run(link.number, id, atMs, 'photo')
        const view = viewOf(options, links, found, atMs)
        return { type: 'done', view, changes: outcome.changes, alarms: [] }
      },
    ),
  }
}
