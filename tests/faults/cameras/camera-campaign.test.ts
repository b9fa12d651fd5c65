// A short camera campaign: cameras with every fault beside a stream of alarms lose no press and leave nothing behind.
import { expect, it } from 'vitest'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { runCameraCampaign } from './camera-campaign.ts'
import { comparePhases } from '../phase-figures.ts'

it('eight cameras with faults lose no press and leave no process, file, picture or unexplained failure behind', async () => {
  const result = await runCameraCampaign({ seed: 7, groups: 1, phaseMs: 700, gapMs: 40, settleMs: 500 })
  expect(result.comparison.with.presses).toBeGreaterThan(0)
  expect(result.lost).toEqual([])
  expect(result.pictures).toBeGreaterThan(0)
  expect(Object.values(result.failures).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0)
  expect(result.unexplained).toEqual([])
  expect(result.attemptsAtOnce).toBe(1)
  // That of the cameras.
  expect(result.after.children).toBe(1)
  // One for the clock and one for the watchdog.
  expect(result.after.shells).toBeLessThanOrEqual(2)
  expect(result.after.residentMegabytes).toBeGreaterThan(100)
  expect(result.after.openFiles).toBeLessThanOrEqual(result.before.openFiles + 4)
  expect(result.stray).toEqual([])
}, 120_000)

it('the comparison sees a difference that is there, and none between phases of the same kind', () => {
  const random = createSeededRandom(3)
  const phases = (more: number): number[][] =>
    Array.from({ length: 12 }, () => Array.from({ length: 60 }, () => 10 + random.next() * 5 + more))
  expect(comparePhases(phases(0), phases(0), random).isWithinNoise).toBe(true)
  expect(comparePhases(phases(0), phases(4), random).isWithinNoise).toBe(false)
})
