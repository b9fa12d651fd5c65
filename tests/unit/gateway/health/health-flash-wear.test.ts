// The wear of the box's flash card, and its report.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import {
  cardEnduranceBytes,
  FlashWear,
  readOwnWrittenBytes,
  writeAmplification,
} from '../../../../gateway/health/flash-wear.ts'

const minuteMs = 60_000

test('projects the life of the card from a day of writing', () => {
  let [nowMs, written] = [0, 0]
  const wear = new FlashWear({ monotonicMs: () => nowMs, readWrittenBytes: () => written })
  nowMs = 24 * 60 * minuteMs
  written = 100e6
  const facts = wear.facts()
  expect(facts?.bytesPerDay).toBeCloseTo(100e6)
  expect(facts?.cardYears).toBeCloseTo(cardEnduranceBytes / writeAmplification / 100e6 / 365.25)
})

test('projects nothing from the first ten minutes, which are mostly the start', () => {
  let nowMs = 0
  const wear = new FlashWear({ monotonicMs: () => nowMs, readWrittenBytes: () => 5e6 })
  nowMs = 9 * minuteMs
  expect(wear.facts()).toEqual({ writtenBytes: 5e6 })
  nowMs = 11 * minuteMs
  expect(wear.facts()?.cardYears).toBeGreaterThan(0)
})

test('says nothing where the system does not count', () => {
  expect(new FlashWear({ monotonicMs: () => 0, readWrittenBytes: () => undefined }).facts()).toBeUndefined()
})

test('counts what this process really writes, and does not count it twice when asked twice', async () => {
  const registry = new Registry()
  new FlashWear({ monotonicMs: () => 0 }).register(registry)
  const before = readOwnWrittenBytes() ?? 0
  const folder = mkdtempSync(join(process.cwd(), '.flash-wear-'))
  try {
    const file = openSync(join(folder, 'written'), 'w')
    writeSync(file, Buffer.alloc(1_000_000))
    fdatasyncSync(file)
    closeSync(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
  const counted = async (): Promise<number> =>
    Number(/^gengfu_flash_written_bytes_total (\d+)/m.exec(await registry.metrics())?.[1])
  expect((await counted()) - before).toBeGreaterThanOrEqual(1_000_000)
  expect((await counted()) - before).toBeLessThan(20_000_000)
})
