// Does each person who is sent get a link of their own, of which the centre keeps the hash alone?
import { expect, it } from 'vitest'
import { linkHash, ResponseLinks } from '../../../../centre/people/response-links.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'

function create(isTaken: boolean) {
  const rows: { hash: string }[] = []
  const clock = new VirtualClock()
  const links = new ResponseLinks({
    storage: {
      putResponseLinks: async (_case: string, given: { hash: string }[]) => {
        rows.push(...given)
        return isTaken
      },
    } as never,
    clock,
    random: createSeededRandom(1),
    lifeMs: 1000,
  })
  return { rows, clock, links }
}

it('makes one for each name, and stores no token', async () => {
  const { rows, clock, links } = create(true)
  const made = (await links.make('case-1', 0, ['li', 'wang'], 'op')) ?? []
  expect(made.map(({ to }) => to)).toEqual(['li', 'wang'])
  const tokens = made.map(({ path }) => path.split('#')[1] ?? '')
  expect(new Set(tokens).size).toBe(2)
  expect(tokens.every((token) => /^[0-9a-f]{64}$/.test(token))).toBe(true)
  expect(rows.map(({ hash }) => hash)).toEqual(tokens.map(linkHash))
  expect(JSON.stringify(rows)).not.toContain(tokens[0])
  expect(made[0]?.expiresAtMs).toBe(clock.wallMs() + 1000)
})

it('makes none without names, and none for a case that takes no more', async () => {
  expect(await create(true).links.make('case-1', 0, [], 'op')).toEqual([])
  expect(await create(false).links.make('case-1', 0, ['li'], 'op')).toBeUndefined()
})
