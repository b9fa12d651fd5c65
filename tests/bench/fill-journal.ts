// A journal after a long outage: this many routine records that wait for the centre, written through the journal's own
// interface, with the checkpoint at the average position of a crash.
import { mkdirSync } from 'node:fs'
import { pino } from 'pino'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSeededRandom, createSystemRandom } from '../../protocols/kit/random.ts'
import type { EventRecord, LogRecord } from '../../protocols/domain/record.ts'
import { openJournal } from '../../gateway/journal/journal.ts'

const perEntry = 500
const entriesOpenMax = 8
const devices = 500
/** Records per minute of a village of 500 devices. */
const perMinute = 500
/** Events since the last checkpoint of intake, which writes one every 20,000. */
const sinceCheckpoint = 10_000

/** `notes` come first. */
export async function fillJournal(
  folder: string,
  records: number,
  notes: readonly Omit<LogRecord, 'sequence'>[] = [],
): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const clock = createSystemClock()
  const journal = await openJournal({
    folder,
    clock,
    random: createSystemRandom(),
    logger: pino({ level: 'warn' }),
    bootId: 'filled',
    commitWindowMs: 0,
  })
  const chance = createSeededRandom(7)
  const counts = Array.from<number>({ length: devices }).fill(0)
  const event = (n: number): EventRecord => {
    const device = chance.between(0, devices - 1)
    const sinceBootMs = Math.round((n * 60_000) / perMinute) + chance.between(0, 100)
    return {
      type: 'event',
      sequence: journal.nextSequence(),
      boot: 1,
      sinceBootMs,
      atMs: 1_764_000_000_000 + sinceBootMs,
      clock: 'synced',
      device: `bench-${device}`,
      messageId: `1-${(counts[device] = (counts[device] ?? 0) + 1)}`,
      readings: {
        temperatureC: 20 + chance.between(-60, 60) / 10,
        batteryPercent: 100 - (device % 40),
        signalDbm: -50 - (device % 30) - chance.between(0, 5),
      },
    }
  }
  for (const note of notes) {
    const record = { ...note, sequence: journal.nextSequence() }
    await journal.append({ records: [{ lane: 'routine', record }], isUrgent: true })
  }
  const open = new Set<Promise<unknown>>()
  for (let from = 0; from < records; from += perEntry) {
    const entry = Array.from({ length: Math.min(perEntry, records - from) }, (_, i) => ({
      lane: 'routine' as const,
      record: event(from + i),
    }))
    const kept = journal.append({ records: entry, isUrgent: true })
    open.add(kept)
    void kept.finally(() => open.delete(kept)).catch(() => undefined)
    if (open.size >= entriesOpenMax) await Promise.race(open)
  }
  await Promise.all(open)
  const watermark = { routine: Math.max(0, records - sinceCheckpoint) }
  await journal.append({ records: [], state: [['checkpoint', watermark]], isUrgent: true })
  await journal.close()
}
