// Does a box with many messages leave the others their turn?
import { expect, it } from 'vitest'
import { FairQueue } from '../../../platform/fair-queue.ts'

const make = (box: string, weight: number) => ({ box, weight: () => weight })
const boxesOf = (taken: readonly { box: string }[]): string => taken.map(({ box }) => box).join('')

it('serves one of each box in turn, in the order in which they came', () => {
  const queue = new FairQueue()
  for (const box of ['a', 'a', 'a', 'b', 'c']) queue.push(make(box, 1))
  expect(boxesOf(queue.take(100, 100))).toBe('abcaa')
  expect(queue.size).toBe(0)
})

it('a box that has had its share waits for the next turn, and others do not', () => {
  const queue = new FairQueue()
  for (let i = 0; i < 50; i++) queue.push(make('storm', 100))
  queue.push(make('red', 1))
  const first = queue.take(6000, 300)
  expect(boxesOf(first).replaceAll('storm', 's')).toBe('sredss')
  queue.push(make('red', 1))
  expect(boxesOf(queue.take(6000, 300))).toContain('red')
})

it('continues with the box after the served one, when a commit is full', () => {
  const queue = new FairQueue()
  for (const box of ['a', 'a', 'b', 'b', 'c', 'c']) queue.push(make(box, 60))
  expect(boxesOf(queue.take(100, 100))).toBe('a')
  expect(boxesOf(queue.take(100, 100))).toBe('b')
  expect(boxesOf(queue.take(100, 100))).toBe('c')
  expect(boxesOf(queue.take(150, 100))).toBe('ab')
})

it('takes one at least, however heavy', () => {
  const queue = new FairQueue()
  queue.push(make('a', 5000))
  expect(queue.take(100, 10)).toHaveLength(1)
})

it('weighs only what has its turn: what waits behind is not even unpacked', () => {
  const queue = new FairQueue()
  let weighed = 0
  for (let i = 0; i < 100; i++) queue.push({ box: 'storm', weight: () => (weighed++, 100) })
  queue.take(6000, 300)
  expect(weighed).toBeLessThanOrEqual(4)
})
