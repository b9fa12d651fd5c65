// Can any one request or message of a desk, a program or a stranger throw in the centre, break a list, or end other
// clients' connections?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { everyMutation } from './structural-mutations.ts'
import { CentreTarget } from './structure-centre.ts'

/**
 * One in this many of all mutations: primes, so that every value is used. `npm run campaign -- structure` takes all.
 */
const bodyStride = 61
const addressStride = 199
const headStride = 11
const streamStride = 7

let target: CentreTarget
beforeAll(async () => {
  target = await CentreTarget.start()
})
afterAll(() => target.end())

test('every route is attacked with the messages that its schema describes', () => {
  expect(target.operations.length).toBeGreaterThan(50)
  const withBody = target.operations.filter(({ method }) => method === 'POST')
  expect(withBody.filter(({ bodies }) => bodies.length > 0).length).toBeGreaterThan(25)
})

test('every node of every body may be anything', async () => {
  const asked = target.operations.flatMap((operation) =>
    operation.bodies.flatMap((body) =>
      [...everyMutation(body, bodyStride)].map(({ text, what }) => target.bodyOf(operation, text, what)),
    ),
  )
  expect(asked.length).toBeGreaterThan(100)
  expect(await target.ask(asked)).toEqual([])
})

test('every place of a path and every field of a query may be anything', async () => {
  expect(await target.ask([...target.addresses()].filter((_one, at) => at % addressStride === 0))).toEqual([])
})

test('every head of a request may be anything', async () => {
  expect(await target.raw(headStride)).toEqual([])
})

test.each([false, true])(
  'every node of a message to the stream may be anything; signed in: %s',
  async (isSignedIn) => {
    const texts = [...everyMutation(target.auth, streamStride)].map(({ text }) => text)
    expect(await target.stream(texts, isSignedIn)).toEqual([])
  },
)

test('and then the centre is well, its lists can be read and a new alarm is on the desk', async () => {
  expect(await target.faultsAtEnd()).toEqual([])
})
