// Counts the records of one box's backlog in a centre's database after the centre has stopped: none lost, none twice,
// every lane complete.
import Database from 'better-sqlite3'
import { databaseFile } from '../../../centre/storage/sqlite/database.ts'

export interface StoredCount {
  records: number
  /** Records that the box wrote and the centre lacks. */
  lost: number
  /** Records that are stored twice under any number. */
  doubled: number
}

/** `dataDir` is the centre's; `expected` is the number of records that the box wrote in all lanes together. */
export function countStored(dataDir: string, box: string, expected: number): StoredCount {
  const db = new Database(databaseFile(dataDir), { readonly: true })
  try {
    const rows = db
      .prepare(
        `SELECT records.epoch AS epoch, lane, records.number AS number, body FROM records
         JOIN epochs ON epochs.number = records.epoch WHERE box = ? ORDER BY records.epoch, lane, records.number`,
      )
      .iterate(box) as IterableIterator<{
      epoch: number
      lane: number
      number: number
      body: string
    }>
    const count: StoredCount = { records: 0, lost: 0, doubled: 0 }
    const seen = new Set<string>()
    let [lane, next] = ['', 1]
    for (const row of rows) {
      const own = `${row.epoch}/${row.lane}`
      if (own !== lane) [lane, next] = [own, 1]
      count.records++
      count.lost += row.number - next
      next = row.number + 1
      const { device, messageId } = JSON.parse(row.body) as { device?: string; messageId?: string }
      if (messageId === undefined) continue
      const key = `${own}/${device} ${messageId}`
      if (seen.has(key)) count.doubled++
      seen.add(key)
    }
    // Numbers missing at the end of a lane show only in the sum.
    count.lost += Math.max(0, expected - count.records - count.lost)
    return count
  } finally {
    db.close()
  }
}
