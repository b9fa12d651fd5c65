// Stores new records, and counts them for their epoch: row by row in SQLite, where a statement costs some microseconds, and in one
// statement without an answer in PostgreSQL, where each answer is a trip to the server.
import { rowOverheadBytes } from '../../port.ts'
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

/** A record whose number is stored already is left out. */
export function createRecordInsert(db: Sqlite): (plan: RecordPlan) => void {
  if (isPostgres(db)) return createBatchInsert(db)
  const insert = db.prepare(
    `INSERT INTO records (position, epoch, lane, number, sequence, received_at_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (epoch, lane, number) DO NOTHING`,
  )
  const touchEpoch = db.prepare('UPDATE epochs SET last_position = ?, bytes = bytes + ? WHERE number = ?')
  return ({ epoch, lane, atMs, position, rows }) => {
    let last = 0
    let bytes = 0
    rows.forEach(({ number, sequence, body }, i) => {
      if (insert.run(position + i, epoch, lane, number, sequence, atMs, body).changes === 0) return
      last = position + i
      bytes += body.length + rowOverheadBytes
    })
    if (last > 0) touchEpoch.run(last, bytes, epoch)
  }
}

function createBatchInsert(db: Sqlite): (plan: RecordPlan) => void {
  const insert = db.prepare(
    `WITH stored AS (
       INSERT INTO records (position, epoch, lane, number, sequence, received_at_ms, body)
       SELECT ? + place - 1, ?, ?, CAST(given_number AS BIGINT), CAST(given_sequence AS BIGINT), ?, given_body
       FROM unnest(string_to_array(?, ','), string_to_array(?, ','), string_to_array(?, '${divider}'))
         WITH ORDINALITY AS given (given_number, given_sequence, given_body, place)
       ON CONFLICT (epoch, lane, number) DO NOTHING RETURNING position, body)
     UPDATE epochs SET last_position = counted.last, bytes = epochs.bytes + counted.bytes
     FROM (SELECT max(position) AS last, sum(length(body) + ${rowOverheadBytes}) AS bytes FROM stored) AS counted
     WHERE epochs.number = ? AND counted.last IS NOT NULL`,
  )
  return ({ epoch, lane, atMs, position, rows }) => {
    if (rows.length === 0) return
    const numbers = rows.map(({ number }) => number).join(',')
    const sequences = rows.map(({ sequence }) => sequence).join(',')
    const bodies = rows.map(({ body }) => body).join(divider)
    insert.run(position, epoch, lane, atMs, numbers, sequences, bodies, epoch)
  }
}
