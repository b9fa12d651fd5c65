// The disk space of each box's records: added in the commit that stores them, and subtracted when they are deleted.
import type { Sqlite } from './database.ts'

export function createStoredBytesReader(db: Sqlite): () => { box: string; bytes: number }[] {
  const select = db.prepare<[], { box: string; bytes: number }>(
    'SELECT box, total(bytes) AS bytes FROM epochs GROUP BY box',
  )
  return () => select.all()
}
