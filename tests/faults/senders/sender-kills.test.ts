// Question: is everything kept, once, that the box told a foreign broker, an HTTP caller, a recorder or a person at its
// list of devices is kept, and is a held input of a Modbus bus one press, although the box is killed at random moments?
import { expect, it } from 'vitest'
import { runSenderKills } from './sender-kills.ts'

it(
  'loses and doubles nothing of a broker, a push, a recorder and a bus over kills, and no change of the devices',
  { timeout: 240_000 },
  async () => {
    const seed = Number(process.env['GENGFU_SEED'] ?? Math.floor(Math.random() * 1e6))
    process.stdout.write(`sender kill test seed ${seed} (again with GENGFU_SEED=${seed})\n`)
    const result = await runSenderKills({ seed, kills: 4, pauseMsMax: 400 })
    process.stdout.write(`told: ${JSON.stringify(result.told)}\n`)
    expect(result).toMatchObject({ lost: [], doubled: [], forgotten: [] })
    const { broker, push, unnumbered, recorder } = result.told
    expect(Math.min(broker, push, unnumbered, recorder)).toBeGreaterThan(3)
  },
)
