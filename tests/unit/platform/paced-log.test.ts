// Is the log bounded where any machine can cause lines, and does it say what it left out?
import { expect, it } from 'vitest'
import { linesAtOnce, linesOfNetworkAtOnce, PacedLog, PacedLogs } from '../../../platform/paced-log.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'

it('writes a few lines at once, then one a minute with the number of those left out', () => {
  const clock = new VirtualClock()
  const log = new PacedLog(clock)
  const written: number[] = []
  const flood = (lines: number): void => {
    for (let at = 0; at < lines; at++) log.line((leftOut) => written.push(leftOut))
  }
  flood(1000)
  expect(written).toEqual(Array.from({ length: linesAtOnce }, () => 0))
  clock.advance(60_000)
  flood(1000)
  expect(written.slice(linesAtOnce)).toEqual([1000 - linesAtOnce])
  clock.advance(3_600_000)
  flood(1)
  expect(written.at(-1)).toBe(999)
})

it('gives each network lines of its own', () => {
  const logs = new PacedLogs(new VirtualClock())
  const written: string[] = []
  for (const address of ['10.0.0.1', '10.0.0.2'])
    for (let at = 0; at < 1000; at++) logs.line(address, () => written.push(address))
  expect(written).toHaveLength(2 * linesOfNetworkAtOnce)
})
