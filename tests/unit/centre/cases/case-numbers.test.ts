// The number of a case is given once, also when an older backup is opened again.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createCaseNumbers, numberAfterPause } from '../../../../centre/storage/sqlite/cases/case-numbers.ts'
import { databaseFile, openWriter } from '../../../../centre/storage/sqlite/database.ts'
import { createWriter } from '../../../../centre/storage/sqlite/writer.ts'
import type { CaseOutcome } from '../../../../centre/storage/case-port.ts'

const folder = mkdtempSync(join(tmpdir(), 'gengfu-numbers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const minuteMs = 60_000

test('goes on at the next number after a restart, and at a later thousand after a pause', () => {
  expect(numberAfterPause(14, 30_000)).toBe(14)
  expect(numberAfterPause(14, Number.NaN)).toBe(14)
  expect(numberAfterPause(14, 10 * minuteMs)).toBe(7000)
  // More than a town can open in a day.
  expect(numberAfterPause(14, 86_400_000)).toBeGreaterThan(500_000)
})

test('an opened backup gives no number that was given after it, also when it is started twice', () => {
  const start = 1_760_000_000_000
  const made = { village: 'a', kind: 'sos', colour: 'red', text: 'call', isDrill: false } as const
  const idOf = (outcome: CaseOutcome): string => (outcome.type === 'done' ? outcome.case.id : outcome.type)
  const first = openWriter(databaseFile(folder), start)
  const writer = createWriter(first)
  const ids = [idOf(writer.openCase(made, 'li', start)), idOf(writer.openCase(made, 'li', start + 1000))]
  expect(ids).toEqual(['case-1', 'case-2'])
  first.close()
  // As the file was then: an hour of cases is not in it.
  const second = openWriter(databaseFile(folder), start + 60 * minuteMs)
  expect(createCaseNumbers(second)()).toBeGreaterThan(36_000)
  const again = createWriter(second)
  again.signDaily('a', '2026-11-30', 'li', '', start + 60 * minuteMs)
  second.close()
  // The file was written to in the meantime: the numbers are not forgotten.
  const third = openWriter(databaseFile(folder), start + 60 * minuteMs + 5000)
  const id = idOf(createWriter(third).openCase(made, 'li', start + 60 * minuteMs + 6000))
  expect(Number(id.slice('case-'.length))).toBeGreaterThan(36_000)
  third.close()
})
