// The disk space of each box's records: added in the commit that stores them, and subtracted when they are deleted.
import { rowOverheadBytes } from '../port.ts'
import { immediately, isPostgres, type Sqlite } from './database.ts'

/** Records of an older version counted in one transaction: some ten milliseconds, in which no alarm is stored. */
const countedAtOnce = 5000

/** Counts the next records of an older version; false when all are counted. */
export function createStoredBytesWriter(db: Sqlite): { countStoredBytes: () => boolean } {
  // PostgreSQL has no records of older versions.
  if (isPostgres(db)) return { countStoredBytes: () => false }
  const hasTable = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'uncounted_records'")
  // A file that was counted in its migration.
  if (hasTable.get() === undefined) return { countStoredBytes: () => false }
  const select = db.prepare<[], { countedTo: number; until: number }>(
    'SELECT counted_to AS countedTo, until FROM uncounted_records',
  )
  const end = db
    .prepare<[number, number, number], number | null>(
      'SELECT max(position) FROM (SELECT position FROM records WHERE position > ? AND position <= ? ORDER BY position LIMIT ?) AS page',
    )
    .pluck()
  const sums = db.prepare<[number, number], { epoch: number; bytes: number }>(
    `SELECT epoch, sum(length(body) + ${rowOverheadBytes}) AS bytes FROM records
     WHERE position > ? AND position <= ? GROUP BY epoch`,
  )
  const add = db.prepare('UPDATE epochs SET bytes = bytes + ? WHERE number = ?')
  const move = db.prepare('UPDATE uncounted_records SET counted_to = ?')
  const finish = db.prepare('DELETE FROM uncounted_records')
  const count = immediately(db, (): boolean => {
    const left = select.get()
    const to = left && end.get(left.countedTo, left.until, countedAtOnce)
    if (!left || typeof to !== 'number') {
      finish.run()
      return false
    }
    for (const { epoch, bytes } of sums.all(left.countedTo, to)) add.run(bytes, epoch)
    move.run(to)
    return true
  })
  return { countStoredBytes: () => select.get() !== undefined && count() }
}

export function createStoredBytesReader(db: Sqlite): () => { box: string; bytes: number }[] {
  const select = db.prepare<[], { box: string; bytes: number }>(
    'SELECT box, total(bytes) AS bytes FROM epochs GROUP BY box',
  )
  return () => select.all()
}
