// Can any one message of a bridge or a bought device end the box, make a dialect throw, hold up later messages, or be
// refused for ever?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DialectStructureTarget, type DialectMutation } from './structure-dialects.ts'
import { everyMutation, withPoison } from './structural-mutations.ts'

/** One in this many of all mutations of each line; no divisor of the number of values. `npm run campaign -- structure` takes all. */
const stride = 133
/** More levels than any stack has room for. */
const levels = 12_000

const target = new DialectStructureTarget()
beforeAll(() => target.start())
afterAll(() => target.end())

test('every node of a message in any dialect may be anything: it is acknowledged, no dialect throws, presses are kept', async () => {
  const all: DialectMutation[] = target.lines.flatMap((line, at) =>
    [...everyMutation(line.payload, stride - (at % 7) * 2)].map((mutation) => ({ line, ...mutation })),
  )
  expect(all.length).toBeGreaterThan(300)
  for (let at = 0; at < all.length; at += 200) expect(await target.take(all.slice(at, at + 200))).toEqual([])
  expect(await target.restart()).toEqual([])
})

test('a part that is nested beyond any stack is left out of its message, in every dialect', async () => {
  const deep = '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)
  const senders = new Set<string>()
  const all = target.lines.flatMap((line): DialectMutation[] => {
    if (senders.has(line.sender)) return []
    senders.add(line.sender)
    return Object.keys(line.payload as object).map((key) => ({
      line,
      text: withPoison(line.payload, [key], deep),
      what: `${key}: ${levels} levels`,
    }))
  })
  expect(all.length).toBeGreaterThan(30)
  expect(await target.take(all)).toEqual([])
})
