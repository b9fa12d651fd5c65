// From an alarm on the desk to a case: which alarms open one, which belong to one incident, and the fields that a case
// copies from an alarm.
import { alarmTable } from '../../protocols/domain/alarm-table.ts'
import type { Alarm, AlarmKind } from '../../protocols/domain/alarm.ts'
import type { Case, CaseAlarm, HandledBefore } from '../../protocols/domain/case.ts'
import { isActive, type DeskRow } from '../alarms/desk-row.ts'

/** "Handled before" looks back this far. */
export const handledBeforeMs = 7 * 86_400_000

/** The household, or the device where the zone is not known, and the kind. Drills are apart. */
export const placeOfAlarm = (box: string, { zone, device, kind, isDrill }: Alarm): string =>
  [box, zone === undefined ? `device ${device}` : `zone ${zone}`, kind, ...(isDrill ? ['drill'] : [])].join(
    ' ',
  )

/** How cases of the same place ended; undefined when there was none. Newest first. */
export function handledBefore(earlier: readonly Case[]): HandledBefore | undefined {
  const [last] = earlier
  if (!last) return undefined
  return {
    cases: earlier.length,
    lastCase: last.id,
    lastAtMs: last.archived?.atMs ?? last.changedAtMs,
    ...(last.feedback === undefined ? {} : { lastOutcome: last.feedback.outcome }),
  }
}

/** Alarms of one incident join its case within this time after its opening. */
export const incidentMs = 10 * 60_000

export function caseAlarmOf(row: DeskRow): CaseAlarm {
  const { alarm } = row
  return {
    id: row.id,
    kind: alarm.kind,
    colour: alarm.colour,
    device: alarm.device,
    ...(alarm.zone === undefined ? {} : { zone: alarm.zone }),
    occurrences: alarm.occurrences,
    isActive: isActive(row),
    endsByReading: alarmTable[alarm.kind].endsBy === 'reading' && alarm.kind !== 'intrusion',
  }
}

/**
 * Alarms that are suppressed at the box (shelved, collected in a storm, out of service) open a case when they are shown
 * again.
 */
export function opensCase(row: DeskRow): boolean {
  return ['unacknowledged', 'acknowledged', 'returned-unacknowledged'].includes(row.alarm.state)
}

const incidentGroups: Partial<Record<AlarmKind, string>> = {
  fire: 'fire',
  smoke: 'fire',
  gas: 'fire',
  intrusion: 'intrusion',
  tamper: 'intrusion',
}

/**
 * Alarms with the same key are one incident: several detectors of one zone for fire and intrusion. Undefined: a case of
 * its own, so that no person's call is hidden behind another one.
 */
export function incidentOf(box: string, alarm: Alarm): string | undefined {
  const group = incidentGroups[alarm.kind]
  if (group === undefined || alarm.zone === undefined) return undefined
  return `${box} ${alarm.zone} ${group} ${alarm.isDrill ? 'drill' : ''}`.trim()
}
