// Is a Chinese name found by any part of it, and does no search text become syntax of the index?
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { indexText, textQuery } from '../../../../../centre/storage/sqlite/search/search-terms.ts'

const db = new Database(':memory:')
db.exec('CREATE VIRTUAL TABLE found USING fts5 (text, village, kind)')
const texts = ['上溪村王大爷家 button-1：求助', '李四 upper-brook door 7', 'école 防区12号']
texts.forEach((text) => db.prepare('INSERT INTO found (text) VALUES (?)').run(indexText([text])))
const select = db
  .prepare<[string], number>('SELECT rowid FROM found WHERE found MATCH ? ORDER BY rowid')
  .pluck()
const search = (asked: string): number[] => {
  const query = textQuery(asked)
  return query === undefined ? [] : select.all(query)
}

it.each([
  ['王', [1]],
  ['王大', [1]],
  ['大爷家', [1]],
  ['爷王', []],
  ['王 求助', [1]],
  ['王 李四', []],
  ['button-1', [1]],
  ['BUTT', [1]],
  ['brook', [2]],
  ['door 7', [2]],
  ['防区12', [3]],
  ['École', [3]],
])('%s', (asked, rows) => {
  expect(search(asked)).toEqual(rows)
})

it('whatever is typed is no syntax', () => {
  for (const asked of [
    '"',
    '" OR text : a',
    'NEAR(a b)',
    'text : *',
    "'; DROP TABLE found",
    '*',
    '\u0000',
    '',
  ])
    expect(() => search(asked)).not.toThrow()
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (asked) => {
      search(asked)
    }),
    { numRuns: 300 },
  )
})

it('every word of a text finds it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.nat(), fc.nat(), (text, from, length) => {
      const part = text.slice(from % text.length, (from % text.length) + 1 + (length % 8))
      // A part may begin inside a word of letters, which is not promised.
      const isWhole = /^[\p{Script=Han}]+$/u.test(part)
      expect(isWhole ? search(part) : [texts.indexOf(text) + 1]).toContain(texts.indexOf(text) + 1)
    }),
  )
})
