// Fills a centre's database through the writer itself, without syncs: records, alarms with their cases, people, commands.
// The data is what a town would have after years, only made in a minute.
import { databaseFile, openWriter } from '../../../centre/storage/sqlite/database.ts'
import { createWriter } from '../../../centre/storage/sqlite/writer.ts'
import type { AlarmRecord } from '../../../protocols/domain/record.ts'
import { makeAlarm, makeEvent } from '../../contract/centre/centre-parts.ts'
import { batchOf, boxAt, fillTown, type TownSize, type Writer } from './fill-town.ts'

const dayMs = 86_400_000
const perBatch = 2000
/** Cases whose deadlines pass in one transaction of the writer: see dueAtOnceMax. */
const dueAtOnce = 200

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

/** What an older town has behind it: otherwise the centre of the measurement is busy with ten thousand deadlines at once. */
function passDeadlines(writer: Writer, cases: number, nowMs: number): void {
  for (let pass = 0; pass < 4 * (1 + cases / dueAtOnce); pass++) writer.passDeadlines(nowMs)
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
    fillTown(writer, size, nowMs)
    passDeadlines(writer, size.cases, nowMs)
    db.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    db.close()
  }
}
