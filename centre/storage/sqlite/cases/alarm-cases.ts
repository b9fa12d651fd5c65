// Alarms open and change cases, inside the commit that stores the alarm.
import { openCase, type Changed } from '../../../cases/workflow/case-alarms.ts'
import type { Case } from '../../../../protocols/domain/case.ts'
import { isOver } from '../../../../protocols/domain/case-order.ts'
import { villageOf } from '../../../../protocols/domain/names.ts'
import type { DeskRow } from '../../../alarms/desk-row.ts'
import { resolveActions } from '../../../cases/action-lists.ts'
import {
  caseAlarmOf,
  handledBefore,
  handledBeforeMs,
  incidentMs,
  incidentOf,
  opensCase,
  placeOfAlarm,
} from '../../../cases/case-of-alarm.ts'
import type { CasePolicy } from '../../../cases/case-policy.ts'
import type { CentreInput } from '../../../cases/workflow/case-input.ts'
import { takeCentreInput } from '../../../cases/workflow/case-workflow.ts'
import type { StoredChange } from '../../port.ts'
import type { ActionLists } from './action-list-table.ts'
import type { CaseKeys, CaseRows } from './case-rows.ts'

export interface AlarmCasesOptions {
  rows: CaseRows
  lists: Pick<ActionLists, 'newest'>
  policy: () => CasePolicy
  keep: (before: Case | undefined, changed: Changed, nowMs: number, keys?: CaseKeys) => StoredChange[]
}

export interface AlarmCases {
  hearAlarm: (row: DeskRow, nowMs: number) => StoredChange[]
  openForAlarm: (row: DeskRow, nowMs: number) => Changed
}

export function createAlarmCases({ rows, lists, policy, keep }: AlarmCasesOptions): AlarmCases {
  function openForAlarm(row: DeskRow, nowMs: number): Changed {
    const { alarm, box } = row
    const village = villageOf(box)
    const place = {
      kind: alarm.kind,
      village,
      box,
      ...(alarm.zone === undefined ? {} : { zone: alarm.zone }),
    }
    const { version, lists: held } = lists.newest()
    const { guidance, actions } = resolveActions(held, place)
    const before = handledBefore(rows.ofPlace(placeOfAlarm(box, alarm), nowMs - handledBeforeMs))
    return openCase(
      {
        id: rows.newId(),
        village,
        box,
        title: alarm.text,
        colour: alarm.colour,
        isDrill: alarm.isDrill === true,
        alarms: [caseAlarmOf(row)],
        actions,
        guidanceVersion: version,
        guidance,
        ...(before === undefined ? {} : { handledBefore: before }),
        who: 'centre',
        text: alarm.kind,
      },
      policy(),
      nowMs,
    )
  }

  /** The open case of this alarm, else the open case of its incident. */
  function caseFor(row: DeskRow, nowMs: number): { item: Case | undefined; incident: string | undefined } {
    const known = rows.get({ alarm: row.id })
    const incident = incidentOf(row.box, row.alarm)
    if (known && !isOver(known.state)) return { item: known, incident }
    return {
      item: incident === undefined ? undefined : rows.ofIncident(incident, nowMs - incidentMs),
      incident,
    }
  }

  function hearAlarm(row: DeskRow, nowMs: number): StoredChange[] {
    const { item, incident } = caseFor(row, nowMs)
    const keys = { incident, place: placeOfAlarm(row.box, row.alarm) }
    if (!item) return opensCase(row) ? keep(undefined, openForAlarm(row, nowMs), nowMs, keys) : []
    const isKnown = item.alarms.some(({ id }) => id === row.id)
    if (!isKnown && !opensCase(row)) return []
    const input: CentreInput = { do: 'alarm', alarm: caseAlarmOf(row), title: row.alarm.text }
    const outcome = takeCentreInput(item, input, policy(), nowMs)
    // A full case: the alarm gets a separate one.
    if (!outcome.ok)
      return opensCase(row) ? keep(undefined, openForAlarm(row, nowMs), nowMs, { place: keys.place }) : []
    return keep(item, outcome, nowMs, { incident })
  }

  return { hearAlarm, openForAlarm }
}
