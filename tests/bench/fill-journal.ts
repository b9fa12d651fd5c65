// A journal as a long outage leaves it: so many routine records that wait for the centre, written through the journal's
// own door, with the checkpoint where a crash leaves it on average.
import { mkdirSync } from 'node:fs'
import { pino } from 'pino'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import type { EventRecord } from '../../protocols/domain/record.ts'
import { openJournal } from '../../gateway/journal/journal.ts'

const perEntry = 500
const entriesOpenMax = 8
/** Events since the last checkpoint of intake, which writes one every 20,000. */
const sinceCheckpoint = 10_000

export async function fillJournal(folder: string, records: number): Promise<void> {
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
  const event = (n: number): EventRecord => ({
    type: 'event',
    sequence: journal.nextSequence(),
    boot: 1,
    sinceBootMs: n * 120,
    atMs: 1_764_000_000_000 + n * 120,
    clock: 'synced',
    device: `bench-${n % 500}`,
    messageId: `1-${n}`,
    readings: { temperatureC: 20 + (n % 100) / 10, batteryPercent: 87, signalDbm: -61 },
  })
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
