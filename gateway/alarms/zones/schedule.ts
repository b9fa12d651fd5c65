// Weekly time spans: whether a moment is in one, in the village's local time.
import type { Span } from '../../config/alarm-settings.ts'

/** Who set a zone, besides people. */
export const bySchedule = 'schedule'
const byDefault = 'default'

export const isByHand = (by: string): boolean => by !== bySchedule && by !== byDefault

const dayMs = 86_400_000
const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

/** A span past midnight belongs to the day on which it begins. Equal ends mean the whole day. */
export function isWithin(span: Span, wallMs: number, utcOffsetMin: number): boolean {
  const localMs = wallMs + utcOffsetMin * 60_000
  const minute = Math.floor((((localMs % dayMs) + dayMs) % dayMs) / 60_000)
  const isPastMidnight = span.to <= span.from
  const isMorningPart = isPastMidnight && minute < span.to && span.from !== span.to
  const isInside = isPastMidnight
    ? minute >= span.from || minute < span.to
    : minute >= span.from && minute < span.to
  if (!isInside) return false
  const day = new Date(localMs - (isMorningPart ? dayMs : 0)).getUTCDay()
  const name = names[day]
  return span.days === undefined || (name !== undefined && span.days.includes(name))
}

/** The next full minute by the wall clock: schedules change on minutes. */
export const untilNextMinuteMs = (wallMs: number): number => 60_000 - (((wallMs % 60_000) + 60_000) % 60_000)
