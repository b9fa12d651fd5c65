// Is the watchdog fed while the box works, and not when the journal's thread no longer answers? Does a frozen uplink end the program?
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { BoxFacts } from '../../../../gateway/health/box-facts.ts'
import { frozenChecks, pulseMs, startTicks } from '../../../../gateway/wiring/start-ticks.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

async function pass(clock: VirtualClock, forMs: number): Promise<void> {
  for (let ms = 0; ms < forMs; ms += 250) {
    clock.advance(250)
    // The awaited parts of a tick are done within a few turns.
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  }
}

it('tells that the box works only while the thread of the journal answers and the uplink goes on', async () => {
  const clock = new VirtualClock()
  let answer: () => Promise<never[]> = () => Promise.resolve([])
  let alive = 0
  let isMoving = true
  const frozen: string[] = []
  const stop = startTicks({
    clock,
    logger: pino({ level: 'silent' }),
    intake: { judge: () => Promise.resolve(), nextDueMs: () => Infinity },
    journal: { readQuarantine: () => answer() },
    watch: { look: () => undefined },
    daily: { look: () => undefined },
    facts: new BoxFacts(),
    steadyMs: () => clock.monotonicMs(),
    isUplinkMoving: () => isMoving,
    onUplinkFrozen: (error) => frozen.push(error.message),
    onAlive: () => alive++,
  })
  onTestFinished(stop)
  await pass(clock, 3 * pulseMs)
  expect(alive).toBe(3)
  isMoving = false
  await pass(clock, pulseMs)
  isMoving = true
  await pass(clock, pulseMs)
  isMoving = false
  await pass(clock, pulseMs)
  expect(frozen).toEqual([])
  expect(alive).toBe(4)
  await pass(clock, (frozenChecks + 3) * pulseMs)
  expect(frozen).toEqual(['the uplink is frozen'])
  expect(alive).toBe(4)
  isMoving = true
  answer = () => Promise.reject(new Error('CLOSED'))
  await pass(clock, 2 * pulseMs)
  expect(alive).toBe(4)
  answer = () => new Promise(() => undefined)
  await pass(clock, 10 * pulseMs)
  expect(alive).toBe(4)
})
