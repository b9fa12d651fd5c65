// Are the times of a boot without a clock repaired once its start is known, and only those?
import { describe, expect, it } from 'vitest'
import {
  isClockSynced,
  mayNeedRepair,
  parseUnsynced,
  readBootTime,
  repairTime,
} from '../../../../centre/alarms/boot-time.ts'
import { bootMax } from '../../../../protocols/domain/limits.ts'
import type { LogRecord } from '../../../../protocols/domain/record.ts'

const log = (facts: Record<string, unknown> | undefined, what = 'clock-synced'): LogRecord => ({
  type: 'log',
  sequence: 1,
  boot: 3,
  sinceBootMs: 9000,
  atMs: 9000,
  clock: 'synced',
  what,
  ...(facts ? { facts } : {}),
})

describe('the record of a clock that was set', () => {
  it('is known by its name', () => {
    expect(isClockSynced(log({}))).toBe(true)
    expect(isClockSynced(log({}, 'started'))).toBe(false)
  })

  it('gives boot and start, or nothing when a box sends other facts', () => {
    expect(readBootTime(log({ boot: 3, bootWallMs: 1_700_000_000_000 }))).toEqual({
      boot: 3,
      bootWallMs: 1_700_000_000_000,
    })
    for (const facts of [
      undefined,
      {},
      { boot: '3', bootWallMs: 1 },
      { boot: 0, bootWallMs: 1 },
      { boot: 1.5, bootWallMs: 1 },
      { boot: bootMax + 1, bootWallMs: 1 },
      { boot: 3, bootWallMs: -1 },
      { boot: 3, bootWallMs: Number.NaN },
      { boot: 3 },
    ])
      expect(readBootTime(log(facts))).toBeUndefined()
  })
})

describe('a time', () => {
  const unsynced = { boot: 3, sinceBootMs: 1500.4, atMs: 1500, clock: 'unsynced' } as const

  it('without a date is counted from the start of its boot', () => {
    expect(repairTime(unsynced, 1_000_000)).toEqual({ ...unsynced, atMs: 1_001_500, clock: 'repaired' })
  })

  it('stays as it is while the start is unknown, and where the clock was right', () => {
    expect(repairTime(unsynced, undefined)).toBe(unsynced)
    const synced = { ...unsynced, clock: 'synced' } as const
    expect(repairTime(synced, 1_000_000)).toBe(synced)
  })
})

it('finds the records to repair by their own clock, not by a text inside them', () => {
  const body = JSON.stringify({ ...log({}), clock: 'unsynced' })
  expect(mayNeedRepair(body)).toBe(true)
  expect(parseUnsynced(body)).toMatchObject({ clock: 'unsynced' })
  const quoted = JSON.stringify(log({ inner: { clock: 'unsynced' } }))
  expect(mayNeedRepair(quoted)).toBe(true)
  expect(parseUnsynced(quoted)).toBeUndefined()
  expect(parseUnsynced(JSON.stringify(log({})))).toBeUndefined()
})
