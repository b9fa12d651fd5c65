// Can any one message of a device end the box, mute another device, take its name, or hide data from a reader?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseCentreCommand } from '../../../protocols/uplink/codec.ts'
import { everyMutation } from './structural-mutations.ts'
import { deviceEvent, deviceResult, DeviceStructureTarget, hidden } from './structure-device.ts'

/** One in this many of all mutations; no divisor of the number of values. `npm run campaign -- structure` takes all. */
const stride = 7

const target = new DeviceStructureTarget()
beforeAll(() => target.start())
afterAll(() => target.end())

test('every node of an event and of a result may be anything: it is acknowledged, and honest presses are kept', async () => {
  const texts = (message: unknown) => [...everyMutation(message, stride)].map(({ text }) => text)
  expect(await target.take(texts(deviceEvent), 'event')).toEqual([])
  expect(await target.take(texts(deviceResult), 'result')).toEqual([])
  // A message of a device affects only that device.
  const other = JSON.stringify({ ...deviceResult, device: 'honest-1', error: '\u001b[2K\u202e' })
  expect(await target.take([other], 'result')).toEqual([])
  const disguised = JSON.stringify({
    id: '9-1',
    button: 'pressed',
    note: '\u202e\u009b31m',
    list: [{ 'a\u0007': '\u001b' }],
  })
  expect(
    await target.take([disguised, JSON.stringify({ id: '9-2', 'but\u200bton': 'pressed' })], 'event'),
  ).toEqual([])
  expect(await target.restart()).toEqual([])
  expect(await target.take(['{}'], 'event')).toEqual([])
})

test('every node of a command of the centre may be anything: its parser answers', () => {
  const command = {
    v: 1,
    id: 'c-1',
    do: 'siren',
    sentAtMs: 1_764_000_000_000,
    leftMs: 60_000,
    by: 'Li',
    with: { device: 'siren-1', seconds: 30 },
  }
  for (const { text } of everyMutation(command, stride))
    expect(() => parseCentreCommand(Buffer.from(text))).not.toThrow()
})

test('a hidden character is found behind backslashes too, and the text of an escape is none', () => {
  const isHidden = (text: string): boolean => hidden.test(JSON.stringify({ text }))
  for (const text of ['\u0000', '\\\u001b', '\\\\\u0007', '\u009b', '\u202e'])
    expect(isHidden(text)).toBe(true)
  for (const text of ['\\u0000', '\\\\u001b', JSON.stringify({ a: '\u0001' })])
    expect(isHidden(text)).toBe(false)
})
