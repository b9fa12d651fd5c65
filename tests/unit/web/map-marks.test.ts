// The map's marks: a village by its worst colour and link, a device at its own place, and links for the phone in each map's own system.
import { expect, test } from 'vitest'
import type { DeskAlarm, VillageSummary } from '../../../protocols/desk/api.ts'
import { positionOf } from '../../../protocols/desk/villages/map.ts'
import type { RegistryVillage } from '../../../protocols/desk/villages/registry.ts'
import { deviceMarks } from '../../../web/desk/map/device-marks.ts'
import { readTownMap } from '../../../web/desk/map/town-map.ts'
import { villageMarks, worstOf } from '../../../web/desk/map/village-marks.ts'
import { phoneLinks } from '../../../web/shared/places/phone-links.ts'
import { makeAlarm } from '../../browser/desk-alarms.ts'

const openAlarms = { red: 0, orange: 0, yellow: 0, blue: 0 }
const village = (
  id: string,
  ...presences: ('present' | 'late' | 'silent' | 'unknown')[]
): VillageSummary => ({
  id,
  openAlarms,
  boxes: presences.map((presence, at) => ({ id: `${id}-${at}`, name: `box ${id}`, presence, lanes: {} })),
})
const of = (id: string, colour: DeskAlarm['colour'], part: Partial<DeskAlarm> = {}): DeskAlarm =>
  makeAlarm(colour, 'sos', 1000, { village: id, box: `${id}-0`, ...part })

test('what waits outranks what is accepted, then the colour decides; drills count for nothing', () => {
  const accepted = of('a', 'red', { acceptedBy: 'li', stage: 'accepted' })
  expect(worstOf([accepted, of('a', 'blue')])).toEqual({ colour: 'blue', isWaiting: true })
  expect(worstOf([accepted])).toEqual({ colour: 'red', isWaiting: false })
  expect(worstOf([of('a', 'red', { isDrill: true })])).toBeUndefined()
})

test('the worst village is first; of several boxes the worst link counts; a village without a place is in the list', () => {
  const marks = villageMarks(
    [
      village('a', 'present'),
      village('b', 'present', 'silent'),
      village('c', 'present'),
      village('d', 'late'),
    ],
    [of('c', 'orange')],
    { villages: [{ id: 'c', name: 'C', at: { lat: 1, lon: 2 } }] },
  )
  expect(marks.map(({ id, link }) => [id, link])).toEqual([
    ['c', 'present'],
    ['b', 'silent'],
    ['d', 'late'],
    ['a', 'present'],
  ])
  expect(marks[0]).toMatchObject({ name: 'C', at: { lat: 1, lon: 2 }, open: 1 })
  expect(marks[1]).toMatchObject({ name: 'box b', at: undefined })
})

const registry: Pick<RegistryVillage, 'boxes'> = {
  boxes: [
    {
      id: 'a-0',
      name: 'a',
      presence: 'present',
      zones: [{ id: 'z', name: 'Hall', grade: 'general' }],
      devices: [
        { id: 'one', kind: 'button', zone: 'z', plan: { x: 0.5, y: 0.5 }, alarms: [] },
        { id: 'two', kind: 'button', zone: 'z', plan: { x: 0.5, y: 0.5 }, alarms: [] },
        { id: 'none', kind: 'button', alarms: [] },
      ],
    },
  ],
}

test('devices of one place can each be pressed; one that is in no list stands where its alarm says', () => {
  const stray = of('a', 'red', { device: 'stray', place: { plan: { x: 0.1, y: 0.2 }, device: 'Stray' } })
  const marks = deviceMarks(registry, [stray, of('a', 'blue', { device: 'two' }), of('other', 'red')])
  expect(marks.map(({ id }) => id)).toEqual(['a-0/stray', 'a-0/two', 'a-0/none', 'a-0/one'])
  expect(marks[0]).toMatchObject({ name: 'Stray', point: { x: 0.1, y: 0.2 } })
  const [first, second] = [marks[1]?.point, marks[3]?.point]
  expect(Math.hypot((first?.x ?? 0) - (second?.x ?? 0), (first?.y ?? 0) - (second?.y ?? 0))).toBeGreaterThan(
    0.01,
  )
  expect(marks[2]?.point).toBeUndefined()
  expect(marks[1]?.zone).toBe('Hall')
})

test('an alarm is where the plan says, or else at its village', () => {
  const corners = { north: 2, south: 1, west: 3, east: 4 }
  const placed = { at: { lat: 9, lon: 9 }, plan: { corners } }
  expect(positionOf(placed, { x: 0.5, y: 0.5 })).toEqual({ lat: 1.5, lon: 3.5 })
  expect(positionOf(placed, undefined)).toEqual({ lat: 9, lon: 9 })
  expect(positionOf({ plan: { corners } }, undefined)).toEqual({ lat: 1.5, lon: 3.5 })
  expect(positionOf(undefined, undefined)).toBeUndefined()
})

test('the map is read once by the pages of one person, and anew for the next one, after some minutes, and after a failure', async () => {
  let [asked, isDown] = [0, false]
  const api = {
    signIns: 0,
    read: <T>(): Promise<T> => {
      asked += 1
      return isDown ? Promise.reject(new Error('lost')) : Promise.resolve({ villages: [] } as T)
    },
  }
  await readTownMap(api, 0)
  await readTownMap(api, 1000)
  expect(asked).toBe(1)
  api.signIns = 1
  await readTownMap(api, 2000)
  expect(asked).toBe(2)
  isDown = true
  await expect(readTownMap(api, 400_000)).rejects.toThrow('lost')
  isDown = false
  await readTownMap(api, 401_000)
  expect(asked).toBe(4)
})

test('each map of the phone gets the position in its own system, and a name that is text', () => {
  const links = phoneLinks({ lat: 39.915, lon: 116.404 }, '王家 & "x"')
  const [geo, amap, baidu] = links.map(({ href }) => href)
  expect(geo).toBe(`geo:39.915000,116.404000?q=39.915000,116.404000(${encodeURIComponent('王家 & "x"')})`)
  expect(amap).toContain('position=116.410244,39.916404&')
  expect(amap).not.toContain('"')
  expect(baidu).toMatch(/location=39\.9227\d\d,116\.4166\d\d&/)
})
