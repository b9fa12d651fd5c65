// Question: can a person adopt an unlisted device, and replace its hardware, so that alarms keep their place and
// history and the old hardware is refused, also after the box was stopped?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { runDevice } from '../../gateway/cli/device-command.ts'
import type { DevicesAnswer, HealthAnswer } from '../../protocols/console/api.ts'
import { sendEvents, startBoxFromFile, type BoxFromFile } from '../kits/system/box-in-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'gengfu-registry-'))
const file = join(folder, 'gateway.yaml')
const [first, second] = ['0x00158d0001abcd01', '0x00158d0002abcd02'] as const
const clients: MqttClient[] = []
let run: BoxFromFile

beforeAll(async () => {
  writeFileSync(
    file,
    stringify({
      box: { id: 'upper-brook' },
      dataDir: 'data',
      mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true },
      console: { port: 0 },
      bridges: [{ id: 'z2m', dialect: 'zigbee2mqtt' }],
      zones: [{ id: 'wang', name: '王家' }],
      devices: [{ id: 'siren-1', kind: 'siren' }],
      rules: [{ id: 'ring', when: { kinds: ['sos'] }, device: 'siren-1', do: 'siren', secondsMax: 30 }],
    }),
  )
  run = await startBoxFromFile(file)
}, 60_000)
afterAll(async () => {
  for (const client of clients) client.end(true)
  await run.stop()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

const get = async <T>(path: string): Promise<T> =>
  (await (await fetch(new URL(path, run.box().consoleUrl))).json()) as T
const devices = (): Promise<DevicesAnswer> => get('/api/v1/devices')
const standing = async (): Promise<string[]> =>
  (await get<HealthAnswer>('/api/v1/health')).alarms.list.map(
    ({ device, kind, zone }) => `${device} ${kind} ${zone}`,
  )

/** The output of the command, from the running box, or offline without one. */
async function command(...argv: string[]): Promise<[code: number, said: string]> {
  let said = ''
  const keep = (text: string | Uint8Array): boolean => {
    said += String(text)
    return true
  }
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(keep as never),
  )
  try {
    return [await runDevice([...argv, '--config', file, '--by', 'fitter li']), said]
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}
const online = (...argv: string[]): ReturnType<typeof command> =>
  command(...argv, '--console', run.box().consoleUrl)

async function bridge(): Promise<MqttClient> {
  const client = await connectAsync(run.box().mqttUrl, {
    clientId: 'z2m',
    protocolVersion: 4,
    reconnectPeriod: 0,
  })
  clients.push(client)
  const list = [first, second].map((address, at) => ({
    ieee_address: address,
    type: 'EndDevice',
    friendly_name: `button ${at}`,
    supported: true,
    definition: {
      model: 'WXKG11LM',
      vendor: 'Aqara',
      exposes: [{ type: 'enum', name: 'action', property: 'action', values: ['single'], access: 1 }],
    },
  }))
  await client.publishAsync('zigbee2mqtt/bridge/devices', JSON.stringify(list), { qos: 1 })
  return client
}
const press = (client: MqttClient, at: number): Promise<unknown> =>
  client.publishAsync(`zigbee2mqtt/button ${at}`, '{"action":"single","battery":90}', { qos: 1 })

test('a device that knocks is shown with what it is and said last, and is adopted with its zone', async () => {
  const client = await bridge()
  await press(client, 0)
  const { knocking } = await devices()
  expect(knocking).toMatchObject([
    { address: first, via: 'z2m', dialect: 'zigbee2mqtt', model: 'WXKG11LM', maker: 'Aqara', kind: 'button' },
  ])
  expect(knocking[0]?.last).toMatchObject({ batteryPercent: 90 })
  const refused = await online('adopt', first, '--kind', 'button', '--zone', 'nowhere')
  expect(refused).toMatchObject([1, expect.stringContaining('nowhere')])
  const done = await online(
    'adopt',
    first,
    '--kind',
    'button',
    '--zone',
    'wang',
    '--id',
    'wang-sos',
    '--name',
    '王奶奶',
  )
  expect(done).toMatchObject([0, expect.stringContaining('wang-sos')])
  await run.started(2)
  expect((await devices()).devices).toContainEqual(
    expect.objectContaining({
      id: 'wang-sos',
      address: first,
      via: 'z2m',
      source: 'adopted',
      zoneName: '王家',
    }),
  )
  await press(await bridge(), 0)
  expect(await standing()).toContain('wang-sos sos wang')
}, 60_000)

test('new hardware takes the place of the old one with its history, and the old one raises nothing', async () => {
  expect(await online('replace', 'wang-sos', second)).toMatchObject([
    1,
    expect.stringContaining('--via BRIDGE'),
  ])
  expect((await online('replace', 'wang-sos', second, '--via', 'z2m'))[0]).toBe(0)
  await run.started(3)
  // The alarm of the earlier hardware still stands.
  expect(await standing()).toContain('wang-sos sos wang')
  const client = await bridge()
  await press(client, 0)
  await press(client, 1)
  const { knocking, lockedOut } = await devices()
  expect(lockedOut).toEqual([{ address: first, was: 'wang-sos', by: 'fitter li' }])
  expect(knocking).toMatchObject([{ address: first, isLockedOut: true }])
  const { alarms } = await get<HealthAnswer>('/api/v1/health')
  const calls = alarms.list.filter(({ kind }) => kind === 'sos')
  expect(calls.map(({ device, occurrences }) => `${device} ${occurrences}`).sort()).toEqual([
    // Its press before it was adopted.
    `${first} 1`,
    'wang-sos 2',
  ])
}, 60_000)

test('a siren that connects itself is replaced: the new one is rung under its own name, the old one is refused', async () => {
  expect((await online('replace', 'siren-1', 'SN-4711'))[0]).toBe(0)
  await run.started(4)
  await expect(
    connectAsync(run.box().mqttUrl, { clientId: 'siren-1', protocolVersion: 4, reconnectPeriod: 0 }, false),
  ).rejects.toThrow('Not authorized')
  const heard: string[] = []
  const siren = await connectAsync(run.box().mqttUrl, {
    clientId: 'SN-4711',
    protocolVersion: 4,
    reconnectPeriod: 0,
  })
  clients.push(siren)
  siren.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`))
  await siren.subscribeAsync('gengfu/v1/SN-4711/#', { qos: 1 })
  await sendEvents(run.box().mqttUrl, 'visitor', [{ id: '1-1', button: 'pressed' }])
  await vi.waitFor(() => expect(heard.join()).toContain('gengfu/v1/SN-4711/command'), { timeout: 20_000 })
  await siren.publishAsync('gengfu/v1/SN-4711/event', '{"id":"1-1","mains":"on","tamper":true}', { qos: 1 })
  expect(await standing()).toContain('siren-1 tamper undefined')
  const { devices: listed, knocking } = await devices()
  expect(listed).toContainEqual(
    expect.objectContaining({ id: 'siren-1', address: 'SN-4711', presence: 'present' }),
  )
  expect(knocking.map(({ address }) => address)).toContain('visitor')
}, 60_000)

test('the door of a bridge opens when the bridge says yes, and its no is told in its own words', async () => {
  const client = await bridge()
  await client.subscribeAsync('zigbee2mqtt/bridge/request/permit_join', { qos: 1 })
  let answer: object = { status: 'ok' }
  client.on('message', (_topic, payload) => {
    const { transaction, time } = JSON.parse(payload.toString()) as { transaction: string; time: number }
    const said = { data: { time }, transaction, ...answer }
    client.publish('zigbee2mqtt/bridge/response/permit_join', JSON.stringify(said), { qos: 1 })
  })
  const ask = async (name: string): Promise<[number, string]> => {
    const response = await fetch(new URL(`/api/v1/bridges/${name}/permit-join`, run.box().consoleUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ minutes: 4, by: 'li' }),
    })
    return [response.status, await response.text()]
  }
  expect(await ask('z2m')).toEqual([200, '{"ok":true}'])
  answer = { status: 'error', error: 'no coordinator' }
  expect(await ask('z2m')).toMatchObject([400, expect.stringContaining('no coordinator')])
  expect(await ask('nowhere')).toMatchObject([400, expect.stringContaining('no bridge')])
}, 60_000)

test('a stopped box is listed and changed on its folder, and has it all after its start', async () => {
  await run.stop()
  expect(await command('rename', 'wang-sos', '王奶奶的按钮')).toMatchObject([
    0,
    expect.stringContaining('starts'),
  ])
  const [code, said] = await command('list')
  expect(code).toBe(0)
  expect(said).toContain('王奶奶的按钮')
  expect(said).toContain(`${second} via z2m`)
  run = await startBoxFromFile(file)
  const { devices: listed, knocking } = await devices()
  expect(listed).toContainEqual(expect.objectContaining({ id: 'wang-sos', name: '王奶奶的按钮' }))
  // The unlisted devices are known after the restart too.
  expect(knocking).toMatchObject([{ address: first, model: 'WXKG11LM', isLockedOut: true }])
  expect(await command('forget', 'wang-sos')).toMatchObject([1, expect.stringContaining('--console')])
}, 60_000)
