// The centre's own alarm for what it could not read of a box, in the commit that puts the record into quarantine: the Receipt of its
// number can not be sent without it.
import type { Alarm, AlarmChange } from '../../../../protocols/domain/alarm.ts'
import { outranks } from '../../../../protocols/domain/colour.ts'
import { isOwn } from '../../../alarms/desk-row.ts'
import { alarmOfUnreadable, type UnreadableAlarm } from '../../../alarms/unreadable-alarm.ts'
import type { StoredChange } from '../../stored-change.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'

export interface UnreadableAlarmsOptions {
  db: Sqlite
  nameOf: (box: string) => string
  applyOwn: (box: string, change: AlarmChange, alarm: Alarm, atMs: number) => StoredChange[]
}

/** A box has one such alarm at a time: each further record counts as an occurrence, and asks for an answer again. */
export function createUnreadableAlarms({ db, nameOf, applyOwn }: UnreadableAlarmsOptions) {
  const active = db.prepare<[string], { id: string; row: string }>(
    `SELECT id, row FROM alarms WHERE box = ? AND is_active = 1 AND kind = 'alarm-unreadable'
     ORDER BY colour_rank, arrival DESC LIMIT 1`,
  )
  /** `position` is that of the quarantine. */
  return (box: string, found: UnreadableAlarm, position: number, atMs: number): StoredChange[] => {
    const stored = active.get(box)
    const row = stored && readDocument(db, 'alarms', stored.id, stored.row)
    const open = row && isOwn(row) ? row.alarm : undefined
    const id = `alarm-unreadable-${atMs}-${position}`
    const alarm = alarmOfUnreadable(id, { id: box, name: nameOf(box) }, found, open)
    const change =
      open === undefined ? 'raised' : outranks(alarm.colour, open.colour) ? 'escalated' : 'repeated'
    return applyOwn(box, change, alarm, atMs)
  }
}
