// Question: are the cameras stopped while an alarm is on its way, only briefly, and do they run again in every case?
import { expect, it } from 'vitest'
import { CameraPause, pauseMs } from '../../../../gateway/cameras/process/camera-pause.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

function open(): { clock: VirtualClock; still: CameraPause; sent: string[] } {
  const clock = new VirtualClock()
  const sent: string[] = []
  const still = new CameraPause(clock, (signal) => sent.push(`${clock.monotonicMs()} ${signal}`))
  return { clock, still, sent }
}

it('stops them for a moment', () => {
  const { clock, still, sent } = open()
  still.begin()
  clock.advance(1000)
  expect(sent).toEqual(['0 SIGSTOP', `${pauseMs} SIGCONT`])
})

it('lets them run half of the time in a storm', () => {
  const { clock, still, sent } = open()
  for (let ms = 0; ms < 1000; ms++) {
    still.begin()
    clock.advance(1)
  }
  const stops = sent.filter((one) => one.endsWith('SIGSTOP'))
  expect(stops.length).toBeGreaterThan(10)
  expect(stops.length * pauseMs).toBeLessThanOrEqual(520)
  clock.advance(pauseMs)
  expect(sent.at(-1)).toMatch(/SIGCONT/)
})

it('lets them run at once on request, and only once', () => {
  const { clock, still, sent } = open()
  still.end()
  still.begin()
  clock.advance(5)
  still.end()
  clock.advance(1000)
  expect(sent).toEqual(['0 SIGSTOP', '5 SIGCONT'])
})
