// The daily report of each village as the town sees it. Days are `2026-11-30`; times are ms since 1970.

export interface DailyEntry {
  box: string
  village: string
  day: string
  /** Absent: a person filed it by hand, because the box did not. */
  filedAtMs?: number
  devices?: { known: number; present: number }
  openAlarms?: number
  signedBy?: string
  signedAtMs?: number
  text?: string
}

/** `GET /api/v1/daily-reports?day=`. */
export interface DailyAnswer {
  day: string
  reports: DailyEntry[]
  /** Villages of which no box has filed. */
  missing: string[]
  /** Villages whose report waits for a signature, where the town requires one. */
  unsigned: string[]
}

/** At each village: the day whose report is due, and whether it is there. */
export interface DailyMark {
  day: string
  isFiled: boolean
  /** Where the town requires a signature. */
  isSigned?: boolean
}
