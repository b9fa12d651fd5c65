// Hours of a week by a local clock: for rosters, and for rules that name a time of day. Pure.
import { offsetMinAt } from '../../protocols/domain/time-zone.ts'
import type { DutyHours } from '../../protocols/desk/roster.ts'

const minuteMs = 60_000
const dayMin = 24 * 60
const weekMin = 7 * dayMin

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))

/** Minutes since Monday 00:00 in the local time of that time zone. */
export function minuteOfWeek(timeZone: string, atMs: number): number {
  const localMin = Math.floor(atMs / minuteMs) + offsetMinAt(timeZone, atMs)
  // 1 January 1970 was a Thursday.
  return (((localMin + 3 * dayMin) % weekMin) + weekMin) % weekMin
}

/** `from` is included, `to` is not; equal times are a whole day. */
export function isWithin({ days, from, to }: DutyHours, minute: number): boolean {
  const start = minuteOf(from)
  const length = (minuteOf(to) - start + dayMin) % dayMin || dayMin
  return days.some((day) => (minute - (day - 1) * dayMin - start + weekMin) % weekMin < length)
}
