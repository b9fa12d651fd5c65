// Question: after a power cut that drops every write since the last sync, is every acknowledged event still there?
import { existsSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { runPowerCuts } from './power-cuts.ts'

const plan = { devices: 30, eventsPerSecond: 300 }

it('keeps every acknowledged event over 8 power cuts and opens each time', { timeout: 120_000 }, async () => {
  const seed = Number(process.env['GENGFU_SEED'] ?? Math.floor(Math.random() * 1e6))
  process.stdout.write(`power cuts seed ${seed}\n`)
  const result = await runPowerCuts({ ...plan, seed, cuts: 8 })
  expect(result.acknowledged).toBeGreaterThan(300)
  expect(result).toMatchObject({ cuts: 8, lost: [], salvaged: 0 })
})

it(
  'the twin: with the syncs taken away, the same check finds acknowledged events lost',
  { timeout: 60_000 },
  async () => {
    const library = readdirSync('/usr/lib', { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `/usr/lib/${name}/libeatmydata.so`)
      .find((file) => existsSync(file))
    if (library === undefined)
      throw new Error('libeatmydata is missing: npm test installs it (Debian: libeatmydata1)')
    const result = await runPowerCuts({ ...plan, seed: 1, cuts: 3, wrap: ['env', `LD_PRELOAD=${library}`] })
    expect(result.lost.length).toBeGreaterThan(0)
  },
)
