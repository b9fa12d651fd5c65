// Which alarms open a case, and which belong to one incident?
import { describe, expect, it } from 'vitest'
import {
  caseAlarmOf,
  handledBefore,
  incidentOf,
  opensCase,
  placeOfAlarm,
} from '../../../../centre/cases/case-of-alarm.ts'
import type { DeskRow } from '../../../../centre/alarms/desk-row.ts'
import type { Alarm } from '../../../../protocols/domain/alarm.ts'
import type { Case } from '../../../../protocols/domain/case.ts'

const alarm = (more: Partial<Alarm>): Alarm =>
  ({
    id: 'a-1',
    device: 'smoke-1',
    kind: 'smoke',
    colour: 'red',
    state: 'unacknowledged',
    occurrences: 1,
    ...more,
  }) as Alarm
const row = (more: Partial<Alarm>): DeskRow =>
  ({ id: 'box-1.a-1', box: 'box-1', alarm: alarm(more) }) as DeskRow

describe('one incident', () => {
  it('is fire, smoke and gas of one zone, and a burglary with what was torn off there', () => {
    const fire = incidentOf('box-1', alarm({ kind: 'fire', zone: 'home' }))
    expect(fire).toBeDefined()
    expect(incidentOf('box-1', alarm({ kind: 'smoke', zone: 'home' }))).toBe(fire)
    expect(incidentOf('box-1', alarm({ kind: 'gas', zone: 'home' }))).toBe(fire)
    expect(incidentOf('box-1', alarm({ kind: 'tamper', zone: 'home' }))).toBe(
      incidentOf('box-1', alarm({ kind: 'intrusion', zone: 'home' })),
    )
  })

  it('never joins another zone, another box or a drill', () => {
    const keys = [
      incidentOf('box-1', alarm({ zone: 'home' })),
      incidentOf('box-1', alarm({ zone: 'yard' })),
      incidentOf('box-2', alarm({ zone: 'home' })),
      incidentOf('box-1', alarm({ zone: 'home', isDrill: true })),
    ]
    expect(new Set(keys).size).toBe(4)
  })

  it('hides no call of a person behind another one, and joins nothing without a zone', () => {
    expect(incidentOf('box-1', alarm({ kind: 'sos', zone: 'home' }))).toBeUndefined()
    expect(incidentOf('box-1', alarm({ kind: 'smoke' }))).toBeUndefined()
  })
})

it('opens a case for what a person has to answer, and not for what the box holds back', () => {
  for (const state of ['unacknowledged', 'acknowledged', 'returned-unacknowledged'] as const)
    expect(opensCase(row({ state }))).toBe(true)
  for (const state of ['normal', 'shelved', 'suppressed', 'out-of-service'] as unknown as Alarm['state'][])
    expect(opensCase(row({ state }))).toBe(false)
})

it('ends by a reading only where the reading proves that it is over', () => {
  expect(caseAlarmOf(row({ kind: 'smoke' })).endsByReading).toBe(true)
  expect(caseAlarmOf(row({ kind: 'intrusion' })).endsByReading).toBe(false)
  expect(caseAlarmOf(row({ kind: 'sos' })).endsByReading).toBe(false)
  expect(caseAlarmOf(row({ zone: 'home' }))).toMatchObject({ id: 'box-1.a-1', zone: 'home' })
  expect(caseAlarmOf(row({}))).not.toHaveProperty('zone')
})

it('counts the same place by household, else by device, and drills apart', () => {
  expect(placeOfAlarm('box-1', alarm({ zone: 'home' }))).toBe(
    placeOfAlarm('box-1', alarm({ zone: 'home', device: 'smoke-2' })),
  )
  const places = [alarm({}), alarm({ device: 'smoke-2' }), alarm({ isDrill: true }), alarm({ kind: 'gas' })]
  expect(new Set(places.map((one) => placeOfAlarm('box-1', one))).size).toBe(4)
})

it('reports how the newest case of the place ended', () => {
  expect(handledBefore([])).toBeUndefined()
  const past = (more: object): Case => ({ id: 'case-2', changedAtMs: 7, ...more }) as Case
  expect(handledBefore([past({}), past({ id: 'case-1' })])).toEqual({
    cases: 2,
    lastCase: 'case-2',
    lastAtMs: 7,
  })
  expect(
    handledBefore([past({ archived: { atMs: 9 }, feedback: { outcome: 'false-alarm' } })]),
  ).toMatchObject({ lastAtMs: 9, lastOutcome: 'false-alarm' })
})
