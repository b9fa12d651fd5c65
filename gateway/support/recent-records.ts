// The records of the last hours, in memory, for a support bundle.
import type { StoredRecord } from '../journal/port.ts'

/** About a day of a quiet village. */
export const recentMax = 2000

export class RecentRecords {
  #records: StoredRecord[] = []

  add(records: readonly StoredRecord[]): void {
    this.#records.push(...records)
    if (this.#records.length > 2 * recentMax) this.#records = this.#records.slice(-recentMax)
  }

  /** JSON lines, oldest first. */
  text(): string {
    return this.#records
      .slice(-recentMax)
      .map((record) => `${JSON.stringify(record)}\n`)
      .join('')
  }
}
