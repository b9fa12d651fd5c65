// The question of a search: whole days of China, empty fields left out, newest first; and the last search belongs to one person.
import { expect, test } from 'vitest'
import { lastSearch } from '../../../web/desk/search/last-search.ts'
import { dayStartMs, emptyForm, isSpan, searchPath } from '../../../web/desk/search/search-query.ts'

const queryOf = (path: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(path.split('?')[1]))

test('asks for whole days in China, both in', () => {
  expect(dayStartMs('2026-11-30')).toBe(Date.UTC(2026, 10, 29, 16))
  expect(dayStartMs('')).toBeUndefined()
  expect(dayStartMs('2026-13-40')).toBeUndefined()
  const form = { ...emptyForm(), from: '2026-11-29', to: '2026-11-30' }
  const query = queryOf(searchPath(form))
  expect(Number(query['to']) - Number(query['from'])).toBe(2 * 86_400_000)
  expect(isSpan(form)).toBe(true)
  expect(isSpan({ from: '2026-12-01', to: '2026-11-30' })).toBe(false)
  expect(isSpan({ from: '2026-12-01', to: '' })).toBe(true)
})

test('leaves empty fields out, and is a search all the same', () => {
  expect(queryOf(searchPath(emptyForm()))).toEqual({ limit: '50', state: 'all', from: '0' })
})

test('asks for alarms and cases each in its own words, page by page', () => {
  const form = { ...emptyForm(), text: ' 王奶奶 & 床头 ', colour: 'red' as const, isAll: false }
  expect(searchPath(form)).toMatch(/^alarms\?/)
  expect(queryOf(searchPath(form, 's.12'))).toMatchObject({
    state: 'active',
    q: '王奶奶 & 床头',
    colour: 'red',
    after: 's.12',
  })
  const cases = searchPath({ ...form, what: 'cases' })
  expect(cases).toMatch(/^cases\?/)
  expect(queryOf(cases)['state']).toBe('open')
})

test('the last search is there again for the same person, and for no other', () => {
  lastSearch('wang').form.text = 'secret'
  expect(lastSearch('wang').form.text).toBe('secret')
  expect(lastSearch('zhao').form.text).toBe('')
  expect(lastSearch('wang').form.text).toBe('')
})
