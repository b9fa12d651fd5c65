// Do levels that arrive late, all at once or out of order raise what they would have raised in order, and nothing else;
// and does "no data" count as no level?
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseReadingsCsv } from '../../../../gateway/alarms/replay/readings-csv.ts'
import { isNoData } from '../../../../gateway/alarms/water/no-data.ts'
import { placeSample } from '../../../../gateway/alarms/water/water-time.ts'
import { outranks, type Colour } from '../../../../protocols/domain/colour.ts'
import { AlarmVillage } from './alarm-village.ts'

const minuteMs = 60_000
const stepMs = 5 * minuteMs
const url = new URL('../../../data/water/usgs-flash-floods-5min.csv', import.meta.url)
const parsed = parseReadingsCsv(readFileSync(url, 'utf8'), { stageMm: 'waterLevelMm' })
if (!parsed.ok) throw new Error('the recorded floods can not be read')
const recorded = parsed.value
  .filter(({ readings }) => readings['site'] === '01589330')
  .map(({ readings }) => readings.waterLevelMm ?? 0)
/** The steepest rises in the recordings: floods; and the flattest parts. */
const starts = recorded.map((_, at) => at).slice(60, -60)
const riseAt = (at: number): number => (recorded[at + 12] ?? 0) - (recorded[at] ?? 0)
const floods = [...starts].sort((a, b) => riseAt(b) - riseAt(a)).slice(0, 60)
const calm = starts.filter((at) => Math.abs(riseAt(at)) < 30)

const water = { drySeasonMm: 250, nearWarningMm: 600, warningMm: 900, guaranteeMm: 1200, historicMm: 1700 }
const creek = (): AlarmVillage =>
  new AlarmVillage({ devices: [{ id: 'gauge', kind: 'water', reportIntervalS: 300, water }] })

interface Delivery {
  /** Which sample of the series, and when it arrives. */
  index: number
  arrivesMs: number
}

/** The highest colour that people received, and the number of water alarms. */
function judge(
  series: readonly number[],
  deliveries: readonly Delivery[],
  atOf = (ms: number): number | undefined => ms,
) {
  const place = creek()
  for (const { index, arrivesMs } of deliveries) {
    place.wait(Math.max(0, arrivesMs - place.nowMs) / 1000)
    const deviceAtMs = atOf(place.wallOffsetMs + index * stepMs)
    place.judge({
      type: 'event',
      event: {
        device: 'gauge',
        messageId: `1-${index}`,
        readings: { waterLevelMm: series[index] ?? 0 },
        ...(deviceAtMs === undefined ? {} : { deviceAtMs }),
      },
    })
  }
  let peak: Colour | undefined
  for (const { alarm } of place.transitions)
    if (alarm.kind === 'water' && alarm.variant !== 'unconfirmed' && (!peak || outranks(alarm.colour, peak)))
      peak = alarm.colour
  return { peak: peak ?? 'none', place }
}

const inOrder = (length: number): Delivery[] =>
  Array.from({ length }, (_, index) => ({ index, arrivesMs: index * stepMs }))

/** The samples from..to arrive together when `to` is measured, in this order. */
function handedOver(
  length: number,
  from: number,
  to: number,
  order: (indexes: number[]) => number[],
): Delivery[] {
  const all = inOrder(length)
  const held = order(all.slice(from, to).map(({ index }) => index))
  const back = held.map((index, at) => ({ index, arrivesMs: to * stepMs + at * 100 }))
  return [...all.slice(0, from), ...back, ...all.slice(to)]
}

const shuffled = (seed: number) => (indexes: number[]) =>
  [...indexes].sort((a, b) => ((a * 7919 + seed) % 1009) - ((b * 7919 + seed) % 1009))
const orders: [string, (seed: number) => (indexes: number[]) => number[]][] = [
  ['in order', () => (indexes) => indexes],
  ['the newest first, then the rest', () => (indexes) => [...indexes.slice(-1), ...indexes.slice(0, -1)]],
  ['backwards', () => (indexes) => indexes.toReversed()],
  ['in any order', shuffled],
]

describe('a backlog handed over in one go', () => {
  it.each(orders)('%s raises what the same levels raised in order', (_, order) => {
    const peaks = new Set<string>()
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...floods), fc.constantFrom(...calm)),
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 3, max: 30 }),
        fc.nat(1000),
        (start, from, count, seed) => {
          const series = recorded.slice(start - 30, start + 30)
          const to = Math.min(series.length - 1, from + count)
          const expected = judge(series, inOrder(series.length)).peak
          peaks.add(expected)
          expect(judge(series, handedOver(series.length, from, to, order(seed))).peak).toBe(expected)
        },
      ),
      { numRuns: 12 },
    )
    expect(peaks.size).toBeGreaterThan(1)
  })

  it('is noticed when its own time is not looked at', () => {
    const slow = Array.from({ length: 40 }, (_, index) => 300 + index * 14)
    expect(judge(slow, inOrder(40)).peak).toBe(
      judge(slow, handedOver(40, 5, 39, orders[0]?.[1](0) as never)).peak,
    )
    const blind = judge(
      slow,
      handedOver(40, 5, 39, (indexes) => indexes),
      () => undefined,
    )
    expect(outranks(blind.peak as Colour, judge(slow, inOrder(40)).peak as Colour)).toBe(true)
  })

  it('tells a flood that came and went during the outage, and that it has fallen', () => {
    const series = Array.from(
      { length: 40 },
      (_, index) => 500 + Math.max(0, 1400 - Math.abs(index - 20) * 130),
    )
    const { peak, place } = judge(series, handedOver(60, 5, 38, orders[1]?.[1](0) as never))
    expect(peak).toBe('red')
    expect(place.alarm('gauge', 'water')?.latchedColour).toBe('red')
    expect(place.alarm('gauge', 'water')?.state).toBe('returned-unacknowledged')
  })
})

