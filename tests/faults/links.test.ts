// Question: do two real boxes bring everything to the centre exactly once over links that are cut, lose, double and
// reorder packets and reset connections, and does the comparison detect a failure?
import Database from 'better-sqlite3'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { databaseFile } from '../../centre/storage/sqlite/database.ts'
import { placesProblem } from '../kits/network/two-places.ts'
import type { TestTown } from '../kits/system/programs.ts'
import { compareVillage, type VillageFaults } from './compare-village.ts'
import { runLinkCampaign } from './link-campaign.ts'

const problem = await placesProblem()
if (problem !== undefined) process.stdout.write(`${problem}\n`)

const clean = { lost: [], doubled: [], outOfOrder: [], brokenLanes: [], wrongAlarms: [] }

it.skipIf(problem !== undefined)(
  'loses and doubles nothing over flapping links, and notices a record that is gone, doubled or out of order',
  { timeout: 120_000 },
  async () => {
    const seed = Number(process.env['GENGFU_SEED'] ?? Math.floor(Math.random() * 1e6))
    process.stdout.write(`link test seed ${seed} (again with GENGFU_SEED=${seed})\n`)
    const planted: VillageFaults[] = []
    const result = await runLinkCampaign({
      seed,
      boxes: 2,
      flaps: 12,
      afterComparing: async ({ town }, boxId, village) => {
        for (const change of plants) {
          const undo = plant(town, boxId, change)
          planted.push(await compareVillage(town, boxId, village))
          undo()
        }
      },
    })
    expect(result.boxes.size).toBe(2)
    for (const faults of result.boxes.values()) expect(faults).toMatchObject(clean)
    expect(result.acknowledged).toBeGreaterThan(10)
    const [gone, doubled, swapped, leapt] = planted
    expect(gone?.lost.length).toBe(1)
    expect(leapt?.brokenLanes.length).toBe(1)
    expect(doubled?.doubled.length).toBe(1)
    expect(swapped?.outOfOrder.length).toBe(1)
  },
)

const newestTwo = `SELECT position, body FROM records JOIN epochs ON epochs.number = records.epoch
  WHERE box = ? AND json_extract(body, '$.device') = (
    SELECT json_extract(body, '$.device') FROM records JOIN epochs ON epochs.number = records.epoch
    WHERE box = ? AND json_extract(body, '$.type') = 'event' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1)
  AND json_extract(body, '$.type') = 'event' ORDER BY position DESC LIMIT 2`

interface Row {
  position: number
  body: string
}

type Change = (db: Database.Database, newest: Row, before: Row) => void

const setBody = (db: Database.Database, position: number, body: string): void =>
  void db.prepare('UPDATE records SET body = ? WHERE position = ?').run(body, position)

/** One record missing, one doubled, two exchanged, one under a number that leaves a gap. */
const plants: readonly Change[] = [
  (db, newest) => void db.prepare('DELETE FROM records WHERE position = ?').run(newest.position),
  (db, newest, before) => setBody(db, before.position, newest.body),
  (db, newest, before) => {
    setBody(db, before.position, newest.body)
    setBody(db, newest.position, before.body)
  },
  (db, newest) =>
    void db.prepare('UPDATE records SET number = number + 1000 WHERE position = ?').run(newest.position),
]

/** Changes the running centre's stored data; returns the undo. */
function plant(town: TestTown, boxId: string, change: Change): () => void {
  const db = new Database(databaseFile(join(town.folder, 'centre')))
  const rows = db.prepare('SELECT * FROM records').all() as Record<string, unknown>[]
  const [newest, before] = db.prepare(newestTwo).all(boxId, boxId) as Row[]
  if (!newest || !before) throw new Error('no device sent twice')
  change(db, newest, before)
  return () => {
    const put = db.prepare(
      `INSERT OR REPLACE INTO records (position, epoch, lane, number, sequence, received_at_ms, body)
       VALUES (@position, @epoch, @lane, @number, @sequence, @received_at_ms, @body)`,
    )
    for (const row of rows) put.run(row)
    db.close()
  }
}
