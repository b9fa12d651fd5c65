// Everything in the journal of a box that is not running, opened as its next start would open it.
import { pino } from 'pino'
import { openJournal } from '../../gateway/journal/journal.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'
import { lanes } from '../../protocols/domain/colour.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'

export async function readJournalRecords(
  folder: string,
): Promise<{ records: JournalRecord[]; isSalvaged: boolean }> {
  const journal = await openJournal({
    folder,
    clock: createSystemClock(),
    random: createSystemRandom(),
    logger: pino({ level: 'silent' }),
    bootId: 'afterwards',
    commitWindowMs: 0,
  })
  const isSalvaged = journal.facts().salvaged !== undefined
  const records: JournalRecord[] = []
  for (const lane of lanes)
    for (let after = 0; ;) {
      const rows = await journal.read(lane, after, { recordsMax: 5000, bytesMax: 8_000_000 })
      const last = rows.at(-1)
      if (!last) break
      after = last.number
      for (const { body } of rows) records.push(JSON.parse(body) as JournalRecord)
    }
  await journal.close()
  return { records, isSalvaged }
}
