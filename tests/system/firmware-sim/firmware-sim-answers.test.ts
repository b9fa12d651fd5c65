// Do simulated devices answer the box's messages: commands once, receipts in order, a dead connection at all?
import { createServer, type AddressInfo } from 'node:net'
import { generate } from 'mqtt-packet'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { createVillage, type Village } from '../../../firmware-sim/village/village.ts'
import { TestBroker, until } from '../../kits/system/firmware-sim-broker.ts'

let broker: TestBroker
let village: Village
let clock: VirtualClock

beforeEach(async () => {
  broker = new TestBroker()
  await broker.start()
  clock = new VirtualClock()
  village = createVillage({ seed: 7, devices: 10, url: broker.url, reportIntervalMs: 0, clock })
  village.start()
  await until('all connected', () => broker.retained.size === village.members.length)
})
afterEach(async () => {
  village.stop()
  await broker.kill()
})

const results = (device: string): string[] =>
  broker.arrivals
    .filter((arrival) => arrival.device === device && arrival.channel === 'result')
    .map(({ text }) => text)
const command = (device: string, message: object): Promise<void> =>
  broker.tell(`gengfu/v1/${device}/command`, message)

test('a siren runs for its seconds, and a repeated command is answered again but acts once', async () => {
  const siren = village.actor('siren-001')
  await command('siren-001', { id: 'c-1', do: 'siren', seconds: 30 })
  await until('the result came', () => results('siren-001').length === 1)
  expect(siren.isRunning).toBe(true)
  clock.advance(30_000)
  expect(siren.isRunning).toBe(false)
  await command('siren-001', { id: 'c-1', do: 'siren', seconds: 30 })
  await until('the result came again', () => results('siren-001').length === 2)
  expect(siren.isRunning).toBe(false)
  expect(results('siren-001')).toEqual(['{"id":"c-1","ok":true}', '{"id":"c-1","ok":true}'])
})

test('says in words what it can not do', async () => {
  await command('door-001', { id: 'c-2', do: 'siren' })
  await command('siren-001', { id: 'c-3', do: 'siren', seconds: 100_000 })
  await until('both answered', () => results('door-001').length + results('siren-001').length === 2)
  expect(results('door-001')).toEqual(['{"id":"c-2","ok":false,"error":"can not do siren"}'])
  expect(results('siren-001')).toEqual(['{"id":"c-3","ok":false,"error":"seconds 0 to 600"}'])
})

test('a water monitor sends as many samples as a burst asks for, and they are urgent', async () => {
  await command('water-001', { id: 'c-4', do: 'burst', samples: 3, intervalMs: 1000 })
  await until('the first sample came', () => broker.events('water-001').length === 1)
  clock.advance(1000)
  clock.advance(1000)
  clock.advance(9000)
  await until('all samples came', () => broker.events('water-001').length === 3)
  expect(village.statistics().events).toBe(3)
})

test('the lamp of a button follows the receipts of its last press and never steps back', async () => {
  const button = village.button('button-001')
  const first = village.press('button-001')
  const second = village.press('button-001')
  expect(button.lamp).toBe('sending')
  const receipt = (id: string | undefined, stage: string): Promise<void> =>
    broker.tell('gengfu/v1/button-001/receipt', { id, stage })
  await receipt(first, 'closed')
  await receipt(second, 'centre')
  await until('the lamp shows centre', () => button.lamp === 'centre')
  await receipt(second, 'stored')
  await receipt(second, 'seen')
  await until('the lamp shows seen', () => button.lamp === 'seen')
})

test('the lamp stays dark after a press under duress', async () => {
  const button = village.button('button-001')
  const id = village.press('button-001', 'duress')
  await broker.tell('gengfu/v1/button-001/receipt', { id, stage: 'stored' })
  await broker.tell('gengfu/v1/button-001/command', { id: 'c-5', do: 'nothing' })
  await until('the device heard both', () => results('button-001').length === 1)
  expect(button.lamp).toBe('dark')
})

test('leaves a line on which nothing comes back within one and a half keepalives', async () => {
  let accepted = 0
  const mute = createServer((socket) => {
    accepted++
    socket.on('error', () => {})
    socket.once('data', () =>
      socket.write(generate({ cmd: 'connack', returnCode: 0, sessionPresent: false })),
    )
  })
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  const reasons: string[] = []
  const alone = createVillage({
    seed: 7,
    devices: 1,
    url: `mqtt://127.0.0.1:${(mute.address() as AddressInfo).port}`,
    reportIntervalMs: 0,
    keepaliveSeconds: 30,
    clock,
    onLink: (_id, _isUp, reason) => reasons.push(reason),
  })
  alone.start()
  await until('connected', () => reasons.length === 1)
  clock.advance(44_000)
  expect(reasons).toEqual(['connected'])
  clock.advance(1000)
  expect(reasons).toEqual(['connected', 'broker silent'])
  alone.stop()
  await new Promise((resolve) => mute.close(resolve))
  expect(accepted).toBe(1)
})
