// The parts of storage that the writer's side of cases works with.
import type { Case } from '../../../../protocols/domain/case.ts'
import type { CaseMessage } from '../../../../protocols/desk/cases.ts'
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import type { DeskRow } from '../../../alarms/desk-row.ts'
import type { CasePolicy } from '../../../cases/case-policy.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { StoredChange } from '../../port.ts'
import type { AlarmTable } from '../alarm-table.ts'
import type { Sqlite } from '../database.ts'
import type { SearchWriter } from '../search/search-writer.ts'
import type { UpwardWriter } from '../upward/upward-table.ts'
import type { ShiftMessageBody } from './case-handover-table.ts'

export interface CaseTableOptions {
  db: Sqlite
  alarms: AlarmTable
  search: Pick<SearchWriter, 'case'>
  /** What goes to the next centre up. */
  upward: Pick<UpwardWriter, 'settings' | 'hearCase' | 'takeCommand'>
  policy: () => CasePolicy
  shown: (row: DeskRow) => DeskAlarm
  logChange: (
    message:
      | Omit<CaseMessage, 'position'>
      | ShiftMessageBody
      | { type: 'alarm.stage' | 'alarm.updated'; alarm: DeskAlarm },
  ) => StoredChange
  seal: (entry: TrailEntry) => void
  /** Inside the transaction that stores the case: families get their notice. */
  hearCase: (before: Case | undefined, item: Case, atMs: number) => void
}
