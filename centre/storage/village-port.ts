// Storage's part of villages: their daily reports.
import type { DailyEntry } from '../../protocols/desk/daily.ts'
import type { Scope } from '../../protocols/desk/scope.ts'

export interface VillageWriterCalls {
  /** A person signs the day of a box, or files it by hand where the box did not. */
  signDaily(box: string, day: string, who: string, text: string, atMs: number): DailyEntry
}

export interface VillageReaderCalls {
  /** From one day to another, both in, by day and box. */
  dailyReports(query: { from: string; to: string; scope?: Scope | undefined; limit: number }): DailyEntry[]
}

export const villageWriterCalls = ['signDaily'] as const satisfies (keyof VillageWriterCalls)[]
export const villageReaderCalls = ['dailyReports'] as const satisfies (keyof VillageReaderCalls)[]
