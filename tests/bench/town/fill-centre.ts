// Fills a centre's database through the writer itself, without syncs: records, alarms with their cases, people, commands.
// The data is what a town would have after years, only made in a minute.
import { databaseFile, openWriter } from '../../../centre/storage/sqlite/database.ts'
import { createWriter } from '../../../centre/storage/sqlite/writer.ts'
import type { LaneBatch } from '../../../centre/storage/port.ts'
import type { AlarmRecord, LogRecord } from '../../../protocols/domain/record.ts'
import { dailyReport } from '../../../protocols/uplink/daily-report.ts'
import { makeAlarm, makeEvent } from '../../contract/centre/centre-parts.ts'

export interface TownSize {
  records: number
  cases: number
  villages: number
}

const dayMs = 86_400_000
const epoch = 'bench123'
const perBatch = 2000
const dailyDays = 30

export const villageAt = (at: number): string => `320612${104_000 + at}`.padEnd(12, '0')
export const boxAt = (at: number): string => `${villageAt(at)}-1`

type Writer = ReturnType<typeof createWriter>

function batchOf(box: string, lane: LaneBatch['lane'], first: number, bodies: string[]): LaneBatch {
  const numbers = bodies.map((_, at) => first + at)
  const common = { alarms: [], clocks: [], pictures: [], origins: [], skipped: [] }
  const settled: [number, number][] = [[1, first + bodies.length - 1]]
  return { box, epoch, lane, numbers, sequences: numbers, bodies, ...common, settled } as LaneBatch
}

function addRecords(writer: Writer, { records, villages }: TownSize, nowMs: number): void {
  const perBox = Math.ceil(records / villages)
  for (let village = 0; village < villages; village++)
    for (let first = 1; first <= perBox; first += perBatch) {
      const count = Math.min(perBatch, perBox - first + 1)
      const bodies = Array.from({ length: count }, (_, at) => JSON.stringify(makeEvent(first + at)))
      writer.storeIntake({
        receivedAtMs: nowMs - dayMs,
        lanes: [batchOf(boxAt(village), 'routine', first, bodies)],
        quarantined: [],
      })
    }
}

/** Half of the cases are over: their alarms have ended, and people took every step. */
function addCases(writer: Writer, { cases, villages }: TownSize, nowMs: number): void {
  const perBox = Math.ceil(cases / villages)
  const kinds = ['sos', 'smoke', 'water', 'intrusion'] as const
  for (let village = 0; village < villages; village++) {
    const box = boxAt(village)
    for (let at = 1; at <= perBox; at++) {
      const colour = (['red', 'orange', 'yellow', 'blue'] as const)[at % 4] ?? 'blue'
      const kind = kinds[at % kinds.length] ?? 'sos'
      const part = { id: `a-${at}`, device: `d-${at}`, kind, colour, latchedColour: colour, zone: `z-${at}` }
      const place = { zone: `王家第${at}户`, household: `${at}` }
      const store = (sequence: number, change: AlarmRecord['change'], more: object): void => {
        const record = makeAlarm(sequence, change, { ...part, place, ...more })
        const batch = batchOf(box, colour, sequence, [JSON.stringify(record)])
        const lanes = [{ ...batch, alarms: [record] }]
        writer.storeIntake({ receivedAtMs: nowMs - dayMs + at * 1000, lanes, quarantined: [] })
      }
      store(2 * at - 1, 'raised', {})
      if (at % 2 === 0) continue
      const target = { alarm: `${box}.a-${at}` }
      const li = { who: 'li', isSupervisor: true }
      const step = (input: Parameters<Writer['takeCaseStep']>[1], who = li): void =>
        void writer.takeCaseStep(target, input, who, nowMs - dayMs + at * 1000)
      step({ do: 'accept' })
      step({ do: 'dispatch', to: ['doctor'], text: '' })
      store(2 * at, 'ended', { state: 'normal' })
      step({ do: 'feedback', text: 'all is well', outcome: 'resolved' } as never)
      step({ do: 'verify', isGood: true, text: '' }, { who: 'wang', isSupervisor: true })
      step({ do: 'archive', text: 'done' })
    }
  }
}

function addDailyReports(writer: Writer, villages: number, nowMs: number): void {
  for (let village = 0; village < villages; village++) {
    const daily = Array.from({ length: dailyDays }, (_, at): LogRecord => {
      const day = new Date(nowMs - at * dayMs).toISOString().slice(0, 10)
      const facts = { day, devices: { known: 20, present: 19 } }
      return { ...makeAlarm(at + 1, 'raised'), type: 'log', what: dailyReport, facts } as LogRecord
    })
    const bodies = daily.map((record) => JSON.stringify(record))
    const batch = { ...batchOf(boxAt(village), 'picture', 1, bodies), daily }
    writer.storeIntake({ receivedAtMs: nowMs, lanes: [batch], quarantined: [] })
  }
}

function addPeople(writer: Writer, count: number, villages: number, nowMs: number): void {
  for (let at = 0; at < count; at++) {
    const entry = {
      name: `keeper ${at}`,
      role: 'grid-keeper' as const,
      villages: [villageAt(at % villages)],
      zones: [],
      hours: [],
      absences: [],
      consent: { how: 'paper' as const, atMs: 1 },
      expiresAtMs: nowMs + 300 * dayMs,
      phone: '13800000000',
    }
    writer.putPerson(undefined, entry as never, 'chief', nowMs)
  }
}

function addCommands(writer: Writer, count: number, villages: number, nowMs: number): void {
  for (let at = 0; at < count; at++) {
    const [id, box] = [`k-${at}`, boxAt(at % villages)]
    const asked = { askedAtMs: nowMs, expiresAtMs: nowMs + 1000, changedAtMs: nowMs }
    writer.askCommand({ id, box, do: 'siren', by: 'li', state: 'waiting', ...asked })
    writer.moveCommand(box, id, { state: 'done', changedAtMs: nowMs }, false)
  }
}

/** Makes the database of a town of this size in the folder. */
export function fillCentre(folder: string, size: TownSize, nowMs: number): void {
  const db = openWriter(databaseFile(folder), nowMs)
  try {
    db.pragma('synchronous = OFF')
    const writer = createWriter(db)
    writer.remember([])
    addRecords(writer, size, nowMs)
    addCases(writer, size, nowMs)
    addDailyReports(writer, size.villages, nowMs)
    addPeople(writer, Math.ceil(size.cases / 10), size.villages, nowMs)
    addCommands(writer, Math.ceil(size.cases / 4), size.villages, nowMs)
    db.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    db.close()
  }
}
