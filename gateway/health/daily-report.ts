// The daily report of the box: once a day it records that it works and how many devices send, also when nothing happened, so
// that a village without one stands out at the town.
import type { BoxTime } from '../../protocols/domain/event.ts'
import {
  dailyReport,
  dayAt,
  minuteOfDayAt,
  type DailyReportFacts,
} from '../../protocols/uplink/daily-report.ts'

export interface DailyReportOptions {
  /** `20:00`, in the time of the village. */
  at: string
  now: () => BoxTime
  /** Minutes ahead of UTC at this moment. */
  offsetMinAt: (wallMs: number) => number
  facts: () => Omit<DailyReportFacts, 'day'>
  /** Resolves when it is in the journal. */
  log: (what: string, facts: Record<string, unknown>) => Promise<void>
  onFailed: (error: unknown) => void
}

export class DailyReport {
  readonly #options: DailyReportOptions
  readonly #atMinute: number
  #reportedDay = ''
  #isBusy = false

  constructor(options: DailyReportOptions) {
    this.#options = options
    const [hours = 20, minutes = 0] = options.at.split(':').map((part) => Number.parseInt(part, 10))
    this.#atMinute = hours * 60 + minutes
  }

  /** With every tick. A restart in the evening reports once more, and the town keeps one a day. */
  look(): void {
    const { now, offsetMinAt, facts, log, onFailed } = this.#options
    const { atMs, clock } = now()
    // A box without the date can not report a day.
    if (clock === 'unsynced' || this.#isBusy) return
    const offsetMin = offsetMinAt(atMs)
    const day = dayAt(atMs, offsetMin)
    if (day === this.#reportedDay || minuteOfDayAt(atMs, offsetMin) < this.#atMinute) return
    this.#isBusy = true
    log(dailyReport, { day, ...facts() })
      .then(() => (this.#reportedDay = day))
      .catch(onFailed)
      .finally(() => (this.#isBusy = false))
  }
}
