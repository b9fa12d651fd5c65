// Words of a Modbus unit as readings: order, scale, range, presses.
import { expect, it } from 'vitest'
import { modbusSchema } from '../../../../../gateway/config/bus-settings.ts'
import { modbus } from '../../../../../gateway/dialects/modbus/modbus.ts'
import { LearnedDocuments } from '../../../../../gateway/dialects/session/knowledge.ts'
import type { Decoded } from '../../../../../gateway/dialects/port.ts'

const { units } = modbusSchema.parse({
  host: 'h',
  units: [
    {
      unit: 3,
      device: 'gauge',
      registers: [
        { reading: 'waterLevelMm', at: 0, type: 'float32', order: 'CDAB', scale: 1000, min: 0, max: 20_000 },
        { reading: 'temperatureC', at: 4, type: 'int16', scale: 0.1, unknown: [-32_768] },
        { reading: 'button', from: 'discrete', at: 0, words: { 1: 'pressed' } },
        { reading: 'contact', at: 5, bit: 2, words: { 0: 'closed', 1: 'open' } },
      ],
    },
  ],
})
const decode = (json: object, topic = 'modbus/3', known = new LearnedDocuments()): Decoded =>
  modbus.decode({ topic, payload: Buffer.from(JSON.stringify(json)), isRetained: false, atMs: 0 }, known, {
    modbus: units,
  }) as Decoded
const sound = [[0x0000, 0x3fc0], [0xff9c], [0], [4]]

it('reads floats with swapped words, signs, scales, bits and words', () => {
  expect(decode({ words: sound }).results).toMatchObject([
    { device: 'gauge', readings: { waterLevelMm: 1500, temperatureC: -10, contact: 'open' }, faults: [] },
  ])
})

it('says what is out of range, not read or not known, and guesses nothing', () => {
  const [result] = decode({ words: [[0x0000, 0xc1c8], [0x8000], [0], null] }).results
  expect(result?.readings).toEqual({ waterLevelMm: null, temperatureC: null, contact: null })
  expect(result?.faults).toEqual(['out-of-range:waterLevelMm', 'not-read:contact'])
})

it('takes a value above its range for none, as one below it', () => {
  const [result] = decode({ words: [[0x0000, 0x41c8], ...sound.slice(1)] }).results
  expect(result?.readings.waterLevelMm).toBeNull()
  expect(result?.faults).toEqual(['out-of-range:waterLevelMm'])
})

// The float 1.5 is 3F C0 00 00.
it.each([
  ['ABCD', [0x3fc0, 0x0000]],
  ['CDAB', [0x0000, 0x3fc0]],
  ['BADC', [0xc03f, 0x0000]],
  ['DCBA', [0x0000, 0xc03f]],
])('reads a float in the order %s', (order, words) => {
  const registers = [{ reading: 'waterLevelMm', at: 0, type: 'float32', order, scale: 1000 }]
  const { units: own } = modbusSchema.parse({ host: 'h', units: [{ unit: 1, device: 'gauge', registers }] })
  const payload = Buffer.from(JSON.stringify({ words: [words] }))
  const message = { topic: 'modbus/1', payload, isRetained: false, atMs: 0 }
  const { results } = modbus.decode(message, new LearnedDocuments(), { modbus: own }) as Decoded
  expect(results[0]?.readings).toEqual({ waterLevelMm: 1500 })
})

it('counts a held input as one press, also through a restart and a reading that fails', () => {
  const held = [...sound.slice(0, 2), [1], [4]]
  const failed = [...sound.slice(0, 2), null, [4]]
  const known = new LearnedDocuments()
  const pressOf = (words: object): unknown => {
    const { results, learned } = decode({ words }, 'modbus/3', known)
    known.take(learned ?? [])
    return results[0]?.momentary
  }
  expect([held, held, failed, held, sound, held].map(pressOf)).toEqual([
    { button: 'pressed' },
    undefined,
    undefined,
    undefined,
    undefined,
    { button: 'pressed' },
  ])
})

it('keeps raw what belongs to no unit or has other registers', () => {
  expect(decode({ words: sound }, 'modbus/4').quarantined).toContain('no such unit')
  expect(decode({ words: [] })).toMatchObject({ quarantinedDevice: 'gauge' })
})
