// Does work repeat with a pause after each end, never twice at a time, and is a running one awaited at the stop?
import { expect, it } from 'vitest'
import { pause } from '../../../../platform/time/pause.ts'
import { RepeatedWork } from '../../../../platform/time/repeated-work.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('begins the pause at the end of a run, and ends with the run that is under way', async () => {
  const clock = new VirtualClock()
  let runs = 0
  let end: () => void = () => undefined
  const work = new RepeatedWork({
    clock,
    pauseMs: 100,
    run: () => {
      runs++
      return new Promise((resolve) => (end = resolve))
    },
  })
  work.start(10)
  clock.advance(10)
  clock.advance(1000)
  expect(runs).toBe(1)
  end()
  await settle()
  clock.advance(99)
  expect(runs).toBe(1)
  clock.advance(1)
  expect(runs).toBe(2)
  let isStopped = false
  const stopped = work.stop().then(() => (isStopped = true))
  await settle()
  expect([work.isStopped, isStopped]).toEqual([true, false])
  end()
  await stopped
  clock.advance(1000)
  work.start()
  clock.advance(1000)
  expect(runs).toBe(2)
})

it('pauses for the time, or until it is aborted', async () => {
  const clock = new VirtualClock()
  const abort = new AbortController()
  const ended: string[] = []
  const wait = (name: string): Promise<void> =>
    pause(clock, 100, abort.signal).then(() => void ended.push(name))
  const first = wait('first')
  clock.advance(100)
  await first
  const second = wait('second')
  abort.abort()
  await second
  await wait('third')
  expect(ended).toEqual(['first', 'second', 'third'])
})
