// Which centre has the queue at a given moment of a timetable?
import { expect, it } from 'vitest'
import { nightCentre, type NightEntry } from '../../../../centre/cases/night.ts'

/** A moment in China; 30 November 2026 is a Monday. */
const at = (day: number, time: string): number =>
  Date.parse(`2026-11-${day.toString().padStart(2, '0')}T${time}:00+08:00`)

it('the night begins at its hour, goes over midnight, and ends in the morning', () => {
  const night: NightEntry[] = [{ to: 'county', from: '20:00', until: '07:00' }]
  expect(
    ['19:59', '20:00', '23:59', '00:00', '06:59', '07:00'].map((time) => nightCentre(night, at(30, time))),
  ).toEqual([undefined, 'county', 'county', 'county', 'county', undefined])
})

it('a weekday is that on which the night begins', () => {
  const night: NightEntry[] = [{ to: 'county', from: '20:00', until: '07:00', weekdays: [7] }]
  expect(nightCentre(night, at(29, '21:00'))).toBe('county')
  expect(nightCentre(night, at(30, '06:00'))).toBe('county')
  expect(nightCentre(night, at(30, '21:00'))).toBeUndefined()
  expect(nightCentre(night, at(29, '06:00'))).toBeUndefined()
})

it('the first entry that holds wins, and a day without a night is the day', () => {
  const night: NightEntry[] = [
    { to: 'neighbour', from: '12:00', until: '13:00' },
    { to: 'county', from: '00:00', until: '00:00' },
  ]
  expect(nightCentre(night, at(30, '12:30'))).toBe('neighbour')
  expect(nightCentre(night, at(30, '13:00'))).toBe('county')
  expect(nightCentre([], at(30, '13:00'))).toBeUndefined()
})
