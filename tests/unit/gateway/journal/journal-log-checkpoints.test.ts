// The write-ahead log is checkpointed between commits at high load, and rarely at low load.
import { expect, test } from 'vitest'
import { LogCheckpoints, rushBytes, rushMs } from '../../../../gateway/journal/commits/log-checkpoints.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

test('is due each time a rush has written enough', () => {
  const folding = new LogCheckpoints(new VirtualClock())
  const part = rushBytes / 4
  expect([1, 2, 3, 4, 5, 6, 7, 8].map(() => folding.committed(part))).toEqual([
    false,
    false,
    false,
    true,
    false,
    false,
    false,
    true,
  ])
})

test('is never due while no second writes enough, however long it goes on', () => {
  const clock = new VirtualClock()
  const folding = new LogCheckpoints(clock)
  const due: boolean[] = []
  for (let i = 0; i < 1000; i++) {
    due.push(folding.committed(rushBytes * 0.4))
    clock.advance(rushMs * 0.9)
  }
  expect(due).not.toContain(true)
})
