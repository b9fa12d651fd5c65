// Can any one message or frame of a foreign broker end the box, fill its memory, or stop what follows?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { everyMutation } from './structural-mutations.ts'
import { ForeignBrokerTarget, frameMutations } from './structure-foreign-broker.ts'

/** One in this many of all mutations; no divisor of the number of values. `npm run campaign -- structure` takes all. */
const stride = 7
const framesAtOnce = 60

const target = new ForeignBrokerTarget()
beforeAll(() => target.start())
afterAll(() => target.end())

const zigbee = [
  { action: 'single', battery: 90, linkquality: 120, contact: false, update: { state: 'idle' } },
  [{ ieee_address: '0x1', friendly_name: 'button', definition: { model: 'x', exposes: [] } }],
]

test('every node of a message may be anything, and a message of megabytes is left out: all are acknowledged', async () => {
  const all = zigbee.flatMap((message) => [...everyMutation(message, stride)])
  const large = { text: JSON.stringify({ action: 'single', text: 'x'.repeat(3_000_000) }), what: 'megabytes' }
  expect(await target.messages([...all, large, ...all.slice(0, 2)])).toEqual([])
  expect([...target.dialects.problems].filter((problem) => problem.includes('bytes, at most'))).toHaveLength(
    1,
  )
})

test('every byte of a frame may be anything: the connection ends, and the next one is heard', async () => {
  const mutations = frameMutations(15)
  const batch = Array.from({ length: framesAtOnce }, () => mutations.next().value ?? Buffer.alloc(0))
  expect(await target.frames(batch)).toEqual([])
})

test('and then the box starts again over its journal, with nothing in it that the centre refuses', async () => {
  expect(await target.faultsAtEnd()).toEqual([])
})
