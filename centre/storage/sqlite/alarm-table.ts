// The alarms table: rows of the desk as JSON, with the columns for searching and sorting.
import { centreAlarmKinds } from '../../../protocols/domain/alarm.ts'
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import {
  colourRank,
  isActive,
  isUnrecorded,
  needsAnswer,
  toDeskAlarm,
  type DeskRow,
} from '../../alarms/desk-row.ts'
import { shownRowCharsMax } from '../../../protocols/domain/limits.ts'
import { createBootTimes } from './records/boot-times.ts'
import type { NarrowScope } from './scope-boxes.ts'
import { inScopeSql, scopeColumn } from './scope-column.ts'
import type { Sqlite } from './database.ts'
import { readDocument, writeDocument } from './documents.ts'
import { alarmSearch, isSearch, parseSearchCursor, searchCursor, searchSql } from './search/search-query.ts'
import type { SearchWriter } from './search/search-writer.ts'
import { ledgerRowsMax, type SearchCriteria } from '../search-port.ts'
import type { AlarmPage, AlarmQuery, PendingStage } from '../port.ts'

/** Stages sent again to a box that connects: the most urgent ones; the rest wait for its next connection. */
export const pendingStagesMax = 500

/** Calls that no box has stored, read at once; a box sends at most 100 at a time. */
const unrecordedMax = 500

/** Active alarms of one box that are pushed to open desks at once when their times are repaired. */
export const repairedRowsMax = 500

export interface AlarmTable {
  get(id: string): DeskRow | undefined
  /** The most urgent active ones. */
  activeOf(box: string): DeskRow[]
  /** Active calls that their boxes could not store: all, or those of a box and kind. */
  unrecorded(of?: { box: string; kind: string }): DeskRow[]
  put(row: DeskRow): void
}

/** Asked for each raised alarm: the few rows must be found without reading the other active ones. */
function createUnrecorded(db: Sqlite): AlarmTable['unrecorded'] {
  const from = `SELECT id, row FROM alarms INDEXED BY alarms_unkept WHERE is_active = 1 AND instr(row, '"isKept":false') > 0`
  const all = db.prepare<[], { id: string; row: string }>(`${from} LIMIT ${unrecordedMax}`)
  const ofKind = db.prepare<[string, string], { id: string; row: string }>(
    `${from} AND box = ? AND kind = ? LIMIT ${unrecordedMax}`,
  )
  return (of) =>
    (of ? ofKind.all(of.box, of.kind) : all.all())
      .flatMap(({ id, row }) => readDocument(db, 'alarms', id, row) ?? [])
      .filter(isUnrecorded)
}

export function createAlarmTable(db: Sqlite, search: Pick<SearchWriter, 'alarm'>): AlarmTable {
  const select = db.prepare<[string], { row: string }>('SELECT row FROM alarms WHERE id = ?')
  const upsert = db
    .prepare<unknown[], number>(
      `INSERT INTO alarms (id, box, kind, is_active, colour_rank, stage, received_at_ms, row, device, zone, occurrences,
         changed_at_ms, is_drill) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, is_active = excluded.is_active,
       colour_rank = excluded.colour_rank, stage = excluded.stage, row = excluded.row, device = excluded.device,
       zone = excluded.zone, occurrences = excluded.occurrences, changed_at_ms = excluded.changed_at_ms,
       is_drill = excluded.is_drill RETURNING arrival`,
    )
    .pluck()
  const active = db.prepare<[string, number], { id: string; row: string }>(
    'SELECT id, row FROM alarms WHERE box = ? AND is_active = 1 ORDER BY colour_rank, arrival DESC LIMIT ?',
  )
  return {
    unrecorded: createUnrecorded(db),
    activeOf: (box) =>
      active.all(box, repairedRowsMax).flatMap(({ id, row }) => readDocument(db, 'alarms', id, row) ?? []),
    get: (id) => {
      const found = select.get(id)
      // A damaged row is replaced by the next record of its alarm.
      return found && readDocument(db, 'alarms', id, found.row)
    },
    put: (row) => {
      const activity = isActive(row) ? 1 : 0
      const { id, box, stage, receivedAtMs } = row
      const body = writeDocument(db, 'alarms', id, row)
      const arrival = upsert.get(
        id,
        box,
        row.alarm.kind,
        activity,
        colourRank(row),
        stage,
        Math.round(receivedAtMs),
        body,
        row.alarm.device,
        row.alarm.zone ?? null,
        row.alarm.occurrences,
        Math.round(row.changedAtMs),
        row.alarm.isDrill === true ? 1 : 0,
      )
      if (arrival !== undefined) search.alarm(arrival, row)
    },
  }
}

