// Is a box above its limit slowed in its lower lanes only, does it lose nothing, and is it within its limit again in
// time?
import { Registry } from 'prom-client'
import { beforeEach, expect, it } from 'vitest'
import { BoxLimits, calmMs } from '../../../../centre/receiver/box-limits.ts'
import type { LaneBatch } from '../../../../centre/storage/port.ts'

const second = 1000
let nowMs: number
let due: { atMs: number; run: () => void }[]
let told: [box: string, over: string | undefined][]
let onDisk: { box: string; bytes: number }[]
let limits: BoxLimits

beforeEach(async () => {
  ;[nowMs, due, told, onDisk] = [0, [], [], []]
  limits = new BoxLimits({
    clock: {
      monotonicMs: () => nowMs,
      after: (delayMs, run) => {
        due.push({ atMs: nowMs + delayMs, run })
        return () => undefined
      },
    },
    registry: new Registry(),
    bytesPerDay: 86_400 * 1000,
    burstBytes: 100_000,
    diskBytesMax: 1_000_000,
    storedBytes: async () => onDisk,
    onChange: (box, over) => told.push([box, over]),
  })
  limits.start()
  await pass(0)
})

async function pass(ms: number): Promise<void> {
  const endMs = nowMs + ms
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve))
    const next = due.findIndex(({ atMs }) => atMs <= endMs)
    if (next < 0) break
    const [{ atMs, run }] = due.splice(next, 1) as [{ atMs: number; run: () => void }]
    nowMs = Math.max(nowMs, atMs)
    run()
  }
  nowMs = endMs
}

const store = (box: string, bytes: number, skipped = 0): void =>
  limits.stored([
    {
      box,
      bodies: ['x'.repeat(bytes - 100)],
      skipped: Array.from({ length: skipped }),
    } as unknown as LaneBatch,
  ])

it('puts lower lanes off above the burst, never red and orange, and takes them again at the rate of a day', async () => {
  store('box-a', 99_000)
  expect(limits.putsOff('box-a', 'routine')).toBe(false)
  store('box-a', 2000)
  expect(['red', 'orange', 'yellow', 'blue', 'routine'].map((lane) => limits.putsOff('box-a', lane))).toEqual(
    [false, false, true, true, true],
  )
  expect(limits.putsOff('box-b', 'routine')).toBe(false)
  expect(told).toEqual([['box-a', 'rate']])
  nowMs += 2 * second
  expect(limits.putsOff('box-a', 'routine')).toBe(false)
})

it('counts what a box skips, and tells of a box that passes its share with red alone', () => {
  store('box-a', 200, 1000)
  expect(told).toEqual([['box-a', 'rate']])
})

it('is within its share again once nothing was put off for ten minutes', async () => {
  store('box-a', 101_000)
  await pass(calmMs / 2)
  store('box-a', 500_000)
  await pass(calmMs - 60 * second)
  expect(told).toHaveLength(1)
  await pass(120 * second)
  expect(told).toEqual([
    ['box-a', 'rate'],
    ['box-a', undefined],
  ])
})

it('an alarm that stood when the centre stopped ends in its time, and a full disk stays reported until something is deleted', async () => {
  limits.remember('box-a')
  onDisk = [{ box: 'box-b', bytes: 1_000_000 }]
  await pass(60 * second)
  expect(limits.putsOff('box-b', 'routine')).toBe(true)
  await pass(2 * calmMs)
  expect(told).toEqual([
    ['box-b', 'disk'],
    ['box-a', undefined],
  ])
  onDisk = [{ box: 'box-b', bytes: 900_000 }]
  await pass(60 * second)
  expect(told.at(-1)).toEqual(['box-b', undefined])
})

it('reminds a box that is put off of its Receipt, every some seconds', () => {
  store('box-a', 101_000)
  expect([limits.isReceiptDue('box-a'), limits.isReceiptDue('box-a'), limits.isReceiptDue('box-b')]).toEqual([
    true,
    false,
    false,
  ])
  nowMs += 5 * second
  expect(limits.isReceiptDue('box-a')).toBe(true)
})
