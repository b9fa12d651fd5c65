// Which centre has the session of a box. The fence is a number that rises when the session moves to another centre: a centre that was
// stopped or cut off, and does not know that it lost a box, stores nothing of it.
import { StorageFailure } from '../../storage-failure.ts'
import type {
  ClaimedBox,
  ClusterReaderCalls,
  ClusterWriterCalls,
  SharedPresence,
} from '../../intake/cluster-port.ts'
import { immediately, isPostgres, type Sqlite } from '../database.ts'
import { readKnownLanes } from './known-lanes.ts'

/** The clock of the database: those of the centres need not agree. */
const nowSql = 'CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)'

const refuse = (): never => {
  throw new StorageFailure('one-centre', 'a SQLite file has one centre: several need PostgreSQL')
}

export function createOwnerWriter(db: Sqlite): ClusterWriterCalls {
  if (!isPostgres(db)) return { claimBoxes: refuse, noteHeard: refuse }
  // Always a write: its commit waits for the standby, and with it everything that it has read.
  const claim = db.prepare<[string, string], { box: string; fence: number }>(
    `INSERT INTO box_owners (box, owner, fence, at_ms) SELECT value, ?, 1, ${nowSql} FROM json_each(?)
     ON CONFLICT (box) DO UPDATE SET owner = excluded.owner, at_ms = excluded.at_ms,
       fence = box_owners.fence + CASE WHEN box_owners.owner = excluded.owner THEN 0 ELSE 1 END RETURNING box, fence`,
  )
  const epochs = db.prepare<[string], { box: string; epoch: string }>(
    'SELECT box, epoch FROM epochs WHERE box IN (SELECT value FROM json_each(?)) ORDER BY number',
  )
  const heard = db.prepare<[string]>(
    `UPDATE box_owners SET at_ms = ${nowSql} WHERE box IN (SELECT value FROM json_each(?))`,
  )
  const atDesk = db.prepare<[string]>(
    `INSERT INTO people_heard (name, at_ms) SELECT value, ${nowSql} FROM json_each(?) ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms`,
  )
  return {
    claimBoxes: immediately(db, (boxes: readonly string[], owner: string): ClaimedBox[] => {
      const names = JSON.stringify(boxes)
      const claimed = new Map(
        claim
          .all(owner, names)
          .map(({ box, fence }) => [box, { box, fence, epochs: [], lanes: [] } as ClaimedBox]),
      )
      for (const { box, epoch } of epochs.all(names)) claimed.get(box)?.epochs.push(epoch)
      for (const lane of readKnownLanes(db, boxes).known) claimed.get(lane.box)?.lanes.push(lane)
      return [...claimed.values()]
    }),
    noteHeard: immediately(db, (boxes: readonly string[], people: readonly string[]): void => {
      heard.run(JSON.stringify(boxes))
      atDesk.run(JSON.stringify(people))
    }),
  }
}

export function createOwnerReader(db: Sqlite): ClusterReaderCalls {
  if (!isPostgres(db)) return { heardSince: refuse }
  const boxes = db.prepare<[number], SharedPresence['boxes'][number]>(
    'SELECT box, owner, at_ms AS atMs FROM box_owners WHERE at_ms > ?',
  )
  const people = db.prepare<[number], SharedPresence['people'][number]>(
    'SELECT name, at_ms AS atMs FROM people_heard WHERE at_ms > ?',
  )
  return { heardSince: (atMs) => ({ boxes: boxes.all(atMs), people: people.all(atMs) }) }
}

/** The boxes whose fence has risen since this centre claimed them. Inside the transaction that stores their records. */
export function createFenceCheck(db: Sqlite): (fences: Readonly<Record<string, number>>) => string[] {
  if (!isPostgres(db)) return () => []
  const select = db.prepare<[string], { box: string; fence: number }>(
    'SELECT box, fence FROM box_owners WHERE box IN (SELECT value FROM json_each(?))',
  )
  return (fences) => {
    const boxes = Object.keys(fences)
    if (boxes.length === 0) return []
    const now = new Map(select.all(JSON.stringify(boxes)).map(({ box, fence }) => [box, fence]))
    return boxes.filter((box) => now.get(box) !== fences[box])
  }
}
