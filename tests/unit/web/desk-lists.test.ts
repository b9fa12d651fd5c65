// Lists of the desk without a page: cameras near an alarm, batteries of the month, drills.
import { expect, it } from 'vitest'
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import type { FleetFault } from '../../../protocols/desk/fleet/fleet.ts'
import type { RegistryBox } from '../../../protocols/desk/villages/registry.ts'
import { nearCameras } from '../../../web/desk/sheet/near-cameras.ts'
import { flatThisMonth } from '../../../web/desk/villages/flat-this-month.ts'
import { drillAlarms } from '../../../web/desk/watch/watch-facts.ts'

const camera = (id: string, zone: string, x?: number): RegistryBox['devices'][number] => ({
  id,
  kind: 'camera',
  zone,
  alarms: id === 'far' ? ['camera-offline'] : [],
  ...(x === undefined ? {} : { plan: { x, y: 0.5 } }),
})

it('names the cameras of the zone first, then the nearest on the plan, and those without a place last', () => {
  const box: RegistryBox = {
    id: 'b-1',
    name: 'b',
    presence: 'present',
    zones: [
      { id: 'hall', name: '祠堂', grade: 'general', plan: { x: 0.1, y: 0.5 } },
      { id: 'lost', grade: 'general' },
    ],
    devices: [
      camera('lost', 'lost'),
      camera('far', 'dam', 0.9),
      camera('near', 'dam', 0.3),
      camera('own', 'hall'),
    ],
  }
  const alarm = { box: 'b-1', device: 'door', zone: 'hall' } as DeskAlarm
  const found = nearCameras({ boxes: [box] }, alarm)
  expect(found.map(({ id }) => id)).toEqual(['own', 'near', 'far', 'lost'])
  expect(found[0]).toMatchObject({ isHere: true, zone: '祠堂', isOffline: false })
  expect(found[2]?.isOffline).toBe(true)
  expect(nearCameras({ boxes: [box] }, { ...alarm, box: 'other' })).toEqual([])
})

it('lists low batteries and those that end this month, the first first', () => {
  const now = new Date(2026, 10, 20).getTime()
  const fault = (about: string, code: string, failsAtMs?: number): FleetFault =>
    ({ box: 'b', boxName: 'b', about, code, ...(failsAtMs === undefined ? {} : { failsAtMs }) }) as FleetFault
  const faults = [
    fault('december', 'battery-ends', new Date(2026, 11, 1).getTime()),
    fault('late', 'battery-ends', new Date(2026, 10, 29).getTime()),
    fault('clock', 'clock-off', now),
    fault('low', 'battery-low'),
    fault('early', 'battery-ends', new Date(2026, 10, 22).getTime()),
  ]
  expect(flatThisMonth(faults, now).map(({ about }) => about)).toEqual(['low', 'early', 'late'])
})

it('lists drills only, the newest first', () => {
  const alarms = [
    { id: 'a', receivedAtMs: 1, isDrill: true },
    { id: 'b', receivedAtMs: 3 },
    { id: 'c', receivedAtMs: 2, isDrill: true },
  ] as DeskAlarm[]
  expect(drillAlarms(alarms).map(({ id }) => id)).toEqual(['c', 'a'])
})
