// Stores new records: row by row in SQLite, where a statement costs some microseconds, and in one statement in PostgreSQL, where each
// is a message to the server.
import { isPostgres, type Sqlite } from '../database.ts'

export interface NewRecord {
  number: number
  sequence: number
  body: string
}

export interface RecordPlan {
  epoch: number
  lane: number
  atMs: number
  /** The position of the first row; the others follow it. */
  position: number
  rows: readonly NewRecord[]
}

/** Between the bodies of one statement: no JSON contains it. */
const divider = '\u001E'

/** Answers the positions of those that were not stored before. */
export function createRecordInsert(db: Sqlite): (plan: RecordPlan) => number[] {
  if (isPostgres(db)) return createBatchInsert(db)
  const insert = db.prepare(
    `INSERT INTO records (position, epoch, lane, number, sequence, received_at_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (epoch, lane, number) DO NOTHING`,
  )
  return ({ epoch, lane, atMs, position, rows }) =>
    rows.flatMap(({ number, sequence, body }, i) =>
      insert.run(position + i, epoch, lane, number, sequence, atMs, body).changes > 0 ? [position + i] : [],
    )
}

function createBatchInsert(db: Sqlite): (plan: RecordPlan) => number[] {
  const insert = db
    .prepare<unknown[], number>(
      `INSERT INTO records (position, epoch, lane, number, sequence, received_at_ms, body)
       SELECT ? + place - 1, ?, ?, CAST(given_number AS BIGINT), CAST(given_sequence AS BIGINT), ?, given_body
       FROM unnest(string_to_array(?, ','), string_to_array(?, ','), string_to_array(?, '${divider}'))
         WITH ORDINALITY AS given (given_number, given_sequence, given_body, place)
       ON CONFLICT (epoch, lane, number) DO NOTHING RETURNING position`,
    )
    .pluck()
  return ({ epoch, lane, atMs, position, rows }) =>
    rows.length === 0
      ? []
      : insert.all(
          position,
          epoch,
          lane,
          atMs,
          rows.map(({ number }) => number).join(','),
          rows.map(({ sequence }) => sequence).join(','),
          rows.map(({ body }) => body).join(divider),
        )
}
