// Documents of a commit: the newest is last, and an entry left out of a full batch overwrites nothing later.
import { expect, it } from 'vitest'
import {
  documentsOf,
  supersede,
  type DocumentsOfEntry,
} from '../../../../gateway/journal/commits/document-order.ts'

const entry = (order: number, ...state: [string, object | undefined][]): DocumentsOfEntry => ({
  order,
  state,
})

it('writes documents in the order of judging though an urgent entry overtook', () => {
  const urgent = entry(7, ['alarm', { is: 'acknowledged' }], ['gone', undefined])
  const routine = entry(5, ['alarm', { is: 'unacknowledged' }], ['zone', { is: 'armed' }])
  expect(documentsOf([urgent, routine])).toEqual([
    ['alarm', '{"is":"unacknowledged"}'],
    ['zone', '{"is":"armed"}'],
    ['alarm', '{"is":"acknowledged"}'],
    ['gone', null],
  ])
})

it('takes older documents from entries that a full batch leaves behind, and no others', () => {
  const left = [entry(3, ['alarm', {}], ['zone', {}]), entry(9, ['alarm', { is: 'newer' }])]
  supersede(left, [entry(7, ['alarm', {}]), entry(2, ['alarm', {}])])
  expect(left.map(({ state }) => state)).toEqual([[['zone', {}]], [['alarm', { is: 'newer' }]]])
})
