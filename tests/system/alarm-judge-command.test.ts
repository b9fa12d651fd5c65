// Does `gengfu judge` show an installer what the engine would have done with a file of readings?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runJudge } from '../../gateway/cli/judge-command.ts'

const config = `
box: { id: upper-brook }
dataDir: data
mqtt: { listeners: [ { host: 127.0.0.1, port: 0 } ] }
zones: [ { id: creek, name: 溪边 } ]
devices:
  - { id: gauge, kind: water-level-monitor, zone: creek, water: { nearWarningMm: 600, warningMm: 900 } }
`
let folder = ''
let printed = ''
let complained = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-judge-'))
  writeFileSync(join(folder, 'box.yaml'), config)
  printed = ''
  complained = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complained += String(text)
    return true
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
  process.exitCode = 0
})

async function judge(csv: string, ...more: string[]): Promise<Record<string, unknown>[]> {
  writeFileSync(join(folder, 'levels.csv'), csv)
  const files = ['--config', join(folder, 'box.yaml'), '--csv', join(folder, 'levels.csv')]
  await runJudge([...files, '--device', 'gauge', ...more])
  return printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

const flood = [500, 620, 700, 780, 860, 940]
const rows = flood.map((mm, index) => `2026-07-01T00:${String(index * 5).padStart(2, '0')}Z,${mm}`)

describe('gengfu judge', () => {
  test('judges a box whose zones have schedules, in whichever minute the file begins', async () => {
    const scheduled = config.replace('name: 溪边', "name: 溪边, schedule: [ { from: '22:00', to: '06:00' } ]")
    writeFileSync(join(folder, 'box.yaml'), scheduled)
    const lines = await judge(['timeUtc,waterLevelMm', ...rows].join('\n'))
    expect(lines.some(({ change }) => change === 'raised')).toBe(true)
  })

  test('prints alarms in order with time, colour and text, and a summary at the end', async () => {
    const lines = await judge(['timeUtc,waterLevelMm', ...rows].join('\n'), '--accept-after', 'never')
    expect(lines.map(({ change }) => change)).not.toContain('acknowledged')
    const alarms = lines.filter(({ change }) => change === 'raised' || change === 'escalated')
    expect(alarms.map(({ timeUtc, change, colour, variant }) => [timeUtc, change, colour, variant])).toEqual([
      ['2026-07-01T00:05:00.000Z', 'raised', 'blue', 'near-warning'],
      ['2026-07-01T00:25:00.000Z', 'escalated', 'yellow', 'warning'],
    ])
    expect(JSON.stringify(alarms[1])).toContain('警戒水位')
    expect(lines.at(-1)).toMatchObject({ type: 'summary', rows: 6, days: 1, alarms: { yellow: 1, blue: 0 } })
  })

  test('takes a column under another name, rows out of order, quotes and a byte order mark', async () => {
    const csv = `\uFEFF"timeUtc",level,note\r\n${[...rows]
      .reverse()
      .map((row) => `${row},"a, ""b"""`)
      .join('\r\n')}\r\n`
    const lines = await judge(csv, '--column', 'level=waterLevelMm')
    expect(lines.filter(({ change }) => change === 'raised')).toHaveLength(1)
  })

  test.each([
    ['timeUtc,waterLevelMm\nyesterday,5', 'line 2'],
    ['time,waterLevelMm\n2026-07-01T00:00Z,5', 'timeUtc'],
    ['timeUtc,waterLevelMm\n2026-07-01T00:00Z,high', 'line 2 waterLevelMm'],
  ])('names what is wrong with %j and fails', async (csv, words) => {
    expect(await judge(csv)).toEqual([])
    expect(complained).toContain(words)
    expect(process.exitCode).toBe(2)
  })

  test('names every problem of the configuration', async () => {
    writeFileSync(
      join(folder, 'box.yaml'),
      config.replace('zone: creek', 'zone: brook').replace('warningMm: 900', 'warningMm: 100'),
    )
    expect(await judge('timeUtc,waterLevelMm\n')).toEqual([])
    expect(complained).toContain('there is no "brook"')
    expect(complained).toContain('above nearWarningMm')
  })
})