describe("a gauge's clock that can not be right", () => {
  it.each([
    ['at 1970', () => 5],
    ['in the far future', (ms: number) => ms + 40 * 365 * 86_400_000],
    ['hours ahead', (ms: number) => ms + 8 * 3_600_000],
    ['standing still', () => Date.UTC(2026, 0, 1)],
    ['in seconds', (ms: number) => Math.round(ms / 1000)],
    [
      'set back an hour in the middle',
      (ms: number) => (ms > Date.UTC(2026, 0, 1, 2, 30) ? ms - 3_600_000 : ms),
    ],
  ])('%s changes nothing', (_, atOf) => {
    for (const start of [...floods.slice(0, 4), ...calm.slice(0, 2)]) {
      const series = recorded.slice(start - 30, start + 30)
      const expected = judge(series, inOrder(60), () => undefined).peak
      expect(judge(series, inOrder(60), atOf).peak).toBe(expected)
    }
  })
})

describe('the moment of a sample', () => {
  const wallMs = Date.UTC(2026, 0, 1, 12)
  const hourMs = 60 * minuteMs
  const track = { samples: [[wallMs - stepMs, 500]], heardSteadyMs: 0 } as never
  const placed = (deviceAtMs: number, steadyMs: number) =>
    placeSample(track, { steadyMs, wallMs, clock: 'synced' }, deviceAtMs, stepMs)

  it('is that of the gauge; an old sample directly behind another one belongs to a backlog', () => {
    expect(placed(wallMs, stepMs)).toEqual({ atMs: wallMs, isLate: false, isOwnTime: true })
    expect(placed(wallMs - hourMs, 100)).toEqual({ atMs: wallMs - hourMs, isLate: true, isOwnTime: true })
  })

  it('is that of arrival when the next report was due and the gauge is back an hour, as at the end of summer time', () => {
    expect(placed(wallMs - hourMs, stepMs)).toEqual({ atMs: wallMs, isLate: false, isOwnTime: false })
  })

  it('is that of arrival when the gauge is ahead or more than a month behind', () => {
    const heard = { atMs: wallMs, isLate: false, isOwnTime: false }
    expect(placed(wallMs + 11 * minuteMs, stepMs)).toEqual(heard)
    expect(placed(wallMs + 9 * minuteMs, stepMs).isOwnTime).toBe(true)
    expect(placed(wallMs - 32 * 24 * hourMs, 100)).toMatchObject({ isLate: false, isOwnTime: false })
  })
})

describe('no data', () => {
  it.each([
    -9999, -999.9, -99_999, -999, 32_767, -32_768, 32_768, 65_535, 6553.5, 3276.7, -9999.9, 99_999,
    16_777_215, 2_147_483_647, 2_147_483_648,
  ])('%s is no level: three of it are a fault and no flood, and a flood after it is one', (value) => {
    expect(isNoData(value)).toBe(true)
    const place = creek()
    for (const waterLevelMm of [500, 502, 501, value, value, value]) {
      place.says('gauge', { waterLevelMm })
      place.wait(60)
    }
    expect(place.alarm('gauge', 'water')).toBeUndefined()
    expect(place.alarm('gauge', 'implausible-reading')?.colour).toBe('yellow')
    for (const waterLevelMm of [503, 504, 502]) {
      place.says('gauge', { waterLevelMm })
      place.wait(60)
    }
    expect(place.alarm('gauge', 'water')).toBeUndefined()
    for (const waterLevelMm of [value, 1800, 1805]) place.says('gauge', { waterLevelMm })
    expect(place.alarm('gauge', 'water')?.colour).toBe('red')
  })

  it('levels are levels', () => {
    for (const mm of [0, -12.5, 999, 1000, 3410, 9998, -697, 999.9, 6553, -98])
      expect(isNoData(mm)).toBe(false)
  })

  it('a rise from below any bed is none', () => {
    const place = creek()
    for (const waterLevelMm of [500, 502, -8800, -8801, -8800, 503, 504, 505]) {
      place.says('gauge', { waterLevelMm })
      place.wait(60)
    }
    expect(place.transitions.filter(({ alarm }) => alarm.kind === 'water')).toEqual([])
  })
})
