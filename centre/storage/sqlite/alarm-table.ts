// The alarms table: rows of the desk as JSON, with the columns that they are searched and sorted by.
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import { colourRank, isActive, needsAnswer, toDeskAlarm, type DeskRow } from '../../alarms/desk-row.ts'
import { createBootTimes } from './boot-times.ts'
import type { Sqlite } from './database.ts'
import type { AlarmQuery, PendingStage } from '../port.ts'

/** Stages re-sent to a box that connects: the most urgent ones; the rest wait for its next connection. */
export const pendingStagesMax = 500

/** Active alarms of one box that open desks are told about at once when their times are repaired. */
export const repairedRowsMax = 500

export interface AlarmTable {
  get(id: string): DeskRow | undefined
  /** The most urgent active ones. */
  activeOf(box: string): DeskRow[]
  put(row: DeskRow): void
}

export function createAlarmTable(db: Sqlite): AlarmTable {
  const select = db.prepare<[string], { row: string }>('SELECT row FROM alarms WHERE id = ?')
  const upsert = db.prepare(
    `INSERT INTO alarms (id, box, kind, is_active, colour_rank, stage, row) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, is_active = excluded.is_active,
       colour_rank = excluded.colour_rank, stage = excluded.stage, row = excluded.row`,
  )
  const active = db.prepare<[string, number], { row: string }>(
    'SELECT row FROM alarms WHERE box = ? AND is_active = 1 ORDER BY colour_rank, arrival DESC LIMIT ?',
  )
  return {
    activeOf: (box) => active.all(box, repairedRowsMax).map(({ row }) => JSON.parse(row) as DeskRow),
    get: (id) => {
      const found = select.get(id)
      return found && (JSON.parse(found.row) as DeskRow)
    },
    put: (row) => {
      const activity = isActive(row) ? 1 : 0
      upsert.run(row.id, row.box, row.alarm.kind, activity, colourRank(row), row.stage, JSON.stringify(row))
    },
  }
}

interface Listed {
  arrival: number
  colour_rank: number
  row: string
  name: string | null
  pictures: number
}

/** Pages of alarms, most urgent first, newest first within a colour; undefined for a cursor that is not ours. */
export function createAlarmReader(db: Sqlite) {
  const columns = `a.arrival, a.colour_rank, a.row, (SELECT name FROM boxes WHERE id = a.box) AS name,
    (SELECT count(*) FROM snapshots WHERE alarm = a.id) AS pictures`
  const order = 'ORDER BY a.colour_rank, a.arrival DESC LIMIT ?'
  const place = 'a.colour_rank >= ? AND (a.colour_rank > ? OR a.arrival < ?)'
  const active = db.prepare<number[], Listed>(
    `SELECT ${columns} FROM alarms a WHERE a.is_active = 1 AND ${place} ${order}`,
  )
  const bootTimes = createBootTimes(db)
  const all = db.prepare<number[], Listed>(`SELECT ${columns} FROM alarms a WHERE ${place} ${order}`)

  return ({ state, after, limit }: AlarmQuery): { alarms: DeskAlarm[]; next?: string } | undefined => {
    const match = /^(\d)\.(\d{1,15})$/.exec(after === undefined || after === '' ? '0.999999999999999' : after)
    if (!match) return undefined
    const [rank, arrival] = [Number(match[1]), Number(match[2])]
    const rows = (state === 'active' ? active : all).all(rank, rank, arrival, limit + 1)
    const page = rows.slice(0, limit)
    const alarms = page.map(({ row, name, pictures }) => {
      const parsed = JSON.parse(row) as DeskRow
      const raised = bootTimes.repaired(parsed.oldest.epoch, parsed.raised)
      return toDeskAlarm({ ...parsed, raised }, name ?? parsed.box, pictures)
    })
    const last = page.at(-1)
    return rows.length > limit && last ? { alarms, next: `${last.colour_rank}.${last.arrival}` } : { alarms }
  }
}

export function createStageReader(db: Sqlite) {
  const select = db.prepare<[string, number], { row: string }>(
    `SELECT row FROM alarms WHERE box = ? AND is_active = 1 AND stage <> 'centre' AND kind <> 'box-silent'
     ORDER BY colour_rank, arrival DESC LIMIT ?`,
  )
  return (box: string): PendingStage[] =>
    select
      .all(box, pendingStagesMax)
      .map(({ row }) => JSON.parse(row) as DeskRow)
      // Nothing is left to tell when the box has said that it knows; and what was answered before it occurred again
      // must not answer the new occurrence.
      .filter((row) => row.alarm.state !== 'acknowledged' && !needsAnswer(row))
      .map((row) => ({
        alarm: row.alarm.id,
        stage: row.stage,
        ...(row.acceptedBy === undefined ? {} : { by: row.acceptedBy }),
        atMs: row.acceptedAtMs ?? row.changedAtMs,
      }))
}
