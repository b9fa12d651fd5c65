// The water levels of one device, read from the newest record of its box backwards. Records are kept by box and not by device: what is
// read is bounded, so that a desk that shows a curve holds up no other one.
import type { LevelSample, LevelsAnswer } from '../../../../protocols/desk/villages/levels.ts'
import type { ListedDevice } from '../../../../protocols/uplink/village-list.ts'
import type { JournalRecord } from '../../../../protocols/domain/record.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'
import { createBootTimes } from './boot-times.ts'

/** Records of one box in one answer: three days of a village that sends one every 15 seconds. */
export const recordsReadMax = 20_000
/** Points of one curve: more than a screen is wide. */
export const samplesMax = 1000

interface Row {
  position: number
  epoch: number
  sequence: number
  body: string
}

export interface LevelQuery {
  box: string
  device: string
  fromMs: number
  /** Absent: until now. */
  untilMs?: number | undefined
}

/**
 * The level in an event of the device. Records of alarms repeat the readings of an earlier event, and are left out.
 */
function levelOf(record: JournalRecord, device: string): LevelSample | undefined {
  if (record.type !== 'event' || record.device !== device) return undefined
  const mm = record.readings.waterLevelMm
  return typeof mm === 'number' && Number.isFinite(mm) && Number.isFinite(record.atMs)
    ? [Math.round(record.atMs), mm]
    : undefined
}

/** At most `max` of them: of each part the highest one, so that no peak is lost. Oldest first. */
export function thinSamples(samples: readonly LevelSample[], max: number): LevelSample[] {
  if (samples.length <= max) return [...samples]
  const size = samples.length / (max - 1)
  const thinned: LevelSample[] = []
  for (let part = 0; part < max - 1; part++) {
    const some = samples.slice(Math.floor(part * size), Math.floor((part + 1) * size))
    const [highest] = [...some].sort(([, a], [, b]) => b - a)
    if (highest) thinned.push(highest)
  }
  const last = samples.at(-1)
  if (last && thinned.at(-1) !== last) thinned.push(last)
  return thinned
}

type EpochOf = (name: string) => number | undefined

/** Records of one epoch of a box, which are in the order of time. */
function createRecordWalk(db: Sqlite) {
  const bootTimes = createBootTimes(db)
  const columns = 'position, epoch, sequence, body FROM records INDEXED BY records_in_box_order'
  const before = db.prepare<[number, number], Row>(
    `SELECT ${columns} WHERE epoch = ? AND sequence < ? ORDER BY sequence DESC, position DESC`,
  )
  const firstFrom = db.prepare<[number, number], Row>(
    `SELECT ${columns} WHERE epoch = ? AND sequence >= ? ORDER BY sequence LIMIT 1`,
  )
  const last = db
    .prepare<[number], number | null>('SELECT max(sequence) FROM records WHERE epoch = ?')
    .pluck()
  function recordOf({ position, epoch, body }: Row, epochOf: EpochOf): JournalRecord | undefined {
    if (!readDocument(db, 'records', position, body)) return undefined
    return JSON.parse(bootTimes.repairedBody(epoch, body, epochOf)) as JournalRecord
  }

  /** Records are in the order of the box, which is that of time: the first one behind `untilMs` is found by halving. */
  function firstSequenceAfter(epoch: number, untilMs: number, epochOf: EpochOf): number {
    let [low, high] = [-1, (last.get(epoch) ?? 0) + 1]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      const row = firstFrom.get(epoch, middle)
      const record = row && recordOf(row, epochOf)
      if (row && (record === undefined || record.atMs <= untilMs)) low = row.sequence
      else high = middle
    }
    return high
  }

  return { before, recordOf, firstSequenceAfter }
}

export function createLevelReader(db: Sqlite): {
  levels: (query: LevelQuery) => LevelsAnswer
} {
  const { before, recordOf, firstSequenceAfter } = createRecordWalk(db)
  const epochs = db.prepare<[string], { number: number; epoch: string }>(
    'SELECT number, epoch FROM epochs WHERE box = ? ORDER BY number DESC',
  )
  const listed = db
    .prepare<[string, string], string>("SELECT body FROM listed WHERE box = ? AND type = 'device' AND id = ?")
    .pluck()

  function stagesOf(box: string, device: string): LevelsAnswer['stages'] {
    const body = listed.get(box, device)
    const entry = body === undefined ? undefined : readDocument(db, 'listed', `${box} device ${device}`, body)
    const stages = (entry as ListedDevice | undefined)?.stages ?? []
    return [...stages].sort((a, b) => a.mm - b.mm)
  }

  return {
    levels: ({ box, device, fromMs, untilMs }) => {
      const found = new Map<number, number>()
      const own = epochs.all(box)
      const epochOf: EpochOf = (name) => own.find(({ epoch }) => epoch === name)?.number
      let read = 0
      for (const { number } of own) {
        const end =
          untilMs === undefined ? Number.MAX_SAFE_INTEGER : firstSequenceAfter(number, untilMs, epochOf)
        for (const row of before.iterate(number, end)) {
          read += 1
          if (read > recordsReadMax) break
          // The text is searched first: to parse each record of a box would cost ten times as much.
          if (!row.body.includes('"waterLevelMm"') && read % 100 !== 0) continue
          const record = recordOf(row, epochOf)
          if (!record) continue
          // The time of a boot whose clock was never set says nothing.
          if (record.atMs < fromMs && record.clock !== 'unsynced') break
          const sample = levelOf(record, device)
          if (sample && !found.has(sample[0])) found.set(...sample)
        }
        if (read > recordsReadMax) break
      }
      const samples = [...found].filter(([atMs]) => atMs >= fromMs).sort(([a], [b]) => a - b)
      return {
        samples: thinSamples(samples, samplesMax),
        stages: stagesOf(box, device),
        ...(read > recordsReadMax ? { isCut: true as const } : {}),
      }
    },
  }
}
