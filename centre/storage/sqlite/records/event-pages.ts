// Reads stored records page by page: a snapshot in the box's own order, then snapshots of the records stored since.
import { isInScope, type Scope } from '../../../../protocols/desk/scope.ts'
import { lanes } from '../../../../protocols/domain/colour.ts'
import { createBootTimes } from './boot-times.ts'
import type { Sqlite } from '../database.ts'
import { noteCorrupt, readDocument } from '../documents.ts'
import { behind, encodeEventCursor, parseEventCursor, type EventCursor } from './event-cursor.ts'
import type { EventPage, EventRow } from '../../port.ts'

/** A snapshot after the first one covers at most this many rows, so that reading the newest records sorts little. */
export const tailRowsMax = 20_000
/** Empty snapshots (rows of other boxes) that one call skips before it answers an empty page. */
const emptySnapshotsMax = 25

interface Row {
  position: number
  epoch: number
  lane: number
  number: number
  sequence: number
  received_at_ms: number
  body: string
}

interface Epoch {
  number: number
  box: string
  epoch: string
  last_position: number
}

const columns = 'position, epoch, lane, number, sequence, received_at_ms, body'

export type ReadEvents = (query: {
  scope?: Scope | undefined
  box?: string | undefined
  after?: string | undefined
  limit: number
}) => EventPage | undefined

function prepareReads(db: Sqlite) {
  const epochsOfAll = db.prepare<[], Epoch>('SELECT * FROM epochs ORDER BY number')
  const epochsOfBox = db.prepare<[string], Epoch>('SELECT * FROM epochs WHERE box = ? ORDER BY number')
  const wholeEpoch = db.prepare<[number, number, number, number, number], Row>(
    `SELECT ${columns} FROM records INDEXED BY records_in_box_order
     WHERE epoch = ? AND (sequence, position) > (?, ?) AND position <= ?
     ORDER BY sequence, position LIMIT ?`,
  )
  const tail = db.prepare<[number, number, string, number, number, number, number], Row>(
    `SELECT ${columns} FROM records NOT INDEXED
     WHERE position > ? AND position <= ? AND epoch IN (SELECT CAST(value AS BIGINT) FROM json_each(?))
       AND (epoch, sequence, position) > (?, ?, ?)
     ORDER BY epoch, sequence, position LIMIT ?`,
  )

  const tailEnd = db.prepare<[number, number], { position: number | null }>(
    `SELECT max(position) AS position FROM
       (SELECT position FROM records WHERE position > ? ORDER BY position LIMIT ?) AS page`,
  )
  return { epochsOfAll, epochsOfBox, wholeEpoch, tail, tailEnd }
}

/** Undefined for a row that can not be read: it is noted, and the page goes on without it. */
function createEventRow(db: Sqlite) {
  const bootTimes = createBootTimes(db)
  return function shown(row: Row, epochs: ReadonlyMap<number, Epoch>, cursor: string): EventRow | undefined {
    const epoch = epochs.get(row.epoch)
    const lane = lanes[row.lane]
    if (!epoch || !lane) noteCorrupt(db, 'records', row.position)
    if (!epoch || !lane || !readDocument(db, 'records', row.position, row.body)) return undefined
    const epochOf = (name: string): number | undefined =>
      [...epochs.values()].find((other) => other.box === epoch.box && other.epoch === name)?.number
    return {
      box: epoch.box,
      epoch: epoch.epoch,
      lane,
      number: row.number,
      receivedAtMs: row.received_at_ms,
      cursor,
      body: bootTimes.repairedBody(row.epoch, row.body, epochOf),
    }
  }
}

export function createEventReader(db: Sqlite): ReadEvents {
  const shown = createEventRow(db)
  const { epochsOfAll, epochsOfBox, wholeEpoch, tail, tailEnd } = prepareReads(db)

  function readSnapshot(cursor: EventCursor, epochs: readonly Epoch[], limit: number): Row[] {
    if (cursor.from > 0) {
      const numbers = JSON.stringify(epochs.map(({ number }) => number))
      return tail.all(cursor.from, cursor.to, numbers, cursor.epoch, cursor.sequence, cursor.position, limit)
    }
    const rows: Row[] = []
    for (const { number } of epochs) {
      if (number < cursor.epoch || rows.length >= limit) continue
      const isSame = number === cursor.epoch
      rows.push(
        ...wholeEpoch.all(
          number,
          isSame ? cursor.sequence : 0,
          isSame ? cursor.position : 0,
          cursor.to,
          limit - rows.length,
        ),
      )
    }
    return rows
  }

  function readPage(
    start: EventCursor,
    { box, limit, scope }: { box?: string | undefined; limit: number; scope?: Scope | undefined },
  ): EventPage {
    const asked = box === undefined ? epochsOfAll.all() : epochsOfBox.all(box)
    const epochs = asked.filter((epoch) => isInScope(scope, epoch.box))
    const byNumber = new Map(epochs.map((epoch) => [epoch.number, epoch]))
    const last = Math.max(0, ...epochs.map(({ last_position: position }) => position))
    let cursor = start
    for (let empty = 0; empty < emptySnapshotsMax; empty++) {
      if (cursor.to === cursor.from) {
        if (last <= cursor.from) return { rows: [], next: encodeEventCursor(cursor), isEnd: true }
        const to = cursor.from === 0 ? last : (tailEnd.get(cursor.from, tailRowsMax)?.position ?? last)
        cursor = { ...cursor, to }
      }
      const found = readSnapshot(cursor, epochs, limit)
      if (found.length === 0) {
        cursor = behind(cursor.to)
        continue
      }
      const snapshot = cursor
      const cursorOf = ({ epoch, sequence, position }: Row): string =>
        encodeEventCursor({ ...snapshot, epoch, sequence, position })
      const rows = found.flatMap((row) => shown(row, byNumber, cursorOf(row)) ?? [])
      const isSnapshotRead = found.length < limit
      const next = isSnapshotRead ? encodeEventCursor(behind(snapshot.to)) : cursorOf(found.at(-1) as Row)
      return { rows, next, isEnd: isSnapshotRead && last <= snapshot.to }
    }
    return { rows: [], next: encodeEventCursor(cursor), isEnd: false }
  }

  // One read transaction per page: the set of stored records must not change between its queries.
  const readConsistently = db.transaction(readPage)
  return ({ after, ...query }) => {
    const start = parseEventCursor(after)
    return start && readConsistently(start, query)
  }
}
