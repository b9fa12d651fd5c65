// Does the whole box, with link and centre, keep its promises through lives with every mixture of faults, and do the
// checkers detect a box or a centre that does not? Longer: `npm run campaign -- simulate --lives 10000`.
import { describe, expect, it } from 'vitest'
import { canaries, type Canary } from './life-faults.ts'
import { runLives } from './run-lives.ts'

const lives = Number(process.env.GENGFU_LIVES ?? 150)
const seed = Number(process.env.GENGFU_SEED ?? 20261122)

describe('lives of a village in virtual time', () => {
  it(`lose nothing, double nothing and let red wait for nothing (seed ${seed})`, async () => {
    const result = await runLives({ lives, seed })
    expect({ seed, broken: result.broken }).toEqual({ seed, broken: undefined })
    // These lives had many faults.
    expect(result.boots).toBeGreaterThan(lives * 1.5)
    expect(result.restores).toBeGreaterThan(lives / 20)
    expect(result.alarms).toBeGreaterThan(lives * 3)
  }, 120_000)

  it('are the same life for the same seed', async () => {
    const once = await runLives({ lives: 1, seed: 5 })
    expect(await runLives({ lives: 1, seed: 5 })).toEqual(once)
  })

  it.each(Object.keys(canaries) as Canary[])(
    'notice the planted bug "%s"',
    async (canary) => {
      const { broken } = await runLives({ lives: 40, seed, canary })
      expect(broken).toBeDefined()
    },
    60_000,
  )
})
