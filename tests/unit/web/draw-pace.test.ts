// Question: is a red drawn soon also in a flood, and the rest at a pace that an old phone can follow?
import { expect, test } from 'vitest'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { DrawPace, drawEveryMs, drawRedEveryMs } from '../../../web/desk/queue/draw-pace.ts'

test('draws the first change at once, a flood at its pace, and a new red in less', () => {
  const clock = new VirtualClock(0)
  const drawn: number[] = []
  const pace = new DrawPace({ clock, draw: () => drawn.push(clock.monotonicMs()) })
  clock.advance(1000)
  pace.soon(false)
  clock.advance(0)
  expect(drawn).toEqual([1000])
  for (let ms = 0; ms < 10; ms++) {
    clock.advance(1)
    pace.soon(false)
  }
  expect(drawn).toEqual([1000])
  pace.soon(true)
  clock.advance(drawRedEveryMs - 10)
  expect(drawn).toEqual([1000, 1000 + drawRedEveryMs])
  // The one draw has the changes of both.
  clock.advance(drawEveryMs * 3)
  expect(drawn).toHaveLength(2)
  // Reds without end: no more draws than the pace of reds has.
  const beganMs = clock.monotonicMs()
  for (let ms = 0; ms < 500; ms++) {
    pace.soon(true)
    pace.soon(false)
    clock.advance(1)
  }
  expect(drawn.length - 2).toBeLessThanOrEqual(500 / drawRedEveryMs + 1)
  expect(drawn.at(-1)).toBeGreaterThan(beganMs + 500 - drawRedEveryMs - 2)
  pace.soon(false)
  pace.now()
  const count = drawn.length
  clock.advance(drawEveryMs * 2)
  expect(drawn).toHaveLength(count)
})
