// Does a command for a device go out when the device can take it, stay until it answers, and end when it is too old or too many?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { beforeEach, expect, it } from 'vitest'
import {
  commandLifeMs,
  commandsPerDeviceMax,
  DeviceCommands,
} from '../../../../gateway/commands/device-commands.ts'
import { commandKey } from '../../../../gateway/intake/port.ts'

let sent: string[]
let foreign: string[]
let forgotten: string[]
let connected: Set<string>
let nowMs: number
let commands: DeviceCommands

beforeEach(() => {
  sent = []
  foreign = []
  forgotten = []
  connected = new Set()
  nowMs = 0
  commands = new DeviceCommands({
    publish: (topic, payload, { qos }) => {
      if (qos === 0) sent.push(`${topic} ${(JSON.parse(payload) as { id: string }).id}`)
      return Promise.resolve()
    },
    forget: (keys) => Promise.resolve(void forgotten.push(...keys)),
    steadyMs: () => nowMs,
    isConnected: (device) => connected.has(device),
    isForeign: (device) => device.startsWith('zigbee'),
    sendForeign: (device, { id }) => Promise.resolve(void foreign.push(`${device} ${id}`)),
    logger: pino({ level: 'silent' }),
    metrics: new Registry(),
  })
})
const siren = (id: string, device = 'siren-1') => ({
  device,
  command: { id, do: 'siren' as const, seconds: 60 },
  sinceSteadyMs: nowMs,
})

it('sends to a device that is connected, and again at each connection until it answers, whatever it answers', async () => {
  connected.add('siren-1')
  await commands.send(siren('c-1'))
  await commands.deviceReady('siren-1')
  expect(sent).toEqual(['gengfu/v1/siren-1/command c-1', 'gengfu/v1/siren-1/command c-1'])
  await commands.answered('siren-1', 'c-1', false)
  expect(forgotten).toEqual([commandKey('siren-1', 'c-1')])
  await commands.deviceReady('siren-1')
  await commands.answered('siren-1', 'c-1', true)
  expect([sent.length, forgotten.length, commands.waiting()]).toEqual([2, 1, 0])
})

it('waits for a device that is away, and gives up what waited too long before it sends the rest', async () => {
  await commands.send(siren('c-old'))
  nowMs = commandLifeMs
  await commands.send(siren('c-new'))
  expect(sent).toEqual([])
  nowMs = commandLifeMs + 1
  await commands.deviceReady('siren-1')
  expect(sent).toEqual(['gengfu/v1/siren-1/command c-new'])
  expect(forgotten).toEqual([commandKey('siren-1', 'c-old')])
})

it('keeps a command no longer than its own time', async () => {
  await commands.send({ ...siren('c-1'), untilSteadyMs: 500 })
  nowMs = 501
  await commands.deviceReady('siren-1')
  expect([sent, commands.waiting()]).toEqual([[], 0])
})

it('gives up the oldest beyond the maximum of a device', async () => {
  for (let at = 0; at <= commandsPerDeviceMax; at++) await commands.send(siren(`c-${at}`))
  expect(forgotten).toEqual([commandKey('siren-1', 'c-0')])
  expect(commands.waiting()).toBe(commandsPerDeviceMax)
})

it('sends a withdrawn command no more, and withdraws none that it does not have', async () => {
  await commands.send(siren('c-1'))
  await commands.takeBack('siren-1', 'c-2')
  await commands.takeBack('siren-1', 'c-1')
  await commands.deviceReady('siren-1')
  expect([sent, forgotten]).toEqual([[], [commandKey('siren-1', 'c-1')]])
})

it('has the commands of before a restart, and speaks to a foreign device in its dialect', async () => {
  commands.restore([siren('c-1', 'zigbee-siren')])
  expect(commands.waiting()).toBe(1)
  await commands.deviceReady('zigbee-siren')
  expect([sent, foreign]).toEqual([[], ['zigbee-siren c-1']])
})
