// Does a year fit? The journal of a box and the database of its centre take a year of a village's records in virtual time; after the
// day on which their bounds are reached, neither may grow.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sweepExpired } from '../../../centre/retention/retention-sweep.ts'
import { openReader, openWriter } from '../../../centre/storage/sqlite/database.ts'
import { createExpiredReader, createExpiredWriter } from '../../../centre/storage/sqlite/retention.ts'
import { openJournalFile } from '../../../gateway/journal/damage/salvage.ts'
import { JournalStore } from '../../../gateway/journal/store.ts'
import { createCommit } from '../../../gateway/journal/worker-messages.ts'
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'

const dayMs = 86_400_000
const daysOfYear = 365
/** Alarms a day, beside what devices report. */
const alarmsPerDay = 3
const perCommit = 500
/** Growth after the bound is reached that is still none: pages that are half empty, and alarms, which have not reached theirs. */
const growthMax = 1.25

export interface YearPlan {
  /** Each reports every five minutes. */
  devices: number
  /** Records of a lane that a box keeps behind the Receipt. */
  keepReceipted: number
  /** The centre's term for routine records. */
  routineDays: number
  say: (text: string) => void
}

export interface YearSize {
  records: number
  /** When the bound was first reached, and at the end of the year. */
  boundedBytes: number
  endBytes: number
}

export async function runYearCampaign(
  plan: YearPlan,
): Promise<{ box: YearSize; centre: YearSize; faults: string[] }> {
  const box = boxYear(plan)
  const centre = await centreYear(plan)
  const faults = Object.entries({ box, centre }).flatMap(([name, { boundedBytes, endBytes }]) =>
    endBytes > boundedBytes * growthMax
      ? [`${name}: ${endBytes} bytes at the end, ${boundedBytes} when the bound was reached`]
      : [],
  )
  return { box, centre, faults }
}

const perDayOf = (devices: number): number => devices * 288

const eventOf = (sequence: number, atMs: number): string =>
  JSON.stringify({
    type: 'event',
    sequence,
    boot: 1,
    sinceBootMs: sequence * 100,
    atMs,
    clock: 'synced',
    device: `door-${sequence % 100}`,
    messageId: `1-${sequence}`,
    readings: { contact: 'closed', batteryPercent: 87, signalDbm: -61 },
  })

function boxYear({ devices, keepReceipted, say }: YearPlan): YearSize {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-year-box-'))
  const { db } = openJournalFile(folder, 'aaaaaaaa')
  const options = {
    folder,
    newEpoch: 'aaaaaaaa',
    bootId: 'b',
    quarantineMax: 1000,
    uncountedIdsMax: 1000,
    keepReceipted,
  }
  const store = new JournalStore(db, options, new VirtualClock())
  store.open(true)
  const last = Object.fromEntries(lanes.map((lane) => [lane, 0])) as Record<Lane, number>
  let sequence = 0
  let boundedBytes = 0
  try {
    for (let day = 1; day <= daysOfYear; day++) {
      const today: Lane[] = Array.from({ length: perDayOf(devices) + alarmsPerDay }, (_, i) =>
        i < alarmsPerDay ? 'red' : 'routine',
      )
      for (let at = 0; at < today.length; at += perCommit) {
        const request = { ...createCommit({ ...last }), keepsReceipted: true }
        for (const lane of today.slice(at, at + perCommit)) {
          sequence++
          request.lanes.push(lanes.indexOf(lane))
          request.numbers.push(++last[lane])
          request.bodies.push(eventOf(sequence, day * dayMs))
        }
        store.commit(request)
        store.saveReceipted(last)
        for (const lane of lanes) store.trim(lane, last[lane], perCommit * 2)
        store.checkpointIfDue()
      }
      const size = bytesOf(folder)
      if (boundedBytes === 0 && last.routine > keepReceipted + 2 * perDayOf(devices)) boundedBytes = size
      if (day % 73 === 0) say(`box, day ${day}: ${sequence} records, ${(size / 1e6).toFixed(1)} MB`)
    }
    return { records: sequence, boundedBytes, endBytes: bytesOf(folder) }
  } finally {
    db.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function centreYear({ devices, routineDays, say }: YearPlan): Promise<YearSize> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-year-centre-'))
  const file = join(folder, 'centre.db')
  const startMs = Date.UTC(2026, 0, 1)
  const writing = openWriter(file, startMs)
  const reading = openReader(file)
  const insert = writing.prepare(
    'INSERT INTO records (position, epoch, lane, number, sequence, received_at_ms, body) VALUES (?, 1, ?, ?, ?, ?, ?)',
  )
  let position = 0
  let boundedBytes = 0
  const settings = { routineDays, alarmDays: 1830, quarantineDays: 90 }
  const [{ expired }, { dropExpired }] = [createExpiredReader(reading), createExpiredWriter(writing)]
  try {
    for (let day = 1; day <= daysOfYear; day++) {
      const nowMs = startMs + day * dayMs
      writing.transaction(() => {
        for (let i = 0; i < perDayOf(devices) + alarmsPerDay; i++) {
          position++
          insert.run(
            position,
            lanes.indexOf(i < alarmsPerDay ? 'red' : 'routine'),
            position,
            position,
            nowMs,
            eventOf(position, nowMs),
          )
        }
      })()
      await sweepExpired({
        storage: {
          expired: (query) => Promise.resolve(expired(query)),
          dropExpired: (kind, ids) => Promise.resolve(dropExpired(kind, ids)),
        },
        settings,
        nowMs,
        isDryRun: false,
        pause: () => Promise.resolve(),
      })
      // The centre's own thread does this (`log-checkpoints`).
      writing.pragma('wal_checkpoint(TRUNCATE)')
      const size = bytesOf(folder)
      if (boundedBytes === 0 && day > routineDays + 2) boundedBytes = size
      if (day % 73 === 0) say(`centre, day ${day}: ${position} records, ${(size / 1e6).toFixed(1)} MB`)
    }
    return { records: position, boundedBytes, endBytes: bytesOf(folder) }
  } finally {
    reading.close()
    writing.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const bytesOf = (folder: string): number =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('reserve'))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
