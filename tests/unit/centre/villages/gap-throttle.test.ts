// Is a lane with frequently changing holes reported only from time to time, and correctly in the end?
import { expect, it } from 'vitest'
import { GapThrottle, gapPauseMs } from '../../../../centre/villages/gap-throttle.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

it('tells the first at once and of all that follow the latest, once in a pause; other lanes do not wait', () => {
  const clock = new VirtualClock()
  const told: string[] = []
  const notes = new GapThrottle<{ box: string; lane: string; n: number }>(clock, ({ lane, n }) =>
    told.push(`${lane} ${n}`),
  )
  for (let n = 1; n <= 100; n++) notes.add({ box: 'a', lane: 'red', n })
  notes.add({ box: 'a', lane: 'blue', n: 1 })
  expect(told).toEqual(['red 1', 'blue 1'])
  clock.advance(gapPauseMs)
  expect(told).toEqual(['red 1', 'blue 1', 'red 100'])
  clock.advance(gapPauseMs)
  notes.add({ box: 'a', lane: 'red', n: 101 })
  expect(told.at(-1)).toBe('red 101')
})
