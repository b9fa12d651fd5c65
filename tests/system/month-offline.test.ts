// Question: does a village's month without a link fit into the space that the handbook states, with no record deleted?
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { pino } from 'pino'
import { openJournal } from '../../gateway/journal/journal.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { fillJournal } from '../bench/fill-journal.ts'

/** A village of 100 devices that report every five minutes. */
const recordsPerMinute = 20
const monthRecords = recordsPerMinute * 60 * 24 * 30
/** The month is simulated at this fraction. */
const scale = 100
/** As docs/operations.md states it. */
const statedMegabytes = 150

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-month-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('keeps every record of thirty days offline in the stated megabytes', async () => {
  const records = monthRecords / scale
  await fillJournal(folder, records)
  const monthMegabytes = (statSync(join(folder, 'journal.db')).size * scale) / 1e6
  expect(monthMegabytes).toBeLessThan(statedMegabytes)
  // Less than its ids and readings would mean that data is missing.
  expect(monthMegabytes).toBeGreaterThan((monthRecords * 60) / 1e6)
  const journal = await openJournal({
    folder,
    clock: createSystemClock(),
    random: createSystemRandom(),
    logger: pino({ level: 'silent' }),
    bootId: 'a month later',
    commitWindowMs: 0,
  })
  try {
    expect(journal.positions().routine).toEqual({ last: records, receipted: 0 })
    const [oldest] = await journal.read('routine', 0, { recordsMax: 1, bytesMax: 1 })
    const [newest] = await journal.read('routine', records - 1, { recordsMax: 1, bytesMax: 1 })
    expect([oldest?.number, newest?.number]).toEqual([1, records])
  } finally {
    await journal.close()
  }
})
