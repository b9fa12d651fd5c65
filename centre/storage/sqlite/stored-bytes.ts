// How much of the disk the records of each box take: counted in the commit that stores them, and taken off when they are deleted.
import type { Sqlite } from './database.ts'

/** What a stored record takes beside its text: its row and two entries of indexes. */
export const rowOverheadBytes = 100

/** Records that an older program has stored are counted once, here. */
export const storedBytesMigration = `
ALTER TABLE epochs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE epochs SET bytes = coalesce((SELECT sum(length(body) + 100) FROM records WHERE epoch = number), 0);
CREATE TRIGGER records_deleted AFTER DELETE ON records
BEGIN UPDATE epochs SET bytes = max(0, bytes - length(old.body) - 100) WHERE number = old.epoch; END;
`

export function createStoredBytesReader(db: Sqlite): () => { box: string; bytes: number }[] {
  const select = db.prepare<[], { box: string; bytes: number }>(
    'SELECT box, total(bytes) AS bytes FROM epochs GROUP BY box',
  )
  return () => select.all()
}
