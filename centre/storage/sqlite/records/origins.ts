// Records of a salvaged journal come under a new epoch and name their first position: if that position is stored
// already they are repeats, however often a journal is salvaged.
import type { JournalRecord, RecordPlace } from '../../../../protocols/domain/record.ts'
import { identityOf } from '../../../../protocols/domain/record-identity.ts'
import type { Sqlite } from '../database.ts'

export interface Origins {
  /**
   * Takes the position inside the caller's transaction; false when this record, with `body`, is already stored from
   * there.
   */
  claim(box: string, was: RecordPlace, body: string): boolean
  /** True when salvaged records of this epoch are stored: then a late original may be one of them. */
  hasAny(box: string, epoch: string): boolean
  has(box: string, was: RecordPlace): boolean
  /** Reads at once for which epochs of these boxes `hasAny` may be true; until `unload`. */
  load(boxes: readonly string[]): void
  unload(): void
}

export function createOrigins(
  db: Sqlite,
  epochOf: (box: string, epoch: string) => number | undefined,
): Origins {
  const selectRecord = db
    .prepare<[number, number], string>('SELECT body FROM records WHERE epoch = ? AND sequence = ?')
    .pluck()
  const insert = db.prepare(
    'INSERT INTO origins (box, epoch, sequence) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const selectAny = db.prepare<[string, string]>('SELECT 1 FROM origins WHERE box = ? AND epoch = ? LIMIT 1')
  const select = db.prepare<[string, string, number]>(
    'SELECT 1 FROM origins WHERE box = ? AND epoch = ? AND sequence = ?',
  )
  const ofBoxes = db.prepare<[string], { box: string; epoch: string }>(
    'SELECT DISTINCT box, epoch FROM origins WHERE box IN (SELECT value FROM json_each(?))',
  )
  let loaded: ReadonlySet<string> | undefined
  return {
    load: (boxes) => {
      const rows = ofBoxes.all(JSON.stringify(boxes))
      loaded = new Set(rows.map(({ box, epoch }) => `${box}/${epoch}`))
    },
    unload: () => {
      loaded = undefined
    },
    hasAny: (box, epoch) =>
      (loaded?.has(`${box}/${epoch}`) ?? true) && selectAny.get(box, epoch) !== undefined,
    has: (box, { epoch, sequence }) => select.get(box, epoch, sequence) !== undefined,
    claim: (box, { epoch, sequence }, body) => {
      const number = epochOf(box, epoch)
      const stored = number === undefined ? undefined : selectRecord.get(number, sequence)
      // A folder that was restored to an earlier state may have used the sequence for another record: that one is new, whatever is stored
      // there.
      if (stored !== undefined) return identityAt(stored, sequence) !== identityAt(body, sequence)
      // A late original of the same commit must find it.
      loaded = undefined
      return insert.run(box, epoch, sequence).changes > 0
    },
  }
}

/** As it was at its first position. */
const identityAt = (body: string, sequence: number): string =>
  identityOf({ ...(JSON.parse(body) as JournalRecord), sequence })
