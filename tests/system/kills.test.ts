// Question: is everything with a PUBACK at the centre exactly once, in order per device, and every red alarm once on
// the desk, although gateway and centre are killed 25 times each at random moments? The longest file of the whole run: it
// starts first (`tests/kits/system/slow-first.ts`). `npm run campaign -- kill` kills a thousand times.
import { expect, it } from 'vitest'
import { runKillCampaign } from '../faults/kill-campaign.ts'

it(
  'loses and doubles nothing over 25 kills of the gateway and 25 of the centre',
  { timeout: 600_000 },
  async () => {
    const seed = Number(process.env['GENGFU_SEED'] ?? Math.floor(Math.random() * 1e6))
    process.stdout.write(`kill test seed ${seed} (again with GENGFU_SEED=${seed})\n`)
    const result = await runKillCampaign({
      seed,
      devices: 50,
      events: 2000,
      gatewayKills: 25,
      centreKills: 25,
      pauseMsMax: 700,
    })
    process.stdout.write(`acknowledged ${result.acknowledged}, at the centre ${result.stored}\n`)
    expect(result).toMatchObject({ lost: [], doubled: [], outOfOrder: [], brokenLanes: [], wrongAlarms: [] })
    expect(result.acknowledged).toBe(2000)
    expect(result.stored).toBe(2000)
  },
)
