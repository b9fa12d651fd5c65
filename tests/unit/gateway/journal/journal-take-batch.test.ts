// The entries of the next commit: no entry overtakes within its own kind, and an alarm takes no long batch with it.
import { expect, it } from 'vitest'
import {
  batchRecordsMax,
  besideUrgentMax,
  takeBatch,
} from '../../../../gateway/journal/commits/take-batch.ts'

interface Entry {
  name: string
  stored: unknown[]
}

const entry = (name: string, records = 1): Entry => ({ name, stored: Array.from({ length: records }) })
const many = (name: string, count: number): Entry[] =>
  Array.from({ length: count }, (_, i) => entry(`${name}-${i}`))
const names = (entries: Entry[]): string[] => entries.map(({ name }) => name)

it('urgent entries come first, and only a few routine ones share their commit', () => {
  const [urgent, routine] = [many('u', 2), many('r', 500)]
  expect(names(takeBatch(urgent, routine))).toEqual([
    ...names(many('u', 2)),
    ...names(many('r', besideUrgentMax)),
  ])
  expect(urgent).toEqual([])
  expect(names(routine).slice(0, 1)).toEqual([`r-${besideUrgentMax}`])
})

it('routine entries alone fill a commit up to its bound, in their order', () => {
  const routine = many('r', batchRecordsMax + 3)
  expect(names(takeBatch([], routine))).toEqual(names(many('r', batchRecordsMax)))
  expect(routine).toHaveLength(3)
})

it('an entry of more than the bound goes alone, urgent or not', () => {
  const [urgent, routine] = [[entry('u', batchRecordsMax + 1), entry('v')], many('r', 2)]
  expect(names(takeBatch(urgent, routine))).toEqual(['u'])
  expect(names(takeBatch([], [entry('long', batchRecordsMax + 1), entry('r')]))).toEqual(['long'])
  expect(names(takeBatch(urgent, routine))).toEqual(['v', 'r-0', 'r-1'])
})

it('no routine entry, however small, goes before an urgent one that did not fit', () => {
  const [urgent, routine] = [
    [entry('u', batchRecordsMax - 1), entry('v', 2)],
    [entry('checkpoint', 0), entry('r')],
  ]
  expect(names(takeBatch(urgent, routine))).toEqual(['u'])
  expect(names(takeBatch(urgent, routine))).toEqual(['v', 'checkpoint', 'r'])
})

it('an empty queue makes an empty batch', () => {
  expect(takeBatch([], [])).toEqual([])
})
