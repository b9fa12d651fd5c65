// The words of a water curve: stage, trend and time to the next stage, from samples as gauges send them.
import { expect, test } from 'vitest'
import type { LevelSample } from '../../../protocols/desk/villages/levels.ts'
import type { StageLevel } from '../../../protocols/domain/places/water-stages.ts'
import { tableRows, trendOf } from '../../../web/desk/water/level-trend.ts'

const minute = 60_000
const stages: StageLevel[] = [
  { stage: 'warning', mm: 3000 },
  { stage: 'guarantee', mm: 3500 },
]
/** One sample each ten minutes, the newest at 0. */
const every10 = (levels: readonly number[]): LevelSample[] =>
  levels.map((mm, at) => [(at - levels.length + 1) * 10 * minute, mm])

test('a rise says when the next stage is reached', () => {
  const trend = trendOf(every10([2800, 2850, 2900, 2950, 3000, 3050, 3100]), stages, 0)
  expect(trend).toMatchObject({ levelMm: 3100, isStale: false, stage: { stage: 'warning' } })
  expect(trend?.riseMmPerHour).toBeCloseTo(300, 6)
  expect(trend?.next).toEqual({ stage: 'guarantee', mm: 3500, minutes: 80 })
})

test('one wrong sample does not turn the trend', () => {
  const trend = trendOf(every10([3100, 3110, 3120, 3020, 3140, 3150, 3160]), stages, 0)
  expect(trend?.riseMmPerHour).toBeGreaterThan(30)
})

test('a fall, a level and a stale curve promise no time', () => {
  expect(trendOf(every10([3300, 3250, 3200, 3150]), stages, 0)?.next).toEqual({
    stage: 'guarantee',
    mm: 3500,
  })
  expect(trendOf(every10([3200, 3200, 3201, 3201]), stages, 0)?.next?.minutes).toBeUndefined()
  const stale = trendOf(every10([3100, 3200, 3300]), stages, 3 * 60 * minute)
  expect(stale).toMatchObject({ isStale: true })
  expect(stale?.next?.minutes).toBeUndefined()
})

test('too few samples give no trend, and a gauge that seldom sends gives that of three hours', () => {
  expect(trendOf(every10([3000, 3100]), stages, 0)?.riseMmPerHour).toBeUndefined()
  const hourly: LevelSample[] = [0, 1, 2].map((hour) => [(hour - 2) * 60 * minute, 3000 + hour * 60])
  expect(trendOf(hourly, stages, 0)?.riseMmPerHour).toBeCloseTo(60, 6)
  expect(trendOf([], stages, 0)).toBeUndefined()
})

test('above the highest stage there is no next one', () => {
  const trend = trendOf(every10([3600, 3650, 3700]), stages, 0)
  expect(trend?.stage?.stage).toBe('guarantee')
  expect(trend?.next).toBeUndefined()
})

test('the table is short, has the newest first, and the highest level', () => {
  const long = Array.from({ length: 500 }, (_, at): LevelSample => [at, at === 123 ? 9000 : 1000 + at])
  const rows = tableRows(long, stages)
  expect(rows.length).toBeLessThanOrEqual(25)
  expect(rows[0]?.atMs).toBe(499)
  expect(rows.some(({ levelMm, stage }) => levelMm === 9000 && stage?.stage === 'guarantee')).toBe(true)
  const times = rows.map(({ atMs }) => atMs)
  expect(times).toEqual([...times].sort((a, b) => b - a))
})
