// Question: is everything with a PUBACK at the centre exactly once, in order per device, and every red alarm once on
// the desk, although gateway and centre are killed 10 times each at random moments? More would take minutes of a run that
// has twelve: `npm run campaign -- kill` kills a thousand times.
import { expect, it } from 'vitest'
import { runKillCampaign } from '../faults/kill-campaign.ts'

it(
  'loses and doubles nothing over 10 kills of the gateway and 10 of the centre',
  { timeout: 300_000 },
  async () => {
    const seed = Number(process.env['GENGFU_SEED'] ?? Math.floor(Math.random() * 1e6))
    process.stdout.write(`kill test seed ${seed} (again with GENGFU_SEED=${seed})\n`)
    const result = await runKillCampaign({
      seed,
      devices: 50,
      events: 1000,
      gatewayKills: 10,
      centreKills: 10,
      pauseMsMax: 700,
    })
    process.stdout.write(`acknowledged ${result.acknowledged}, at the centre ${result.stored}\n`)
    expect(result).toMatchObject({ lost: [], doubled: [], outOfOrder: [], brokenLanes: [], wrongAlarms: [] })
    expect(result.acknowledged).toBe(1000)
    expect(result.stored).toBe(1000)
  },
)
