// A document that this process wrote is read back without a second check, but only while its row has the same text.
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { readDocument, corruptRows, writeDocument } from '../../../../centre/storage/sqlite/documents.ts'
import type { Shift } from '../../../../protocols/desk/shifts.ts'

const shift: Shift = {
  shift: 1,
  leaving: 'li',
  entering: 'wang',
  text: '',
  offeredAtMs: 1,
  cases: [],
  state: 'offered',
}

it('gives back what was written, and checks a text that anything else wrote', () => {
  const db = new Database(':memory:')
  const json = writeDocument(db, 'shifts', 1, shift)
  expect(readDocument(db, 'shifts', 1, json)).toBe(shift)
  const changed = json.replace('wang', 'zhao')
  expect(readDocument(db, 'shifts', 1, changed)?.entering).toBe('zhao')
  expect(readDocument(db, 'shifts', 2, json)).not.toBe(shift)
  expect(readDocument(db, 'shifts', 1, json.replace('"wang"', '7'))).toBeUndefined()
  expect(corruptRows(db)).toEqual([{ table: 'shifts', row: '1' }])
  db.close()
})

it('remembers a bounded number of rows', () => {
  const db = new Database(':memory:')
  const json = writeDocument(db, 'shifts', 0, shift)
  for (let n = 1; n <= 300; n++) writeDocument(db, 'shifts', n, { ...shift, shift: n })
  expect(readDocument(db, 'shifts', 0, json)).toEqual(shift)
  expect(readDocument(db, 'shifts', 0, json)).not.toBe(shift)
  db.close()
})
