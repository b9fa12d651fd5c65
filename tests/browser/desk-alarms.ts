// Alarms and villages as a centre sends them, for page tests.
import type { DeskAlarm, VillageSummary } from '../../protocols/desk/api.ts'
import type { AlarmKind } from '../../protocols/domain/alarm.ts'
import { alarmTable } from '../../protocols/domain/alarm-table.ts'
import type { GuardTimes } from '../../protocols/domain/guard.ts'
import type { Colour } from '../../protocols/domain/colour.ts'

const places: [box: string, name: string][] = [
  ['320612104201-1', '上河村'],
  ['320612104202-1', '下河村'],
  ['upper-brook', '石桥村 Stone Bridge'],
]

export interface AlarmOverrides extends Partial<DeskAlarm> {
  /** How long ago the centre stored it. */
  agoMs?: number
}

let count = 0

export function makeAlarm(
  colour: Colour,
  kind: AlarmKind,
  nowMs: number,
  overrides: AlarmOverrides = {},
): DeskAlarm {
  count += 1
  const { agoMs = 0, ...fields } = overrides
  const [box, boxName] = places[count % places.length] ?? ['b', 'b']
  const atMs = nowMs - agoMs
  return {
    id: `${box}.a${count}`,
    box,
    boxName,
    village: box.split('-')[0] ?? box,
    device: `${kind}-${count}`,
    kind,
    colour,
    latchedColour: colour,
    state: 'unacknowledged',
    occurrences: 1,
    text: alarmTable[kind].guidance,
    raised: { boot: 3, sinceBootMs: 5_000_000, atMs: atMs - 400, clock: 'synced' },
    receivedAtMs: atMs,
    changedAtMs: atMs,
    stage: 'centre',
    needsAnswer: false,
    ...fields,
  }
}

/** One of everything: armed manually, as configured, bypassed and on test. */
function makeGuard(nowMs: number): GuardTimes {
  return {
    zones: [
      { id: 'hall', name: '祠堂 Hall', isArmed: true, by: 'li', sinceMs: nowMs - 3_600_000 },
      { id: 'store', name: '仓库 Store', isArmed: false, by: 'default' },
    ],
    bypassed: [{ id: 'door-1', name: '祠堂门 Hall door', by: 'zhao', untilMs: nowMs + 1_800_000 }],
    maintenance: [],
    shelved: [],
  }
}

export function makeVillages(nowMs: number): VillageSummary[] {
  const openAlarms = { red: 0, orange: 0, yellow: 0, blue: 0 }
  return places.map(([id, name], index) => ({
    id: id.split('-')[0] ?? id,
    openAlarms,
    boxes: [
      {
        id,
        name,
        presence: index === 1 ? 'silent' : 'present',
        lastHeardAtMs: nowMs - (index === 1 ? 600_000 : 5000),
        clock: index === 2 ? 'unsynced' : 'synced',
        lanes: index === 2 ? { routine: { storedTo: 90, announced: 100, missing: [[91, 93]] } } : {},
        devices: { known: 40, present: index === 1 ? 0 : 38 },
        ...(index === 0 ? { guard: makeGuard(nowMs) } : {}),
      },
    ],
  }))
}
