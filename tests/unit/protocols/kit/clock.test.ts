// Does the virtual clock run what is due in order of time, and is a leap a suspended machine: what is due runs once, at the end?
import { expect, test } from 'vitest'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

function ticking(everyMs: number): { clock: VirtualClock; ticks: number[] } {
  const clock = new VirtualClock()
  const ticks: number[] = []
  const tick = (): void => {
    ticks.push(clock.monotonicMs())
    clock.after(everyMs, tick)
  }
  clock.after(everyMs, tick)
  return { clock, ticks }
}

test('advancing runs every period at its own time', () => {
  const { clock, ticks } = ticking(1000)
  clock.advance(3500)
  expect(ticks).toEqual([1000, 2000, 3000])
  expect(clock.monotonicMs()).toBe(3500)
})

test('a leap runs a period that is over many times once, and the next one a period later', () => {
  const { clock, ticks } = ticking(1000)
  const startMs = clock.wallMs()
  clock.leap(86_400_000)
  expect(ticks).toEqual([86_400_000])
  expect(clock.wallMs() - startMs).toBe(86_400_000)
  clock.advance(1000)
  expect(ticks).toEqual([86_400_000, 86_401_000])
})

test('entries due together keep the order of their calls, and a cancelled one never runs', () => {
  const clock = new VirtualClock()
  const ran: string[] = []
  clock.after(5, () => ran.push('first'))
  const cancel = clock.after(5, () => ran.push('cancelled'))
  clock.after(5, () => ran.push('second'))
  cancel()
  clock.leap(10)
  expect(ran).toEqual(['first', 'second'])
})
