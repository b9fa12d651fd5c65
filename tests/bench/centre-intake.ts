// How fast does the centre store Reports of 150 records with a synced commit, compared with a plain insert loop without
// syncs? Run: npx tsx tests/bench/centre-intake.ts [records]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { ReportIntake } from '../../centre/receiver/report-intake.ts'
import { ReceiverCore } from '../../centre/receiver/receiver-core.ts'
import { databaseFile } from '../../centre/storage/sqlite/database.ts'
import { openSqliteStorage } from '../../centre/storage/sqlite/sqlite-storage.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { encodeJson } from '../../protocols/uplink/codec.ts'
import { makeEvent } from '../contract/centre/centre-parts.ts'

const perReport = 150
/** Reports in flight at once, as from fifty boxes with a few each. */
const openMax = 200
const boxes = 50

function plainLoop(file: string, bodies: readonly string[], total: number): number {
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = OFF')
  db.exec('CREATE TABLE records (position INTEGER PRIMARY KEY, number INTEGER, body TEXT) STRICT')
  const insert = db.prepare('INSERT INTO records (number, body) VALUES (?, ?)')
  const batch = db.transaction((from: number) => {
    for (let i = from; i < Math.min(total, from + 6000); i++) insert.run(i, bodies[i % bodies.length])
  })
  const startMs = performance.now()
  for (let from = 0; from < total; from += 6000) batch(from)
  const seconds = (performance.now() - startMs) / 1000
  db.close()
  return total / seconds
}

async function intake(
  folder: string,
  payloads: readonly { box: string; bytes: Uint8Array }[],
): Promise<number> {
  const clock = createSystemClock()
  const storage = await openSqliteStorage(databaseFile(folder), clock.wallMs())
  const logger = pino({ level: 'warn' })
  const core = new ReceiverCore()
  const target = new ReportIntake({ core, storage, clock, logger, registry: new Registry() })
  const startMs = performance.now()
  await new Promise<void>((resolve, reject) => {
    let [next, done] = [0, 0]
    const offer = (): void => {
      const payload = payloads[next++]
      if (!payload) return
      const { box, bytes } = payload
      target.offer(box, 'routine', `up/${box}/routine`, bytes, (error) => {
        if (error) reject(error)
        else if (++done === payloads.length) resolve()
        else setImmediate(offer)
      })
    }
    for (let i = 0; i < openMax; i++) offer()
  })
  const seconds = (performance.now() - startMs) / 1000
  await target.drain()
  await storage.close()
  return (payloads.length * perReport) / seconds
}

const total = Number(process.argv[2] ?? 300_000)
const folder = mkdtempSync(join(tmpdir(), 'gengfu-bench-'))
try {
  const payloads = Array.from({ length: Math.ceil(total / perReport) }, (_, i) => {
    const first = Math.floor(i / boxes) * perReport + 1
    const records = Array.from({ length: perReport }, (__, k) => makeEvent(first + k))
    const bytes = encodeJson({ v: 1, epoch: 'bench123', lane: 'routine', first, records })
    return { box: `box-${i % boxes}`, bytes }
  })
  const bodies = Array.from({ length: perReport }, (_, i) => JSON.stringify(makeEvent(i + 1)))
  const plain = plainLoop(join(folder, 'plain.db'), bodies, total)
  const centre = await intake(folder, payloads)
  console.log(
    JSON.stringify({
      records: total,
      plainUnsyncedPerSecond: Math.round(plain),
      centreSyncedPerSecond: Math.round(centre),
    }),
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
