// A person who pressed under duress may be forced to press again: the desk must keep showing duress, and must not call
// back.
import { expect, it } from 'vitest'
import { createAlarmEngine } from '../../../../gateway/alarms/alarm-engine.ts'
import { limitsSchema } from '../../../../gateway/config/alarm-settings.ts'
import { AlarmDocuments } from '../../../../gateway/intake/alarm-documents.ts'
import type { Alarm } from '../../../../protocols/domain/alarm.ts'
import type { Readings } from '../../../../protocols/domain/reading.ts'

function pressAll(presses: NonNullable<Readings['button']>[]): Alarm[] {
  const engine = createAlarmEngine({
    boxId: 'box',
    zones: [],
    devices: [],
    rules: [],
    limits: limitsSchema.parse({}),
  })
  const memory = new AlarmDocuments()
  return presses.flatMap((button, at) => {
    const event = { device: 'button-1', messageId: `1-${at}`, readings: { button } }
    const now = { steadyMs: at * 1000, wallMs: at * 1000, clock: 'synced', inputId: `t-${at}` } as const
    return engine.judge(memory, { type: 'event', event }, now).transitions.map(({ alarm }) => alarm)
  })
}

it('stays duress when a plain press follows, and counts it', () => {
  expect(pressAll(['pressed', 'duress', 'pressed', 'held'])).toMatchObject([
    { variant: 'pressed', occurrences: 1 },
    { variant: 'duress', occurrences: 2 },
    { variant: 'duress', occurrences: 3 },
    { variant: 'duress', occurrences: 4 },
  ])
})

it('says not to call back, in both languages', () => {
  const [plain, duress] = pressAll(['pressed', 'duress'])
  expect(plain?.text.en).toContain('Call the household back')
  expect(duress?.text.en).toContain('Do not call back')
  expect(duress?.text.zh).toContain('不要回拨')
})
