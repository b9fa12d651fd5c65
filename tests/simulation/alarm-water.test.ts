// Do the recorded floods raise the right stages in the right order, and is the recorded spike flagged and not alarmed?
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  judgeRecording,
  type AlarmLine,
  type RecordingLine,
} from '../../gateway/alarms/replay/judge-recording.ts'
import { parseReadingsCsv, type CsvRow } from '../../gateway/alarms/replay/readings-csv.ts'
import { urgency } from '../../protocols/domain/colour.ts'
import { settingsFrom } from '../unit/gateway/alarms/alarm-village.ts'

const minuteMs = 60_000
const folder = new URL('../data/water/', import.meta.url)

function readGauge(file: string, site: string): CsvRow[] {
  const parsed = parseReadingsCsv(readFileSync(new URL(file, folder), 'utf8'), { stageMm: 'waterLevelMm' })
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message)
  return parsed.value.filter(({ readings }) => readings['site'] === site)
}

const levels = {
  '01589330': { drySeasonMm: 250, nearWarningMm: 600, warningMm: 900, guaranteeMm: 1200, historicMm: 1700 },
  '01650800': { drySeasonMm: 350, nearWarningMm: 600, warningMm: 800, guaranteeMm: 1000, historicMm: 1200 },
} as const
type Site = keyof typeof levels
const stageNames = ['near-warning', 'warning', 'guarantee', 'historic']

function judgeGauge(site: Site, rows = readGauge('usgs-flash-floods-5min.csv', site)): RecordingLine[] {
  const settings = settingsFrom({
    devices: [{ id: 'gauge', kind: 'water', reportIntervalS: 300, water: levels[site] }],
  })
  return [...judgeRecording(settings, 'gauge', rows, minuteMs)]
}

interface Flood {
  fromMs: number
  lines: AlarmLine[]
}

/** One flood is one life of the water alarm, from raised to ended. */
function floodsOf(lines: readonly RecordingLine[]): Flood[] {
  const floods: Flood[] = []
  for (const line of lines) {
    if (line.type !== 'alarm' || line.kind !== 'water') continue
    if (line.change === 'raised') floods.push({ fromMs: Date.parse(line.timeUtc), lines: [] })
    floods.at(-1)?.lines.push(line)
  }
  return floods
}

describe.each(['01589330', '01650800'] as const)('the floods of gauge %s', (site) => {
  const rows = readGauge('usgs-flash-floods-5min.csv', site)
  const floods = floodsOf(judgeGauge(site, rows))
  const thresholds = Object.values(levels[site]).slice(1)

  test('there are enough floods', () => {
    expect(rows.length).toBeGreaterThan(9000)
    expect(floods.length).toBeGreaterThanOrEqual(4)
  })

  test('every time the water stands above a stage for two samples, an alarm of that colour or above is out', () => {
    for (let index = 1; index < rows.length; index++) {
      const [before, row] = [rows[index - 1], rows[index]]
      const lowest = Math.min(before?.readings.waterLevelMm ?? 0, row?.readings.waterLevelMm ?? 0)
      const stage = thresholds.filter((mm) => lowest >= mm).length
      if (stage === 0 || !row) continue
      const out = floods
        .flatMap((flood) => flood.lines)
        .filter((line) => Date.parse(line.timeUtc) <= row.atMs)
        .at(-1)
      expect(out?.state).not.toBe('normal')
      expect(urgency(out?.colour ?? 'blue')).toBeLessThanOrEqual(4 - stage)
    }
  })

  test('within a flood colours rise without a gap in time and no stage chatters', () => {
    for (const { lines } of floods) {
      const rises = lines.filter(({ change }) => change === 'raised' || change === 'escalated')
      const falls = lines.filter(({ change }) => change === 'deescalated')
      for (const colour of ['blue', 'yellow', 'orange', 'red']) {
        expect(rises.filter((line) => line.colour === colour).length).toBeLessThanOrEqual(2)
        expect(falls.filter((line) => line.colour === colour).length).toBeLessThanOrEqual(2)
      }
      expect(lines.at(-1)?.change).toBe('ended')
    }
  })

  test('a stage named by an alarm is one the water has reached', () => {
    for (const line of floods.flatMap((flood) => flood.lines)) {
      const stage = stageNames.indexOf(line.variant ?? '')
      if (stage < 0 || (line.change !== 'raised' && line.change !== 'escalated')) continue
      expect(line.waterLevelMm).toBeGreaterThanOrEqual(thresholds[stage] ?? Infinity)
    }
  })
})

test('the fastest recorded rise, 0.45 m in 5 min, is alarmed by its second sample and red by its third', () => {
  const floods = floodsOf(judgeGauge('01589330'))
  const flood = floods.find(({ fromMs }) => new Date(fromMs).toISOString().startsWith('2019-05-11T01:5'))
  expect(
    flood?.lines
      .slice(0, 3)
      .map(({ timeUtc, change, colour }) => `${timeUtc.slice(11, 16)} ${change} ${colour}`),
  ).toEqual(['01:55 raised orange', '01:56 acknowledged orange', '02:00 escalated red'])
})

test('every flood is raised before its peak', () => {
  const rows = readGauge('usgs-flash-floods-5min.csv', '01589330')
  for (const { fromMs, lines } of floodsOf(judgeGauge('01589330', rows))) {
    const untilMs = Date.parse(lines.at(-1)?.timeUtc ?? '')
    const during = rows.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs)
    const peak = during.reduce((a, b) =>
      (b.readings.waterLevelMm ?? 0) > (a.readings.waterLevelMm ?? 0) ? b : a,
    )
    expect(peak.atMs).toBeGreaterThanOrEqual(fromMs)
  }
})

describe('the recorded spike of 1000 m', () => {
  const rows = readGauge('tidal-15min-with-spike.csv', 'tidal')
  const settings = (maxMm?: number) =>
    settingsFrom({
      devices: [
        {
          id: 'gauge',
          kind: 'water',
          reportIntervalS: 900,
          water: {
            nearWarningMm: 2500,
            warningMm: 3000,
            historicMm: 5000,
            ...(maxMm === undefined ? {} : { maxMm }),
          },
        },
      ],
    })

  test('is flagged as out of range and raises nothing', () => {
    const lines = [...judgeRecording(settings(), 'gauge', rows)]
    expect(lines.filter(({ type }) => type === 'flag').at(-1)).toMatchObject({ flags: ['out-of-range'] })
    expect(lines.filter(({ type }) => type === 'alarm')).toEqual([])
  })

  test('is unconfirmed even where the range would allow it, and a normal sample after it says so', () => {
    const after: CsvRow = {
      atMs: (rows.at(-1)?.atMs ?? 0) + 15 * minuteMs,
      readings: { waterLevelMm: 1300 },
      line: 999,
    }
    const lines = [...judgeRecording(settings(1_000_000), 'gauge', [...rows, after])]
    expect(lines.flatMap((line) => (line.type === 'flag' ? line.flags : []))).toEqual([
      'unconfirmed-step',
      'after-spike',
    ])
    expect(lines.filter(({ type }) => type === 'alarm')).toEqual([])
  })

  test('is alarmed when a second sample agrees: a filter confirms, it never discards', () => {
    const after: CsvRow = {
      atMs: (rows.at(-1)?.atMs ?? 0) + minuteMs,
      readings: { waterLevelMm: 999_900 },
      line: 999,
    }
    const lines = [...judgeRecording(settings(1_000_000), 'gauge', [...rows, after])]
    expect(lines.find((line) => line.type === 'alarm')).toMatchObject({ change: 'raised', colour: 'red' })
  })
})
