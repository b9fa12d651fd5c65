// Bounded maps: does the oldest go, and is each one told?
import { expect, it } from 'vitest'
import { forgetOldest } from '../../../platform/forget-oldest.ts'

it('removes from the oldest on until so many are left, and names each', () => {
  const map = new Map([1, 2, 3, 4].map((key) => [key, key]))
  const forgotten: number[] = []
  forgetOldest(map, 4, (key) => forgotten.push(key))
  expect([map.size, forgotten]).toEqual([4, []])
  forgetOldest(map, 2, (key) => forgotten.push(key))
  expect([[...map.keys()], forgotten]).toEqual([
    [3, 4],
    [1, 2],
  ])
  const set = new Set(['a', 'b'])
  forgetOldest(set, 0)
  expect(set.size).toBe(0)
})