/**
 * Most JSON in one answer: a desk on a thin link gets a page in some seconds, and no page exhausts the reader's memory.
 */
export const pageCharsMax = 1024 * 1024

interface Listed {
  id: string
  arrival: number
  colour_rank: number
  row: string | null
  name: string | null
  pictures: number
}

/** Reads listed rows into a page of at most `limit`. */
function fillPage(
  show: (row: Listed) => DeskAlarm | undefined,
  rows: Iterable<Listed>,
  limit: number,
  charsMax: number,
  cursorOf: (row: Listed) => string,
): AlarmPage {
  const page: AlarmPage = { alarms: [] }
  const leftOut: string[] = []
  let chars = 0
  let last: Listed | undefined
  for (const listed of rows) {
    const isFull = page.alarms.length + leftOut.length >= limit || chars >= charsMax
    if (isFull && last) {
      page.next = cursorOf(last)
      break
    }
    const alarm = show(listed)
    if (alarm) page.alarms.push(alarm)
    else leftOut.push(listed.id)
    chars += listed.row?.length ?? 0
    last = listed
  }
  return leftOut.length > 0 ? { ...page, leftOut } : page
}

// A row that is too long was stored by an older version: it is not read.
const columns = `a.id, a.arrival, a.colour_rank, iif(length(a.row) <= ${shownRowCharsMax}, a.row, NULL) AS row, (SELECT name FROM boxes WHERE id = a.box) AS name,
    (SELECT count(*) FROM snapshots WHERE alarm = a.id) AS pictures`

function prepareAlarmPages(db: Sqlite) {
  type Values = [rank: number, arrival: number, only: string | null, onlyAgain: string | null]
  // Two parts, each in the order of an index: the rest of the colour, and the colours behind it.
  const wide = (condition: string) =>
    db.prepare<[...Values, number, string | null, string | null, number], Listed>(
      `SELECT ${columns} FROM alarms a WHERE ${condition}a.colour_rank = ? AND a.arrival < ? AND ${inScopeSql('a.box')}
       UNION ALL SELECT ${columns} FROM alarms a WHERE ${condition}a.colour_rank > ? AND ${inScopeSql('a.box')}
       ORDER BY colour_rank, arrival DESC LIMIT ?`,
    )
  const boxByBox = (activity: string) =>
    db.prepare<[string, number, number, number, number], Listed>(
      `SELECT ${columns} FROM alarms a WHERE a.arrival IN (SELECT arrival FROM alarms
         WHERE box IN (SELECT value FROM json_each(?)) AND is_active IN (${activity}) AND colour_rank >= ?
           AND (colour_rank > ? OR arrival < ?) ORDER BY colour_rank, arrival DESC LIMIT ?)
       ORDER BY a.colour_rank, a.arrival DESC`,
    )
  return {
    active: { wide: wide('a.is_active = 1 AND '), boxByBox: boxByBox('1') },
    all: { wide: wide(''), boxByBox: boxByBox('0, 1') },
  }
}

