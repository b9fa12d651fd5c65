// Who sends over a bridge: which listed device an address is, which filter covers a topic, which unlisted devices are kept,
// and when a message with several parts is answered.
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { AllStored, type ResultStorage } from '../../../../../gateway/dialects/box/result-storage.ts'
import { Addresses, covers, deviceSettingsOf } from '../../../../../gateway/dialects/box/senders.ts'
import {
  exposedBurst,
  knockPrefix,
  Strangers,
  strangersMax,
} from '../../../../../gateway/dialects/box/strangers.ts'
import type { DeviceResult } from '../../../../../gateway/dialects/port.ts'
import { kindOfReadings } from '../../../../../gateway/config/kind-of-readings.ts'

describe('an address', () => {
  const devices = [{ id: 'door-1', address: '0x00124B0022', via: 'zigbee', mountingHeightMm: 900 }]
  const addresses = new Addresses(devices)

  it('is the listed device in any spelling, and itself when it is unlisted', () => {
    expect(addresses.idOf('0x00124b0022')).toBe('door-1')
    expect(addresses.isListed('0x00124b0022')).toBe(true)
    expect(addresses.isListed('door-1')).toBe(true)
    expect(addresses.isListed('0x99')).toBe(false)
    expect(addresses.deviceOf('door-1')).toBe(devices[0])
  })

  it('has the settings of its device, where there are any', () => {
    expect(Object.values(deviceSettingsOf(devices))).toEqual([{ mountingHeightMm: 900 }])
    expect(deviceSettingsOf([{ id: 'a' }, { id: 'b', address: 'aa' }])).toEqual({})
    expect(deviceSettingsOf([{ id: 'river', mountingHeightMm: 900 }])).toEqual({
      river: { mountingHeightMm: 900 },
    })
  })
})

it.each([
  [['zigbee2mqtt/#'], 'zigbee2mqtt/door/availability', true],
  [['zigbee2mqtt/+'], 'zigbee2mqtt/door', true],
  [['zigbee2mqtt/+'], 'zigbee2mqtt/door/availability', false],
  [['a/b'], 'a', false],
  [['a'], 'a/b', false],
  [['a/b'], 'a/c', false],
  [['zigbee2mqtt/#'], 'gengfu/v1/door/event', false],
  [['a/+/c'], 'a/b/c', true],
  [['a/+'], 'a/#', false],
  [['a/b', 'c/#'], 'c/d/e', true],
  [[], 'a', false],
])('a filter %j covers %s: %s', (filters, topic, isCovered) => {
  expect(covers(filters, topic)).toBe(isCovered)
})

const result = (device: string, readings: object = {}): DeviceResult =>
  ({ device, readings }) as unknown as DeviceResult

describe('unlisted devices', () => {
  function create(keepState: ResultStorage['keepState']) {
    let nowMs = 0
    return new Strangers({
      keeper: { keepState },
      steadyMs: () => ++nowMs,
      logger: pino({ level: 'silent' }),
    })
  }
  const bridge = { id: 'zigbee', dialect: 'zigbee2mqtt' }

  it('are remembered as what they have sent before: the last message of a button is its battery', () => {
    const strangers = create(() => Promise.resolve())
    strangers.note(bridge, result('aa', { button: 'pressed' }), 'dev-aa')
    strangers.note(bridge, result('aa', { batteryPercent: 90 }), 'dev-aa')
    const [found] = strangers.all()
    expect(found).toMatchObject({ last: { batteryPercent: 90 }, sent: ['button', 'batteryPercent'] })
    expect(kindOfReadings(found?.sent ?? [], [])).toBe('button')
  })

  it('keep their last readings, and write one row each, not one for each message', async () => {
    const rows: string[][] = []
    const strangers = create(async (state) => void rows.push(state.map(([key]) => key)))
    strangers.note(bridge, result('aa', { contact: 'open' }), 'dev-aa')
    strangers.note(bridge, result('aa'), 'dev-aa')
    expect(strangers.all()).toMatchObject([{ address: 'aa', messages: 2, last: { contact: 'open' } }])
    await strangers.keep()
    expect(rows.map((keys) => keys.length)).toEqual([1, 1])
    await strangers.keep()
    expect(rows).toHaveLength(2)
    strangers.forget('aa')
    await strangers.keep()
    expect(rows.at(-1)).toEqual([`${knockPrefix}aa`])
    expect(strangers.all()).toEqual([])
  })

  it('are bounded, in number and in the size of the last message', () => {
    const strangers = create(async () => undefined)
    for (let at = 0; at <= strangersMax; at++) strangers.note(bridge, result(`a${at}`), `d${at}`)
    expect(strangers.all()).toHaveLength(strangersMax)
    expect(strangers.all()[0]?.address).toBe('a1')
    const large = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`r${at}`, 'x'.repeat(50)]))
    strangers.note(bridge, result('big', large), 'd-big')
    expect(JSON.stringify(strangers.all().at(-1)?.last).length).toBeLessThan(1000)
  })

  it('that any machine can invent are noted at a pace, and displace no others', async () => {
    const rows: number[] = []
    const strangers = create(async (state) => void rows.push(state.length))
    strangers.note(bridge, result('aa'), 'dev-aa')
    const exposed = { id: 'recorders', dialect: 'sl651', isListedOnly: true }
    for (let at = 0; at < 5000; at++) strangers.note(exposed, result(`a${at}`), `d${at}`)
    // The clock of this test moves on by 1 ms with each call.
    expect(strangers.all().length).toBeLessThan(exposedBurst + 15)
    expect(rows.length).toBe(strangers.all().length)
    expect(strangers.all()[0]?.address).toBe('aa')
  })

  it('are written again when the journal refused', async () => {
    let isBroken = true
    const rows: number[] = []
    const strangers = create(async (state) => {
      if (isBroken) throw new Error('full')
      rows.push(state.length)
    })
    strangers.note(bridge, result('aa'), 'd')
    await new Promise((resolve) => setImmediate(resolve))
    isBroken = false
    await strangers.keep()
    expect(rows).toEqual([1])
  })
})

describe('the answer to a message with several parts', () => {
  function create() {
    const answers: string[] = []
    const all = new AllStored({
      kept: () => answers.push('kept'),
      refused: (error: Error) => answers.push(error.message),
    } as never)
    return { answers, all }
  }

  it('comes once, when the last part is stored', () => {
    const { answers, all } = create()
    const [one, two] = [all.part(), all.part()]
    one.kept()
    all.complete()
    expect(answers).toEqual([])
    two.kept()
    expect(answers).toEqual(['kept'])
  })

  it('is one refusal when any part was refused', async () => {
    const { answers, all } = create()
    const one = all.part()
    all.wait(Promise.reject(new Error('full')))
    all.complete()
    await new Promise((resolve) => setImmediate(resolve))
    one.kept()
    all.part().refused(new Error('again'))
    expect(answers).toEqual(['full'])
  })
})

it('proposes the kind that protects people first', () => {
  expect(kindOfReadings(['temperatureC', 'contact', 'smoke'], [])).toBe('smoke')
  expect(kindOfReadings(['temperatureC'], ['other', 'light'])).toBe('lamp')
  expect(kindOfReadings(['temperatureC'], ['toString'])).toBeUndefined()
})
