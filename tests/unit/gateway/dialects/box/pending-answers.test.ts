// What became of a command in a foreign dialect: matched to its command by its number or by what the device reports; a refusal is one.
import { describe, expect, it } from 'vitest'
import { PendingAnswers, refusalMs } from '../../../../../gateway/dialects/box/pending-answers.ts'
import { PairingWindows, renewMs } from '../../../../../gateway/dialects/box/pairing-windows.ts'
import { dialectOf } from '../../../../../gateway/dialects/dialects.ts'
import type { AnswerPolicy, DeviceResult, EncodedCommand } from '../../../../../gateway/dialects/port.ts'
import { DialectSession } from '../../../../../gateway/dialects/session/session.ts'
import { VirtualClock } from '../../../../../protocols/kit/clock.ts'
import { pino } from 'pino'

function waiting(policy: AnswerPolicy, ids = ['c-1']) {
  const clock = new VirtualClock()
  const awaited = new PendingAnswers(clock)
  const told: string[] = []
  for (const id of ids)
    awaited.expect('siren', id, policy, ({ ok, error = '', handedOver }) =>
      told.push(`${id} ${ok} ${handedOver ? 'handed over' : error}`.trim()),
    )
  return { clock, awaited, told }
}
const result = (more: Partial<DeviceResult>): DeviceResult => ({ device: '0x1', readings: {}, ...more })

describe('matching', () => {
  it('takes an answer for the command whose number it has, once, and of that device alone', () => {
    const { awaited, told } = waiting({ by: 'answer' }, ['c-1', 'c-2'])
    awaited.hear('other', result({ answer: { id: 'c-2', ok: true } }))
    awaited.hear('siren', result({ answer: { id: 'c-2', ok: false, error: 'busy' } }))
    awaited.hear('siren', result({ answer: { id: 'c-2', ok: true } }))
    expect(told).toEqual(['c-2 false busy'])
  })

  it('takes an answer without a number for the oldest', () => {
    const { awaited, told } = waiting({ by: 'answer' }, ['c-1', 'c-2'])
    awaited.hear('siren', result({ answer: { id: '', ok: true } }))
    expect(told).toEqual(['c-1 true'])
  })

  it('takes a report that shows the effect, and no other', () => {
    const { awaited, told } = waiting({ by: 'report', isDone: ({ readings }) => readings['state'] === 'ON' })
    awaited.hear('siren', result({ readings: { state: 'OFF' } }))
    expect(told).toEqual([])
    awaited.hear('siren', result({ readings: { state: 'ON' } }))
    expect(told).toEqual(['c-1 true'])
  })

  it('counts silence as done only where refusals alone are told', () => {
    const { clock, awaited, told } = waiting({ by: 'refusal' })
    clock.advance(refusalMs - 1)
    expect(told).toEqual([])
    clock.advance(1)
    // Without a refusal it is known only that the bridge has it.
    expect(told).toEqual(['c-1 true handed over'])
    const never = waiting({ by: 'answer' })
    never.clock.advance(3_600_000)
    expect(never.told).toEqual([])
    awaited.stop()
  })
})

