// Does a box with many messages leave the others their turn?
import { expect, it } from 'vitest'
import { FairQueue } from '../../../platform/fair-queue.ts'

interface Item {
  box: string
  weight: () => number
  split?: (weightMax: number) => Item | undefined
}
const make = (box: string, weight: number): Item => ({ box, weight: () => weight })
/** Can be taken in parts. */
function makeLong(box: string, weight: number): Item {
  let left = weight
  const split = (weightMax: number): Item => {
    left -= weightMax
    return make(box, weightMax)
  }
  return { box, weight: () => left, split }
}
const boxesOf = (taken: readonly { box: string }[]): string => taken.map(({ box }) => box).join('')

it('serves one of each box in turn, in the order in which they came', () => {
  const queue = new FairQueue<Item>()
  for (const box of ['a', 'a', 'a', 'b', 'c']) queue.push(make(box, 1))
  expect(boxesOf(queue.take(100, 100))).toBe('abcaa')
  expect(queue.size).toBe(0)
})

it('a box that has had its share waits for the next turn, and others do not', () => {
  const queue = new FairQueue<Item>()
  for (let i = 0; i < 50; i++) queue.push(make('storm', 100))
  queue.push(make('red', 1))
  const first = queue.take(6000, 300)
  expect(boxesOf(first).replaceAll('storm', 's')).toBe('sredss')
  queue.push(make('red', 1))
  expect(boxesOf(queue.take(6000, 300))).toContain('red')
})

it('continues with the box after the served one, when a commit is full', () => {
  const queue = new FairQueue<Item>()
  for (const box of ['a', 'a', 'b', 'b', 'c', 'c']) queue.push(make(box, 60))
  expect(boxesOf(queue.take(100, 100))).toBe('a')
  expect(boxesOf(queue.take(100, 100))).toBe('b')
  expect(boxesOf(queue.take(100, 100))).toBe('c')
  expect(boxesOf(queue.take(150, 100))).toBe('ab')
})

it('takes one at least, however heavy', () => {
  const queue = new FairQueue<Item>()
  queue.push(make('a', 5000))
  expect(queue.take(100, 10)).toHaveLength(1)
})

it('weighs only what has its turn: what waits behind is not even unpacked', () => {
  const queue = new FairQueue<Item>()
  let weighed = 0
  for (let i = 0; i < 100; i++) queue.push({ box: 'storm', weight: () => (weighed++, 100) })
  queue.take(6000, 300)
  expect(weighed).toBeLessThanOrEqual(4)
})

it('takes a long one in parts, and the others have their turn between these', () => {
  const queue = new FairQueue<Item>()
  queue.push(makeLong('long', 250))
  for (let i = 0; i < 3; i++) queue.push(make('red', 1))
  const weights = () => queue.take(6000, 100).map(({ box, weight }) => `${box} ${weight()}`)
  expect(weights()).toEqual(['long 100', 'red 1', 'red 1', 'red 1'])
  queue.push(make('red', 2))
  expect(weights()).toEqual(['long 100', 'red 2'])
  expect([queue.size, weights(), queue.size]).toEqual([1, ['long 50'], 0])
})

it('names what waits by turns', () => {
  const queue = new FairQueue<Item>()
  for (const [box, weight] of [
    ['a', 1],
    ['a', 2],
    ['b', 3],
  ] as const)
    queue.push(make(box, weight))
  expect([...queue.inTurn()].map(({ weight }) => weight())).toEqual([1, 3, 2])
})
