// Does one box that sends files without end take none of the time of the others?
import { expect, it } from 'vitest'
import { UploadPace, uploadPauseMs, uploadsAtOnce } from '../../../../centre/fleet/upload-pace.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

it('takes a few files of a box at once, then one per pause, and those of another box at any time', () => {
  const clock = new VirtualClock()
  const pace = new UploadPace(clock)
  const taken = (box: string): number =>
    Array.from({ length: 50 }, () => pace.take(box, 'plan')).filter(Boolean).length
  expect([taken('box-a'), taken('box-b')]).toEqual([uploadsAtOnce, uploadsAtOnce])
  expect(pace.take('box-a', 'handover')).toBe(true)
  clock.advance(uploadPauseMs)
  expect(taken('box-a')).toBe(1)
})
