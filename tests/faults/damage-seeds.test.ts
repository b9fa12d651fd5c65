// Question: does a box open with a damaged place anywhere in its data folder, take a press, keep the readable data and
// report the rest? `npm run campaign -- damage` runs it a thousand times.
import { expect, it } from 'vitest'
import { runDamageCampaign } from './damage/damage-campaign.ts'

it('opens with ten damages of ten seeds', { timeout: 180_000 }, async () => {
  const said: string[] = []
  expect(await runDamageCampaign({ seeds: 10, first: 11, progress: (text) => said.push(text) })).toEqual([])
  expect(said[0]).toMatch(/^1\d\d records without a Receipt and \d alarms/)
})
