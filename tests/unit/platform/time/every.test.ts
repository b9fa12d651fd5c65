// Work on a clock: does it come as often as asked, go on when one turn throws, and end when it is told?
import { expect, it } from 'vitest'
import { every } from '../../../../platform/time/every.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

it('runs after the first wait and then in each period, until it is ended', () => {
  const clock = new VirtualClock()
  const atMs: number[] = []
  const end = every(clock, 100, () => atMs.push(clock.monotonicMs()), 10)
  clock.advance(250)
  end()
  clock.advance(500)
  const fromMs = atMs[0] ?? 0
  expect(atMs.map((ms) => ms - fromMs)).toEqual([0, 100, 200])
})

it('comes again after a turn that threw', () => {
  const clock = new VirtualClock()
  let turns = 0
  const end = every(clock, 100, () => {
    turns++
    throw new Error('this turn failed')
  })
  for (let i = 0; i < 2; i++) expect(() => clock.advance(100)).toThrow('this turn failed')
  end()
  expect(turns).toBe(2)
})
