// Does a year fit? The journal of a box and the database of its centre take a year of a village's records in virtual time, with the cases of
// its alarms, and the log a year of lines; after the day on which their bounds are reached, none may grow.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sweepExpired } from '../../../centre/retention/retention-sweep.ts'
import { openReader, openWriter } from '../../../centre/storage/sqlite/database.ts'
import { createExpiredReader, createExpiredWriter } from '../../../centre/storage/sqlite/retention.ts'
import { createWriter } from '../../../centre/storage/sqlite/writer.ts'
import { openJournalFile } from '../../../gateway/journal/damage/salvage.ts'
import { JournalStore } from '../../../gateway/journal/store.ts'
import { createCommit } from '../../../gateway/journal/worker-messages.ts'
import { LogRing, ringBytesMax } from '../../../platform/support/log-ring.ts'
import type { AlarmRecord } from '../../../protocols/domain/record.ts'
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { batchOf, boxAt, type Writer } from '../../bench/town/fill-town.ts'
import { makeAlarm } from '../../contract/centre/centre-parts.ts'

const box = boxAt(0)
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
  /** Routine records at the end of the year, and how many there may be by the bound: with those of the day that passes. */
  kept: number
  keptMax: number
  /** When the bound was first reached, and at the end of the year. */
  boundedBytes: number
  endBytes: number
}

export async function runYearCampaign(
  plan: YearPlan,
): Promise<{ box: YearSize; centre: YearSize; faults: string[] }> {
  const [atBox, centre] = [boxYear(plan), await centreYear(plan)]
  const faults = Object.entries({ box: atBox, centre }).flatMap(([name, year]) => {
    const { boundedBytes, endBytes, kept, keptMax } = year
    return [
      ...(endBytes > boundedBytes * growthMax
        ? [`${name}: ${endBytes} bytes at the end, ${boundedBytes} when the bound was reached`]
        : []),
      ...(kept > keptMax ? [`${name}: ${kept} records are kept, and the bound is ${keptMax}`] : []),
    ]
  })
  return { box: atBox, centre, faults: [...faults, ...logYear(plan.say)] }
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
    const kept = db.prepare<[], number>('SELECT count(*) FROM lane_routine').pluck().get() ?? 0
    const keptMax = keepReceipted + perDayOf(devices)
    return { records: sequence, kept, keptMax, boundedBytes, endBytes: bytesOf(folder) }
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
  // Power cuts are another campaign's.
  writing.pragma('synchronous = OFF')
  const reading = openReader(file)
  const writer = createWriter(writing)
  writer.remember([])
  let [last, boundedBytes] = [0, 0]
  const settings = { routineDays, alarmDays: 1830, quarantineDays: 90 }
  const [{ expired }, { dropExpired }] = [createExpiredReader(reading), createExpiredWriter(writing)]
  try {
    for (let day = 1; day <= daysOfYear; day++) {
      const nowMs = startMs + day * dayMs
      for (let left = perDayOf(devices); left > 0; left -= perCommit) {
        const bodies = Array.from({ length: Math.min(left, perCommit) }, (_, i) =>
          eventOf(last + i + 1, nowMs),
        )
        const lanes = [batchOf(box, 'routine', last + 1, bodies)]
        writer.storeIntake({ receivedAtMs: nowMs, lanes, quarantined: [] })
        last += bodies.length
      }
      for (let at = 1; at <= alarmsPerDay; at++) handled(writer, (day - 1) * alarmsPerDay + at, nowMs)
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
      if (day % 73 === 0) say(`centre, day ${day}: ${last} records, ${(size / 1e6).toFixed(1)} MB`)
    }
    const count = (sql: string): number => reading.prepare<[], number>(sql).pluck().get() ?? 0
    const kept = count(`SELECT count(*) FROM records WHERE lane = ${lanes.indexOf('routine')}`)
    const cases = count('SELECT count(*) FROM cases')
    say(`centre: ${kept} routine records and ${cases} cases are kept`)
    return {
      records: last,
      kept,
      keptMax: (routineDays + 1) * perDayOf(devices),
      boundedBytes,
      endBytes: bytesOf(folder),
    }
  } finally {
    reading.close()
    writing.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A call that comes, is answered in every step, and ends: with its case, its steps and what the log of changes keeps of them. */
function handled(writer: Writer, number: number, nowMs: number): void {
  const part = { id: `a-${number}`, device: `button-${number % 100}`, zone: `z-${number % 100}` }
  const store = (sequence: number, change: AlarmRecord['change'], more: object): void => {
    const record = makeAlarm(sequence, change, { ...part, ...more })
    const lanes = [{ ...batchOf(box, 'red', sequence, [JSON.stringify(record)]), alarms: [record] }]
    writer.storeIntake({ receivedAtMs: nowMs, lanes, quarantined: [] })
  }
  const step = (input: Parameters<Writer['takeCaseStep']>[1], who = 'li'): void => {
    const target = { alarm: `${box}.${part.id}` }
    const { type } = writer.takeCaseStep(target, input, { who, isSupervisor: true }, nowMs)
    if (type !== 'done') throw new Error(`${input.do}: ${type}`)
  }
  store(2 * number - 1, 'raised', {})
  step({ do: 'accept' })
  step({ do: 'dispatch', to: ['doctor'], text: '' })
  store(2 * number, 'ended', { state: 'normal' })
  step({ do: 'feedback', text: 'all is well', outcome: 'resolved' } as never)
  step({ do: 'verify', isGood: true, text: '' }, 'wang')
  step({ do: 'archive', text: 'done' })
}

/** Changes of state that a box with a bad link and a bad camera logs in a day. */
const linesPerDay = 1000

/** A year of lines through the program's own log: memory holds the last of them, and journald the last days, by their bounds. */
function logYear(say: (text: string) => void): string[] {
  const ring = new LogRing()
  let bytes = 0
  for (let line = 0; line < linesPerDay * daysOfYear; line++) {
    const text = `${JSON.stringify({ level: 30, time: line * 86_400, box: '320612104201-1', part: 'uplink', state: 'down', code: 'ETIMEDOUT', msg: 'the link to the centre is down' })}\n`
    bytes += text.length
    ring.add(text)
  }
  const file = fileURLToPath(new URL('../../../deploy/box/journald.conf', import.meta.url))
  const journaldBytes = Number(/^SystemMaxUse=(\d+)M$/m.exec(readFileSync(file, 'utf8'))?.[1]) * 1e6
  const held = ring.text().length
  say(
    `logs: ${(bytes / 1e6).toFixed(1)} MB in a year of ${linesPerDay} lines a day; ${held} bytes in memory (bound ${ringBytesMax}), journald keeps the last ${Math.floor(journaldBytes / (bytes / daysOfYear))} days in ${journaldBytes / 1e6} MB`,
  )
  return held > ringBytesMax || !(journaldBytes > 0) ? ['the log in memory or of journald has no bound'] : []
}

const bytesOf = (folder: string): number =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('reserve'))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
