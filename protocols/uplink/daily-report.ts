// The daily "zero report" of a village: nothing happened, and how many devices reported. A log record of the box.
import { z } from 'zod'
import { countMax } from '../domain/limits.ts'

/** `what` of the log record. */
export const dailyReport = 'daily-report'

const dayMs = 86_400_000
const minuteMs = 60_000

export const dayPattern = /^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])$/
const count = z.number().int().min(0).max(countMax)

export const dailyReportSchema = z.looseObject({
  /** `2026-11-30`, in the time of the village. */
  day: z.string().regex(dayPattern),
  devices: z.object({ known: count, present: count }),
  /** Alarms that are active at this moment. */
  openAlarms: count.optional(),
})
export interface DailyReportFacts {
  day: string
  devices: { known: number; present: number }
  openAlarms?: number | undefined
}

/** The day at a place, by its offset from UTC in minutes. */
export const dayAt = (wallMs: number, offsetMin: number): string =>
  new Date(wallMs + offsetMin * minuteMs).toISOString().slice(0, 10)

export const minuteOfDayAt = (wallMs: number, offsetMin: number): number => {
  const localMs = wallMs + offsetMin * minuteMs
  return Math.floor((localMs - Math.floor(localMs / dayMs) * dayMs) / minuteMs)
}
