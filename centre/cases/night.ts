// The timetable of the night: which centre has the queue now. Pure.

/** China has one time zone, and timetables are read in it. */
const utcOffsetMs = 8 * 3_600_000
const dayMs = 86_400_000
const minuteMs = 60_000

export interface NightEntry {
  /** The other centre: the name of the next one up, or a name in common use. */
  to: string
  /** `20:00`. */
  from: string
  /** `07:00`: of the next day when it is not later than `from`. */
  until: string
  /** Of the day on which the night begins, 1 Monday to 7 Sunday; every day when left out. */
  weekdays?: readonly number[] | undefined
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map((part) => Number.parseInt(part, 10))
  return hours * 60 + minutes
}

/** The centre that has the queue at this moment; undefined by day. The first entry that holds wins. */
export function nightCentre(night: readonly NightEntry[], nowMs: number): string | undefined {
  const localMs = nowMs + utcOffsetMs
  const today = Math.floor(localMs / dayMs)
  const minute = (localMs - today * dayMs) / minuteMs
  for (const { to, from, until, weekdays } of night) {
    const [begins, ends] = [minutesOf(from), minutesOf(until)]
    // 1 January 1970 was a Thursday.
    const isOf = (day: number): boolean => weekdays?.includes(((day + 3) % 7) + 1) ?? true
    const isOverMidnight = ends <= begins
    const isNow = isOverMidnight
      ? (minute >= begins && isOf(today)) || (minute < ends && isOf(today - 1))
      : minute >= begins && minute < ends && isOf(today)
    if (isNow) return to
  }
  return undefined
}
