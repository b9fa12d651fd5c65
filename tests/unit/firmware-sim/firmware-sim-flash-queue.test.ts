// The simulated flash: what is kept, in which order, and what is dropped when it is full.
import { expect, test } from 'vitest'
import { Battery } from '../../../firmware-sim/devices/battery.ts'
import { FlashQueue, type QueuedEvent } from '../../../firmware-sim/devices/flash-queue.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'

const event = (messageId: string, isUrgent = false): QueuedEvent => ({
  messageId,
  isUrgent,
  payload: new Uint8Array(),
  sends: 0,
})

test('a full queue refuses a routine event and counts it', () => {
  const queue = new FlashQueue(2)
  queue.push(event('a'), 0)
  queue.push(event('b'), 0)
  expect(queue.push(event('c'), 0)).toBe(false)
  expect(queue.ids()).toEqual(['a', 'b'])
  expect(queue.dropped).toBe(1)
})

test('an urgent event takes the place of the oldest routine one that is not on the wire', () => {
  const queue = new FlashQueue(3)
  for (const id of ['a', 'b', 'c']) queue.push(event(id), 0)
  expect(queue.push(event('red', true), 1)).toBe(true)
  expect(queue.ids()).toEqual(['a', 'c', 'red'])
  expect(queue.dropped).toBe(1)
})

test('a queue full of urgent events keeps the first ones', () => {
  const queue = new FlashQueue(2)
  queue.push(event('a', true), 0)
  queue.push(event('b', true), 0)
  expect(queue.push(event('c', true), 0)).toBe(false)
  expect(queue.ids()).toEqual(['a', 'b'])
})

test('a battery runs down with time and with sending, never below nothing, and can be replaced', () => {
  const clock = new VirtualClock()
  const battery = new Battery({ clock, startPercent: 50, percentPerDay: 10, percentPerSend: 1 })
  clock.advance(86_400_000)
  for (let i = 0; i < 5; i++) battery.spend()
  expect(battery.percent).toBe(35)
  clock.advance(10 * 86_400_000)
  expect([battery.percent, battery.isDead]).toEqual([0, true])
  battery.replace(100)
  expect(battery.percent).toBe(100)
})
