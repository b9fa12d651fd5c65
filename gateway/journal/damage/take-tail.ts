// The last commit of the write-ahead log does not match its checksum: the power failed while it was written, or the
// flash damaged it after it was acknowledged. The two cases look the same, so every readable record is kept: if a
// device sends it again, it is a repeat.
import type Database from 'better-sqlite3'
import type { Lane } from '../../../protocols/domain/colour.ts'
import { laneTable } from '../migrations.ts'
import { carveRecords } from './carve.ts'
import { readRecord } from './readable-record.ts'

/** The centre may have stored records of that commit under their numbers: new numbers begin above them. */
const numberLeap = 10_000
/** Rows at the end of a lane that are searched for a record of the log: a commit holds fewer. */
const recentRows = 5000

export interface TailRecord {
  lane: Lane
  sequence: number
  body: string
}

/** Before SQLite opens the log, because SQLite may checkpoint or truncate it. */
export function readTail(file: string, fromByte: number): TailRecord[] {
  const records = new Map<number, TailRecord>()
  carveRecords(file, (lane, sequence, body) => records.set(sequence, { lane, sequence, body }), fromByte)
  return [...records.values()].toSorted((a, b) => a.sequence - b.sequence)
}

/** Adds the records that the database does not have. */
export function takeTail(db: Database.Database, tail: readonly TailRecord[]): void {
  if (tail.length === 0) return
  const known = new Set<unknown>()
  const lanesOfTail = new Set<Lane>([...tail.map(({ lane }) => lane), 'red', 'orange', 'yellow', 'blue'])
  for (const lane of lanesOfTail)
    for (const body of db
      .prepare(`SELECT body FROM ${laneTable(lane)} ORDER BY number DESC LIMIT ${recentRows}`)
      .pluck()
      .all() as string[])
      known.add(readRecord(body)?.['sequence'])
  const missing = tail.filter(({ sequence }) => !known.has(sequence))
  if (missing.length === 0) return
  db.transaction(() => {
    const next = new Map<Lane, number>()
    for (const { lane, body } of missing) {
      const table = laneTable(lane)
      const last = db.prepare(`SELECT max(number) FROM ${table}`).pluck().get() as number | null
      const number = next.get(lane) ?? (last ?? 0) + numberLeap
      next.set(lane, number + 1)
      db.prepare(`INSERT INTO ${table} (number, body) VALUES (?, ?)`).run(number, body)
    }
    db.prepare(
      "INSERT INTO quarantine (at_ms, device, topic, problem, payload) VALUES (0, '', 'journal/log', ?, ?)",
    ).run(
      `the end of the write-ahead log was damaged or unfinished: ${missing.length} records were read back`,
      Buffer.alloc(0),
    )
  }).immediate()
}
