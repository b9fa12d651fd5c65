// Who is on duty, and who is nearest.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { distanceM, isOnDuty, rankNearest } from '../../../../centre/people/duty.ts'
import { isWithin, minuteOfWeek } from '../../../../platform/time/duty-hours.ts'
import type { RosterPerson } from '../../../../protocols/desk/roster.ts'

const zone = 'Asia/Shanghai'
/** Monday, 30 November 2026, at this hour in Shanghai. */
const monday = (hour: number, minute = 0): number => Date.UTC(2026, 10, 30, hour - 8, minute)

const person = (part: Partial<RosterPerson> = {}): RosterPerson => ({
  id: 'person-1',
  name: 'post 1',
  role: 'volunteer',
  villages: ['upper-brook'],
  zones: [],
  hours: [],
  absences: [],
  consent: { how: 'paper', atMs: 0 },
  expiresAtMs: monday(0) + 365 * 86_400_000,
  hasPhone: true,
  changedAtMs: 0,
  ...part,
})

it('counts the week from Monday by the clock of the town, also where it differs from UTC by a day', () => {
  expect(minuteOfWeek(zone, monday(0))).toBe(0)
  expect(minuteOfWeek(zone, monday(7, 30))).toBe(450)
  expect(minuteOfWeek(zone, monday(0) - 60_000)).toBe(7 * 1440 - 1)
  // Summer time in Berlin: the same moment is 01:30 on the wall.
  expect(minuteOfWeek('Europe/Berlin', Date.UTC(2026, 6, 5, 23, 30))).toBe(90)
})

it('has the first minute in and the last one out, and goes on over midnight and over the end of the week', () => {
  const day = { days: [1], from: '08:00', to: '20:00' }
  expect([479, 480, 1199, 1200].map((minute) => isWithin(day, minute))).toEqual([false, true, true, false])
  const night = { days: [7], from: '22:00', to: '06:00' }
  const sunday = 6 * 1440
  expect([sunday + 1319, sunday + 1320, 0, 359, 360].map((minute) => isWithin(night, minute))).toEqual([
    false,
    true,
    true,
    true,
    false,
  ])
  const whole = { days: [3], from: '00:00', to: '00:00' }
  expect([2 * 1440 - 1, 2 * 1440, 3 * 1440 - 1, 3 * 1440].map((minute) => isWithin(whole, minute))).toEqual([
    false,
    true,
    true,
    false,
  ])
})

it('a week of hours covers as many minutes as it says', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      fc.integer({ min: 0, max: 1439 }),
      fc.integer({ min: 1, max: 1439 }),
      (days, start, length) => {
        const text = (minute: number) =>
          `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
        const hours = { days, from: text(start), to: text((start + length) % 1440) }
        let covered = 0
        for (let minute = 0; minute < 7 * 1440; minute++) if (isWithin(hours, minute)) covered++
        expect(covered).toBe(days.length * length)
      },
    ),
    { numRuns: 30 },
  )
})

it('keeps who is away or past the term off duty', () => {
  const hours = [{ days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }]
  expect(isOnDuty(person({ hours }), zone, monday(9))).toBe(true)
  expect(isOnDuty(person({ hours }), zone, monday(19))).toBe(false)
  const absences = [{ fromMs: monday(9), toMs: monday(10) }]
  expect(
    [monday(8, 59), monday(9), monday(10)].map((at) => isOnDuty(person({ hours, absences }), zone, at)),
  ).toEqual([true, false, true])
  expect(isOnDuty(person({ expiresAtMs: monday(9) }), zone, monday(9))).toBe(false)
})

it('measures metres on the earth', () => {
  const [paris, london] = [
    { latitude: 48.8566, longitude: 2.3522 },
    { latitude: 51.5074, longitude: -0.1278 },
  ]
  expect(distanceM(paris, london) / 1000).toBeCloseTo(343.56, 0)
  expect(distanceM(paris, paris)).toBe(0)
  // Across the date line it is a short way.
  expect(distanceM({ latitude: 0, longitude: 179.999 }, { latitude: 0, longitude: -179.999 })).toBeLessThan(
    250,
  )
})

it('puts the keeper of the cell first, then the zone, then distance, and leaves out other villages', () => {
  const at = (latitude: number) => ({ position: { latitude, longitude: 121 } })
  const people = [
    person({ id: 'person-1', name: 'far', ...at(32.1) }),
    person({ id: 'person-2', name: 'near', ...at(32.001) }),
    person({ id: 'person-3', name: 'nowhere' }),
    person({ id: 'person-4', name: 'zone', zones: ['wang'], ...at(32.2) }),
    person({ id: 'person-5', name: 'cell', cell: 'g-7' }),
    person({ id: 'person-6', name: 'other village', villages: ['lower-brook'], cell: 'g-7' }),
  ]
  const scene = {
    village: 'upper-brook',
    zone: 'wang',
    cell: 'g-7',
    position: { latitude: 32, longitude: 121 },
  }
  const near = rankNearest(people, scene)
  expect(near.map(({ person: { name }, why }) => [name, why])).toEqual([
    ['cell', 'cell'],
    ['zone', 'zone'],
    ['near', 'distance'],
    ['far', 'distance'],
    ['nowhere', 'village'],
  ])
  expect(near[2]?.distanceM).toBe(111)
})
