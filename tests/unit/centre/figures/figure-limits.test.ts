// Figures of more rows than one answer may contain: does the note say so to those whose rows are left out, and to no one else?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createCasePolicy } from '../../../../centre/cases/case-policy.ts'
import type { LaneBatch } from '../../../../centre/storage/port.ts'
import { openWriter, type Sqlite } from '../../../../centre/storage/sqlite/database.ts'
import { createFigureReader } from '../../../../centre/storage/sqlite/figure-reader.ts'
import { createReader } from '../../../../centre/storage/sqlite/reader.ts'
import { createWriter } from '../../../../centre/storage/sqlite/writer.ts'
import { makeAlarm } from '../../../contract/centre/centre-parts.ts'

const [busy, calm] = ['320612104201', '320612205301']
const folder = mkdtempSync(join(tmpdir(), 'gengfu-figure-limits-'))
let db: Sqlite
beforeAll(() => {
  db = openWriter(join(folder, 'centre.db'), 1)
  const writer = createWriter(db)
  for (const [village, count] of [
    [busy, 12],
    [calm, 3],
  ] as const) {
    const alarms = Array.from({ length: count }, (_, at) =>
      makeAlarm(at + 1, 'raised', { id: `a-${at}`, device: `d-${at}`, zone: `z-${at}` }),
    )
    const numbers = alarms.map(({ sequence }) => sequence)
    const of = { box: `${village}-1`, epoch: 'abcd1234', lane: 'red', numbers, sequences: numbers, alarms }
    const none = { clocks: [], pictures: [], origins: [], skipped: [], settled: [] }
    const lanes = [{ ...of, ...none, bodies: alarms.map((one) => JSON.stringify(one)) } as never as LaneBatch]
    writer.storeIntake({ receivedAtMs: 1_800_000_000_000, lanes, quarantined: [] })
  }
  createReader(db)
})
afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Longer than the number of places that are read one by one. */
const wide = (village: string): string[] => [village, ...Array.from({ length: 60 }, (_, at) => `no-${at}`)]

it.each([
  ['all', {}, 10, true],
  ['all, with room', {}, 15, undefined],
  ['the busy village', { village: busy }, 10, true],
  ['the calm one', { village: calm }, 10, undefined],
  ['both places of an account, each with room', { scope: [busy, calm] }, 12, undefined],
  ['a long scope with the calm one', { scope: wide(calm) }, 10, undefined],
  ['a long scope with the busy one', { scope: wide(busy) }, 10, true],
  ['the busy village, for an account of the calm one', { village: busy, scope: [calm] }, 10, undefined],
] as const)('%s: %j', (_title, span, most, isCut) => {
  const reader = createFigureReader(db, () => createCasePolicy(), { cases: most, alarms: 1000 })
  const query = { fromMs: 0, toMs: 2e12, nowMs: 2e12, boxes: [], ...span }
  expect(reader.figures(query).isCut).toBe(isCut)
})
