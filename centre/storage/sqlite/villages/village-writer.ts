// The writer's calls about villages: lists, bulletins, linkage, daily reports, and the centre's own alarms, which linkage
// raises too.
import type { Alarm, AlarmChange } from '../../../../protocols/domain/alarm.ts'
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import type { DeskCommand } from '../../../../protocols/desk/commands.ts'
import { applyAlarmRecord, isActive, type DeskRow } from '../../../alarms/desk-row.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { StoredChange } from '../../stored-change.ts'
import type { AlarmTable } from '../alarm-table.ts'
import type { createChangeLog } from '../change-log.ts'
import { immediately, type Sqlite } from '../database.ts'
import { createBulletinWriter } from './bulletin-table.ts'
import { createDailyWriter } from './daily-report-table.ts'
import { createLinkageWriter } from './linkage-table.ts'
import { createListWriter } from './list-table.ts'

export type AlarmListener = (row: DeskRow, atMs: number) => StoredChange[]
export type ApplyOwn = (box: string, change: AlarmChange, alarm: Alarm, atMs: number) => StoredChange[]

export interface VillageWriterOptions {
  db: Sqlite
  seal: (entry: TrailEntry) => void
  alarms: AlarmTable
  logChange: ReturnType<typeof createChangeLog>
  shown: (row: DeskRow) => DeskAlarm
  /** Opens or changes the alarm's case. */
  hearCase: AlarmListener
  addBox: (box: string) => void
  boxesOf: (village: string) => string[]
  nameOf: (box: string) => string
  askCommand: (command: DeskCommand) => StoredChange[]
}

/** Alarms of the centre itself: raised, changed and ended inside a transaction. */
function createOwnAlarms({ alarms, addBox, logChange, shown, hearCase }: VillageWriterOptions): ApplyOwn {
  return (box, change, alarm, atMs) => {
    const current = alarms.get(`${box}.${alarm.id}`)
    if (current && !isActive(current)) return []
    const sequence = (current?.newest.sequence ?? 0) + 1
    const time = { boot: 1, sinceBootMs: 0, atMs, clock: 'synced' as const }
    const merged: Alarm = { ...current?.alarm, ...alarm }
    const record = { type: 'alarm' as const, sequence, ...time, change, alarm: merged }
    // Epoch 0 is the centre's own: no box can have it.
    const { row, news } = applyAlarmRecord(current, box, { epoch: 0, sequence }, record, atMs)
    if (news === undefined) return []
    addBox(box)
    alarms.put(row)
    return [logChange({ type: `alarm.${news}`, alarm: shown(row) }), ...hearCase(row, atMs)]
  }
}

export function createVillageWriter(options: VillageWriterOptions) {
  const { db, seal, alarms, askCommand, hearCase } = options
  const askBulletin = createBulletinWriter(db, seal, askCommand)
  const applyOwn = createOwnAlarms(options)
  const rowOf = (id: string): DeskRow | undefined => alarms.get(id)
  const linkage = createLinkageWriter({ ...options, rowOf, applyOwn, askBulletin })
  const { file: fileDaily, ...dailyCalls } = createDailyWriter(db, seal)
  const hearAlarm: AlarmListener = (row, atMs) => [...hearCase(row, atMs), ...linkage.hear(row, atMs)]
  return {
    applyOwn,
    hearAlarm,
    fileDaily,
    ...createListWriter(db),
    calls: { askBulletin: immediately(db, askBulletin), ...linkage.calls, ...dailyCalls },
  }
}
