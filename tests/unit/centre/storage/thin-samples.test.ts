// A long curve of a water gauge is thinned for the screen: no peak is lost, and the newest level stays.
import { expect, test } from 'vitest'
import { createLevelReader, thinSamples } from '../../../../centre/storage/sqlite/records/level-reader.ts'
import type { LevelSample } from '../../../../protocols/desk/villages/levels.ts'

test('a short curve stays as it is', () => {
  const short: LevelSample[] = [
    [1, 5],
    [2, 6],
  ]
  expect(thinSamples(short, 10)).toEqual(short)
  expect(createLevelReader).toBeTypeOf('function')
})

test('keeps the peak and the newest sample, in order', () => {
  const long = Array.from({ length: 10_000 }, (_, at): LevelSample => [at, at === 4321 ? 9000 : 1000])
  const thin = thinSamples(long, 200)
  expect(thin.length).toBeLessThanOrEqual(200)
  expect(thin).toContainEqual([4321, 9000])
  expect(thin.at(-1)).toEqual([9999, 1000])
  expect(thin).toEqual([...thin].sort(([a], [b]) => a - b))
})