/** Pages of alarms, most urgent first, newest first within a colour; undefined for an invalid cursor. */
export function createAlarmReader(db: Sqlite, narrow: NarrowScope) {
  const queries = prepareAlarmPages(db)
  const bootTimes = createBootTimes(db)

  const one = db.prepare<[string], Listed>(`SELECT ${columns} FROM alarms a WHERE a.id = ?`)

  function whole({ id, row, name, pictures }: Listed): DeskAlarm | undefined {
    const parsed = row === null ? undefined : readDocument(db, 'alarms', id, row)
    if (!parsed || parsed.id !== id) return undefined
    const raised = bootTimes.repaired(parsed.oldest.epoch, parsed.raised)
    return toDeskAlarm({ ...parsed, raised }, name ?? parsed.box, pictures)
  }

  /** Lists contain no readings: the records and the single alarm have them. */
  function show(listed: Listed): DeskAlarm | undefined {
    const shown = whole(listed)
    if (!shown) return undefined
    const { readings: _readings, ...alarm } = shown
    return alarm
  }

  const alarm = (id: string): DeskAlarm | undefined => one.all(id).map(whole)[0]

  function found(
    find: SearchCriteria,
    state: AlarmQuery['state'],
    before: number,
    limit: number,
  ): Iterable<Listed> {
    const { from, where, values, order: newestFirst } = searchSql(db, alarmSearch, find, before)
    if (state === 'active') where.push('a.is_active = 1')
    if (find.kind !== undefined) {
      where.push('a.kind = ?')
      values.push(find.kind)
    }
    return db
      .prepare<(string | number)[], Listed>(
        `SELECT ${columns} FROM ${from} WHERE ${where.join(' AND ')} ORDER BY ${newestFirst} LIMIT ?`,
      )
      .iterate(...values, limit)
  }

  const ledgerOfAlarms = (find: SearchCriteria): { alarms: DeskAlarm[]; isCut: boolean } => {
    const rows = found(find, 'all', Number.MAX_SAFE_INTEGER, ledgerRowsMax + 1)
    const { alarms, next } = fillPage(show, rows, ledgerRowsMax, Infinity, () => 'more')
    return { alarms: alarms.toReversed(), isCut: next !== undefined }
  }

  const alarms = ({ state, after, limit, scope, find }: AlarmQuery): AlarmPage | undefined => {
    if (isSearch(find)) {
      const before = parseSearchCursor(after)
      if (before === undefined) return undefined
      const rows = found({ ...find, scope }, state, before, limit + 1)
      return fillPage(show, rows, limit, pageCharsMax, ({ arrival }) => searchCursor(arrival))
    }
    const match = /^(\d)\.(\d{1,15})$/.exec(after === undefined || after === '' ? '0.999999999999999' : after)
    if (!match) return undefined
    const [rank, arrival] = [Number(match[1]), Number(match[2])]
    const only = scopeColumn(scope)
    const boxes = narrow(scope)
    const rows =
      boxes === undefined
        ? queries[state].wide.iterate(rank, arrival, only, only, rank, only, only, limit + 1)
        : queries[state].boxByBox.iterate(boxes, rank, rank, arrival, limit + 1)
    return fillPage(show, rows, limit, pageCharsMax, (row) => `${row.colour_rank}.${row.arrival}`)
  }
  return { alarm, alarms, ledgerOfAlarms }
}

export function createStageReader(db: Sqlite) {
  const select = db.prepare<[string, number], { id: string; row: string }>(
    `SELECT id, row FROM alarms WHERE box = ? AND is_active = 1 AND stage <> 'centre' AND kind NOT IN (${centreAlarmKinds.map((kind) => `'${kind}'`).join(', ')})
     ORDER BY colour_rank, arrival DESC LIMIT ?`,
  )
  return (box: string): PendingStage[] =>
    select
      .all(box, pendingStagesMax)
      .flatMap(({ id, row }) => readDocument(db, 'alarms', id, row) ?? [])
      // No stage is sent when the box has confirmed it; and an answer from before an alarm occurred again must not
      // answer the new occurrence.
      .filter((row) => row.alarm.state !== 'acknowledged' && !needsAnswer(row))
      .map((row) => ({
        alarm: row.alarm.id,
        stage: row.stage,
        ...(row.acceptedBy === undefined ? {} : { by: row.acceptedBy }),
        atMs: row.acceptedAtMs ?? row.changedAtMs,
      }))
}
