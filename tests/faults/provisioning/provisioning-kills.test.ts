// Question: is a box whole, with one certificate in use, after a SIGKILL at any step of the take-over, the renewal and the import? Ten kills
// here; `npm run campaign -- provisioning` kills at every step.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProvisioningKills, type ProvisioningScenario } from './provisioning-kills.ts'

const kills = new ProvisioningKills()
beforeAll(() => kills.start(), 60_000)
afterAll(() => kills.stop())

test.each<[ProvisioningScenario, number[]]>([
  ['enrol', [9, 28, 41, 52]],
  ['start', [5, 25]],
  ['renewal', [4, 21]],
  ['import', [7, 30]],
])(
  '%s: killed at some of its steps, it continues and ends whole',
  async (scenario, steps) => {
    const before = kills.result.kills
    for (const step of steps) await kills.kill(scenario, step)
    expect(kills.result.broken).toEqual([])
    expect(kills.result.kills - before).toBe(steps.length)
  },
  240_000,
)
