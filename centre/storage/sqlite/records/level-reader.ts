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

/** The level in a record of the device: an event, or an alarm whose event was settled before. */
function levelOf(record: JournalRecord, device: string): LevelSample | undefined {
  if (record.type === 'log') return undefined
  const from = record.type === 'event' ? record : record.alarm
  const mm = from.device === device ? from.readings?.waterLevelMm : undefined
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

export function createLevelReader(db: Sqlite): {
  levels: (box: string, device: string, fromMs: number) => LevelsAnswer
} {
  const bootTimes = createBootTimes(db)
  const epochs = db.prepare<[string], { number: number; epoch: string }>(
    'SELECT number, epoch FROM epochs WHERE box = ? ORDER BY number DESC',
  )
  const newest = db.prepare<[number], Row>(
    `SELECT position, epoch, sequence, body FROM records INDEXED BY records_in_box_order
     WHERE epoch = ? ORDER BY sequence DESC, position DESC`,
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
    levels: (box, device, fromMs) => {
      const found = new Map<number, number>()
      const own = epochs.all(box)
      const epochOf = (name: string): number | undefined => own.find(({ epoch }) => epoch === name)?.number
      let read = 0
      for (const { number } of own) {
        for (const { epoch, body, position } of newest.iterate(number)) {
          read += 1
          if (read > recordsReadMax) break
          // The text is searched first: to parse each record of a box would cost ten times as much.
          if (!body.includes('"waterLevelMm"') && read % 100 !== 0) continue
          if (!readDocument(db, 'records', position, body)) continue
          const record = JSON.parse(bootTimes.repairedBody(epoch, body, epochOf)) as JournalRecord
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
