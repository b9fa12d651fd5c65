// The times of a walk test: first message of each device, the Receipt that covers it, and what a restart keeps.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WalkTest, type TestNow } from '../../../../../gateway/console/walk-test/walk-test.ts'
import { VirtualClock } from '../../../../../protocols/kit/clock.ts'

let folder: string
let clock: VirtualClock
let test: TestNow | undefined
let receipted = 0
const heard: string[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-walk-'))
  clock = new VirtualClock()
  test = undefined
  receipted = 0
  heard.length = 0
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (): WalkTest =>
  new WalkTest({
    dataDir: folder,
    clock,
    steadyMs: () => clock.monotonicMs(),
    wallMs: () => 1000 + clock.monotonicMs(),
    hasUplink: true,
    devices: [
      { id: 'a', kind: 'button', zone: 'shop' },
      { id: 'b', kind: 'contact', zone: 'hall' },
    ],
    now: () => test,
    receiptedOf: () => receipted,
    vitalsOf: (id) => (id === 'a' ? { signalDbm: -60, batteryPercent: 90 } : {}),
  })
const begin = (place = 'box'): void => {
  const sinceMs = clock.monotonicMs()
  test = { place, by: 'li', sinceMs, untilMs: sinceMs + 60_000, heard }
}
const event = (device: string, number: number) => ({
  lane: 'routine' as const,
  number,
  body: JSON.stringify({ type: 'event', device }),
})
const lines = (walk: WalkTest) =>
  walk.answer().devices.map(({ id, heardAfterMs, receiptMs }) => [id, heardAfterMs, receiptMs])

it('times the first message and its Receipt; the unheard device stays so', () => {
  const walk = open()
  walk.committed([event('a', 1)])
  expect(walk.answer()).toMatchObject({ isOn: false, devices: [] })
  begin()
  clock.advance(3000)
  walk.committed([event('a', 5), { ...event('b', 6), body: '{"type":"alarm","device":"b"}' }, event('x', 7)])
  expect(walk.answer()).toMatchObject({ isOn: true, by: 'li', leftMs: 57_000, atMs: 1000 })
  expect(lines(walk)).toEqual([
    ['a', 3000, undefined],
    ['b', undefined, undefined],
  ])
  receipted = 4
  clock.advance(1000)
  expect(lines(walk)[0]).toEqual(['a', 3000, undefined])
  receipted = 5
  clock.advance(200)
  walk.committed([event('a', 9)])
  const [first] = walk.answer().devices
  expect(first).toMatchObject({ isHeard: true, heardAfterMs: 3000, signalDbm: -60, batteryPercent: 90 })
  expect(first?.receiptMs).toBeGreaterThan(900)
  expect(first?.receiptMs).toBeLessThan(1500)
})

it('keeps the times over a restart and after the end, for the handover sheet', () => {
  const walk = open()
  begin()
  clock.advance(500)
  walk.committed([event('a', 1)])
  receipted = 1
  clock.advance(5000)
  walk.stop()
  heard.push('a', 'b')
  const again = open()
  expect(lines(again)[0]?.[1]).toBe(500)
  // Heard by the engine before a kill, before the time was written.
  expect(again.answer().devices[1]).toMatchObject({ id: 'b', isHeard: true })
  test = undefined
  clock.advance(1000)
  expect(again.answer()).toMatchObject({ isOn: false, by: 'li' })
  expect(again.answer().devices[0]?.receiptMs).toBeDefined()
})

it('tests one zone where only that is on test, and begins anew with the next test', () => {
  const walk = open()
  begin('shop')
  walk.committed([event('a', 1), event('b', 2)])
  expect(walk.answer().devices.map(({ id }) => id)).toEqual(['a'])
  clock.advance(1000)
  begin()
  clock.advance(1000)
  expect(walk.answer().devices.map(({ isHeard }) => isHeard)).toEqual([false, false])
})
