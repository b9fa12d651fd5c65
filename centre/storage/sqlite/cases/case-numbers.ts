// Numbers of cases are given once, also after an older backup was restored: what was given since that backup is not in the
// file any more, so the numbers go on above all that the missing time can have used.
import type { Sqlite } from '../database.ts'
import { startOf } from '../database.ts'

/** A pause of a restart or an update: the file can not be from before it. */
const pauseMs = 60_000
/** Far above what a town opens; a storm is far shorter than the pause. */
const casesPerSecondMax = 10
/** Numbers go on at a full thousand, so that a person sees the gap. */
const step = 1000
/** A number above this is damaged: see the pattern of ids. */
export const caseNumberMax = 1e14

const nameOfFloor = 'cases'

/** The first number after a pause; the last one when there was none. Pure. */
export function numberAfterPause(last: number, quietMs: number): number {
  if (!(quietMs > pauseMs)) return last
  const skipped = Math.ceil((quietMs / 1000) * casesPerSecondMax)
  return Math.ceil((last + skipped + 1) / step) * step
}

/** When this file was last written to by people or boxes, before this start. */
function lastLifeMs(db: Sqlite): number | undefined {
  const newest = (sql: string): number => (db.prepare(sql).pluck().get() as number | null | undefined) ?? 0
  const lifeMs = Math.max(
    newest('SELECT at_ms FROM trail ORDER BY position DESC LIMIT 1'),
    newest('SELECT received_at_ms FROM records ORDER BY position DESC LIMIT 1'),
  )
  return lifeMs > 0 ? lifeMs : undefined
}

/** Gives numbers to new cases. The floor is stored: a second start soon after the first must not forget it. */
export function createCaseNumbers(db: Sqlite): () => number {
  // Both in one question: each is a trip to the server where there is one.
  const lastNumber = db
    .prepare<[number, string], number | null>(
      `SELECT max(number) FROM (SELECT max(number) AS number FROM cases WHERE number <= ?
         UNION ALL SELECT floor FROM numbers WHERE name = ?) AS given`,
    )
    .pluck()
  const putFloor = db.prepare(`INSERT INTO numbers (name, floor) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET floor = excluded.floor`)
  const last = (): number => lastNumber.get(caseNumberMax, nameOfFloor) ?? 0
  const lifeMs = lastLifeMs(db)
  if (lifeMs !== undefined) {
    const before = last()
    const after = numberAfterPause(before, startOf(db) - lifeMs)
    if (after > before && before > 0) putFloor.run(nameOfFloor, after)
  }
  return () => last() + 1
}
