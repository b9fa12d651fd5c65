// Does an alarm contain the text that an operator reads first and the person to call, and does a device's last report
// stay for the console?
import { describe, expect, it } from 'vitest'
import type { DeviceDocument } from '../../../../gateway/alarms/documents.ts'
import { parseAlarmSettings } from '../../../../gateway/config/alarm-settings.ts'
import { alarmSchema, placeSirensMax } from '../../../../protocols/uplink/report.ts'
import { AlarmVillage } from './alarm-village.ts'

const siren = (id: string, zone?: string) => ({
  id,
  kind: 'siren' as const,
  name: `Siren ${id}`,
  ...(zone === undefined ? {} : { zone }),
})
const village = (sirens = [siren('s1'), siren('s2', 'square')]): AlarmVillage =>
  new AlarmVillage({
    zones: [
      { id: 'wang', name: 'Granny Wang', phone: '+86 138 0000 0000', place: { household: 'No. 12' } },
      { id: 'square', name: 'Village square' },
    ],
    devices: [
      { id: 'button-1', kind: 'button', zone: 'wang', name: 'Bedside button' },
      { id: 'button-2', kind: 'button', zone: 'wang', phone: '0512 6500-0000' },
      { id: 'button-3', kind: 'button', zone: 'square' },
      ...sirens,
    ],
  })
const placeOf = (place: AlarmVillage, device: string) =>
  place.says(device, { button: 'pressed' }).transitions[0]?.alarm.place

describe('the place of an alarm', () => {
  it('names person, house, device, the telephone of the zone and the sirens that would sound', () => {
    expect(placeOf(village(), 'button-1')).toEqual({
      zone: 'Granny Wang',
      household: 'No. 12',
      device: 'Bedside button',
      phone: '+86 138 0000 0000',
      sirens: ['Siren s1', 'Siren s2'],
      utcOffsetMin: 480,
    })
  })

  it("prefers a device's own telephone, and the sirens of its zone", () => {
    expect(placeOf(village(), 'button-2')?.phone).toBe('0512 6500-0000')
    expect(placeOf(village(), 'button-3')?.sirens).toEqual(['Siren s2'])
  })

  it('says that there is no siren, and never names more than a record may', () => {
    expect(placeOf(village([]), 'button-1')?.sirens).toEqual([])
    const many = Array.from({ length: 9 }, (_, index) => siren(`s${index}`))
    const outcome = village(many).says('button-1', { button: 'pressed' })
    expect(outcome.transitions[0]?.alarm.place?.sirens).toHaveLength(placeSirensMax)
    expect(alarmSchema.safeParse(outcome.transitions[0]?.alarm).success).toBe(true)
  })

  it('refuses a telephone that can not be rung', () => {
    for (const phone of ['ask Li', 'javascript:1', '+', '1'.repeat(40)])
      expect([phone, parseAlarmSettings('box-1', { zones: [{ id: 'a', phone }] }).ok]).toEqual([phone, false])
  })
})

describe('what a device said last of itself', () => {
  it('stays until it says something else, and nonsense changes nothing', () => {
    const place = village()
    place.says('button-1', { batteryPercent: 87, signalDbm: -61 })
    place.says('button-1', { button: 'pressed' })
    place.says('button-1', { batteryPercent: 8700 })
    const said = place.memory.get('device:button-1') as DeviceDocument
    expect(said).toMatchObject({ batteryPercent: 87, signalDbm: -61 })
  })
})
