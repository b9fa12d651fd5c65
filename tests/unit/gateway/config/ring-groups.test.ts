// A ring group: every siren, lamp and sign of its households acts on an emergency call of one of them, and the sign shows whose.
import { expect, it } from 'vitest'
import {
  checkRingGroups,
  ringGroupsSchema,
  rulesOfRingGroups,
} from '../../../../gateway/config/ring-groups.ts'
import type { DeviceKind } from '../../../../gateway/config/alarm-settings.ts'
import { AlarmVillage } from '../alarms/alarm-village.ts'

const zones = [
  { id: 'wang', name: '王家' },
  { id: 'li', name: '李家' },
  { id: 'zhao', name: '赵家' },
]
const device = (id: string, kind: DeviceKind, zone: string) => ({ id, kind, zone })
const devices = [
  device('sos-wang', 'button', 'wang'),
  device('sos-li', 'button', 'li'),
  device('sos-zhao', 'button', 'zhao'),
  device('siren-li', 'siren', 'li'),
  device('lamp-wang', 'lamp', 'wang'),
  device('sign-li', 'sign', 'li'),
  device('siren-zhao', 'siren', 'zhao'),
]
const groups = ringGroupsSchema.parse([{ id: 'east', zones: ['wang', 'li'], seconds: 60 }])
const village = (): AlarmVillage =>
  new AlarmVillage({ zones, devices, rules: rulesOfRingGroups(groups, devices) as never })

it('acts in every household of the group and nowhere else, and the sign shows whose call it is', () => {
  const v = village()
  v.says('sos-wang', { button: 'pressed' })
  const told = v.commands.map(
    ({ device: who, do: what, seconds }) => `${who} ${what} ${String(seconds as number)}`,
  )
  expect(told.sort()).toEqual(['lamp-wang lamp 60', 'sign-li sign 60', 'siren-li siren 60'])
  expect(v.commands.find(({ device: who }) => who === 'sign-li')?.['text']).toContain('王家')
})

it('shows the next household too while the first still rings, for the rest of the time', () => {
  const v = village()
  v.says('sos-wang', { button: 'pressed' })
  v.wait(20)
  v.says('sos-li', { button: 'pressed' })
  const signs = v.commands.filter(({ device: who }) => who === 'sign-li')
  expect(signs.map(({ seconds }) => seconds)).toEqual([60, 40])
  expect(signs[1]?.['text']).toContain('李家')
  expect(v.commands.filter(({ device: who }) => who === 'siren-li')).toHaveLength(1)
})

it('stays still on a call under duress, on a test, and on a call of another household', () => {
  const v = village()
  v.says('sos-wang', { button: 'duress' })
  v.says('sos-zhao', { button: 'pressed' })
  v.judge({ type: 'maintenance', zone: 'li', forMs: 600_000, by: 'fitter' })
  v.says('sos-li', { button: 'pressed' })
  expect(v.commands).toEqual([])
  expect(v.logs.filter(({ what }) => what === 'rule-tested')).toHaveLength(3)
})

it('is refused with a household that is not there, and without anything that could act', () => {
  const problems = checkRingGroups(
    ringGroupsSchema.parse([
      { id: 'a', zones: ['wang', 'nowhere'] },
      { id: 'a', zones: ['wang', 'li'] },
      { id: 'b', zones: ['wang', 'li'] },
    ]),
    zones,
    devices.filter(({ kind }) => kind === 'button' || kind === 'lamp'),
  )
  expect(problems.map(({ path }) => path)).toEqual(['ringGroups.0.zones', 'ringGroups.1.id'])
  expect(checkRingGroups(groups, zones, []).map(({ message }) => message)).toHaveLength(1)
})