describe('dialects', () => {
  const encoder = new TextEncoder()
  function talk(name: string, messages: [topic: string, payload: object | string][]) {
    const dialect = dialectOf(name)
    if (!dialect) throw new Error(name)
    const session = new DialectSession({ dialect })
    let atMs = 0
    const hear = ([topic, payload]: [string, object | string]): readonly DeviceResult[] => {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
      const heard = session.take({
        topic,
        payload: encoder.encode(text),
        isRetained: false,
        atMs: (atMs += 5000),
      })
      return heard instanceof Promise ? [] : heard.results
    }
    for (const message of messages) hear(message)
    const encode = (device: string, command: { id: string; do: string }): EncodedCommand =>
      dialect.encode(device, { seconds: 30, ...command }, session.known, session.settings)
    return { hear, encode, permit: (id: string) => dialect.permitJoin?.(5, {}, id) }
  }
  const doneBy = (encoded: EncodedCommand, heard: readonly DeviceResult[]): boolean => {
    if ('cannot' in encoded || encoded.answer?.by !== 'report') return false
    const { isDone } = encoded.answer
    return heard.some((one) => isDone(one))
  }
  const address = '0x00158d0004abcd04'
  const plug = {
    ieee_address: address,
    type: 'Router',
    friendly_name: 'street siren',
    supported: true,
    definition: {
      model: 'P',
      vendor: 'V',
      exposes: [
        { type: 'switch', features: [{ type: 'binary', name: 'state', property: 'state', access: 7 }] },
      ],
    },
  }

  it('Zigbee2MQTT: the state that was set is done, a failure in its log a refusal, a request has its number', () => {
    const z2m = talk('zigbee2mqtt', [['zigbee2mqtt/bridge/devices', [plug]]])
    const encoded = z2m.encode(address, { id: 'c-1', do: 'switch' })
    expect(doneBy(encoded, z2m.hear(['zigbee2mqtt/street siren', { state: 'OFF' }]))).toBe(false)
    expect(doneBy(encoded, z2m.hear(['zigbee2mqtt/street siren', { state: 'ON' }]))).toBe(true)
    const message = "z2m: Publish 'set' 'state' to 'street siren' failed: 'Error: timeout'"
    expect(z2m.hear(['zigbee2mqtt/bridge/logging', { level: 'error', message }])).toMatchObject([
      { device: address, answer: { id: '', ok: false } },
    ])
    expect(z2m.permit('join-7')).toMatchObject({ answer: { by: 'answer' } })
    const answer = { status: 'error', error: 'no coordinator', transaction: 'join-7', data: {} }
    expect(z2m.hear(['zigbee2mqtt/bridge/response/permit_join', answer])).toMatchObject([
      { isBridge: true, answer: { id: 'join-7', ok: false, error: 'no coordinator' } },
    ])
  })

  it('Home Assistant: the state that the device reports, as word or object; without a state it is only handed over', () => {
    const device = { identifiers: ['mast'], name: 'mast' }
    const plain = { command_topic: 'mast/horn/command', device }
    const horn = (more: object): ReturnType<typeof talk> =>
      talk('home-assistant', [['homeassistant/switch/horn/config', { ...plain, object_id: 'horn', ...more }]])
    const reported = horn({ state_topic: 'mast/horn/state' })
    const encoded = reported.encode('mast', { id: 'c-1', do: 'siren' })
    expect(doneBy(encoded, reported.hear(['mast/horn/state', 'OFF']))).toBe(false)
    expect(doneBy(encoded, reported.hear(['mast/horn/state', 'ON']))).toBe(true)
    expect(horn({}).encode('mast', { id: 'c-1', do: 'siren' })).not.toHaveProperty('answer')
    const config = { ...plain, object_id: 'lamp', schema: 'json', state_topic: 'mast/lamp/state' }
    const lamp = talk('home-assistant', [['homeassistant/light/lamp/config', config]])
    const off = lamp.encode('mast', { id: 'c-1', do: 'stop' })
    expect(off).toMatchObject({ payload: '{"state":"OFF"}' })
    expect(doneBy(off, lamp.hear(['mast/lamp/state', { state: 'OFF', color_mode: 'rgb' }]))).toBe(true)
  })

  it('Tasmota and Shelly: the relay as it is reported; Shelly of the second generation answers by number', () => {
    const board = talk('tasmota', [
      [
        'tasmota/discovery/A4CF12F41A2B/config',
        { mac: 'A4CF12F41A2B', t: 'siren', ft: '%prefix%/%topic%/', tp: ['cmnd', 'stat', 'tele'] },
      ],
    ])
    const heard = board.hear(['stat/siren/RESULT', { POWER1: 'ON' }])
    const siren = heard[0]?.device ?? ''
    expect(doneBy(board.encode(siren, { id: 'c-1', do: 'siren' }), heard)).toBe(true)
    expect(doneBy(board.encode(siren, { id: 'c-1', do: 'stop' }), heard)).toBe(false)
    const relay = talk('shelly', [['shellies/shelly1-A4CF12F41A2B/relay/0', 'off']])
    const [off] = relay.hear(['shellies/shelly1-A4CF12F41A2B/relay/0', 'on'])
    expect(doneBy(relay.encode(off?.device ?? '', { id: 'c-1', do: 'siren' }), off ? [off] : [])).toBe(true)
    const rpc = {
      id: 'c-9',
      src: 'shellyplus1-a8032abe54dc',
      dst: 'gengfu',
      error: { code: -103, message: 'no such id' },
    }
    expect(relay.hear(['gengfu/rpc', rpc])).toMatchObject([
      { answer: { id: 'c-9', ok: false, error: 'no such id' } },
    ])
  })

  it('The Things Stack: by the correlation id that the command carried', () => {
    const ids = { end_device_ids: { dev_eui: '70B3D57ED0000001', device_id: 'siren' } }
    const topic = 'v3/app@ttn/devices/siren'
    const ttn = talk('ttn', [[`${topic}/join`, ids]])
    const failed = {
      ...ids,
      correlation_ids: ['as:x', 'gengfu:c-4'],
      downlink_failed: { error: { message_format: 'gone' } },
    }
    expect(ttn.hear([`${topic}/down/failed`, failed])).toMatchObject([
      { answer: { id: 'c-4', ok: false, error: 'gone' } },
    ])
    expect(
      ttn.hear([`${topic}/down/ack`, { ...ids, downlink_ack: { correlation_ids: ['gengfu:c-5'] } }]),
    ).toMatchObject([{ answer: { id: 'c-5', ok: true } }])
  })
})

describe('the door of a bridge', () => {
  it('is opened again before the bridge closes it, until the time is over, and stays shut when it was closed', async () => {
    const clock = new VirtualClock()
    const asked: number[] = []
    const doors = new PairingWindows({
      clock,
      ask: (_bridge, minutes) => {
        asked.push(minutes)
        return Promise.resolve(undefined)
      },
      logger: pino({ level: 'silent' }),
    })
    const settle = () => new Promise((resolve) => setImmediate(resolve))
    await doors.open('z2m', 10)
    for (let at = 0; at < 5; at++) {
      clock.advance(renewMs)
      await settle()
    }
    expect(asked).toEqual([10, 6, 2])
    await doors.open('z2m', 10)
    await doors.open('z2m', 0)
    clock.advance(renewMs * 2)
    await settle()
    expect(asked).toEqual([10, 6, 2, 10, 0])
  })
})
