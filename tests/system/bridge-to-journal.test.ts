// Question: does a press of a bought device reach the journal as one red alarm, once, whether its bridge connects to
// the box or to an existing mosquitto, and is a credential of a bridge valid for its own topics only?
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { HealthAnswer } from '../../protocols/console/api.ts'
import { createAuthority } from '../kits/broker/certificates.ts'
import { createBoxFolder, startBox, type BoxInProcess } from '../kits/system/box-in-process.ts'

const run = promisify(execFile)
const place = createBoxFolder()
const scratch = mkdtempSync(join(tmpdir(), 'gengfu-mosquitto-'))
const sos = '0x00158d0001abcd01'
let mosquitto: ChildProcess
let brokerPort = 0
let sealedPort = 0
let pushPort = 0
let box: BoxInProcess

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

async function startMosquitto(): Promise<void> {
  mosquitto = spawn('mosquitto', ['-c', join(scratch, 'mosquitto.conf')], { stdio: 'ignore' })
  await vi.waitFor(
    async () =>
      (
        await connectAsync(`mqtt://127.0.0.1:${brokerPort}`, { connectTimeout: 1000, reconnectPeriod: 0 })
      ).endAsync(),
    { timeout: 20_000, interval: 100 },
  )
}

/** A bridge at the listener with TLS, where each user has a password. */
function sealed(id: string, base: string, password: string): object {
  const passwordFile = join(scratch, `${id}.password`)
  writeFileSync(passwordFile, `${password}\n`)
  const url = `mqtts://127.0.0.1:${sealedPort}`
  return {
    id,
    dialect: 'tasmota',
    base,
    url,
    username: 'gengfu',
    passwordFile,
    caFile: join(scratch, 'ca.pem'),
  }
}

const config = (): object => ({
  bridges: [
    { id: 'z2m', dialect: 'zigbee2mqtt' },
    { id: 'vendor', dialect: 'mapping', mapping: 'client-heartbeat-4g', tokenFile: join(scratch, 'token') },
    { id: 'old-broker', dialect: 'zigbee2mqtt', base: 'old', url: `mqtt://127.0.0.1:${brokerPort}` },
    sealed('sealed', 'gate_3', 'the-password'),
    sealed('mistaken', 'gate_9', 'another-password'),
  ],
  push: { port: pushPort },
  devices: [
    { id: 'town-4g', kind: 'button', address: 'SN0042', via: 'vendor' },
    { id: 'grandma-wang', kind: 'button', address: sos, via: 'z2m' },
    { id: 'uncle-li', kind: 'button', address: '0x00158d0002abcd02', via: 'old-broker' },
    { id: 'siren-1', kind: 'siren', address: '0x00158d0004abcd04', via: 'z2m' },
    { id: 'door-7', kind: 'contact', dialect: 'tasmota', base: 'door_7' },
  ],
  rules: [{ id: 'ring', when: { kinds: ['sos'] }, device: 'siren-1', do: 'siren', secondsMax: 30 }],
})

beforeAll(async () => {
  brokerPort = await freePort()
  sealedPort = await freePort()
  pushPort = await freePort()
  writeFileSync(join(scratch, 'token'), 'a-long-token\n')
  await run('mosquitto_passwd', ['-b', '-c', join(scratch, 'users'), 'gengfu', 'the-password'])
  const authority = await createAuthority()
  const server = await authority.issueServer()
  for (const [name, text] of [
    ['ca.pem', authority.cert],
    ['server.crt', server.cert],
    ['server.key', server.key],
  ] as const)
    writeFileSync(join(scratch, name), text)
  const ofTls = ['cafile ca.pem', 'certfile server.crt', 'keyfile server.key', 'password_file users']
    .map((line) => line.replace(' ', ` ${scratch}/`))
    .join('\n')
  writeFileSync(
    join(scratch, 'mosquitto.conf'),
    `user root\nper_listener_settings true\nlistener ${brokerPort} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location ${scratch}/\nautosave_interval 1\nlistener ${sealedPort} 127.0.0.1\nallow_anonymous false\n${ofTls}\n`,
  )
  await startMosquitto()
  box = await startBox(place.folder, config())
}, 60_000)
afterAll(async () => {
  await box.gateway.stop()
  mosquitto.kill()
  place.remove()
  rmSync(scratch, { recursive: true, force: true })
}, 60_000)

const alarms = async (): Promise<string[]> => {
  const answer = (await (await fetch(new URL('/api/v1/health', box.consoleUrl))).json()) as HealthAnswer
  return answer.alarms.list.map(({ device, kind, colour }) => `${device} ${kind} ${colour}`)
}

/** As a bridge or device does it: with mosquitto's own client, at QoS 1. */
async function publish(
  port: string,
  id: string,
  topic: string,
  payload: string,
  more: string[] = [],
): Promise<void> {
  await run('mosquitto_pub', [
    '-h',
    '127.0.0.1',
    '-p',
    port,
    '-i',
    id,
    '-q',
    '1',
    '-t',
    topic,
    '-m',
    payload,
    ...more,
  ])
}
const boxPort = (): string => new URL(box.mqttUrl).port

test('a press on three topics of a bridge at the box is one alarm of the listed device, and rings the bought siren', async () => {
  const heard: string[] = []
  const client: MqttClient = await connectAsync(box.mqttUrl, {
    clientId: 'z2m',
    protocolVersion: 4,
    reconnectPeriod: 0,
  })
  client.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`))
  await client.subscribeAsync('zigbee2mqtt/#', { qos: 1 })
  const devices = [
    {
      ieee_address: sos,
      type: 'EndDevice',
      friendly_name: 'Wang/SOS',
      definition: { model: 'TS0215A_sos', vendor: 'Tuya', exposes: [] },
    },
    {
      ieee_address: '0x00158d0004abcd04',
      type: 'Router',
      friendly_name: 'siren',
      definition: {
        model: 'HS2WD-E',
        exposes: [{ type: 'composite', name: 'warning', property: 'warning', features: [] }],
      },
    },
  ]
  // Longer than any device's message may be.
  const filler = { ieee_address: '0x1', friendly_name: 'f', definition: { description: 'x'.repeat(200_000) } }
  await client.publishAsync('zigbee2mqtt/bridge/devices', JSON.stringify([...devices, filler]), { qos: 1 })
  await client.publishAsync('zigbee2mqtt/Wang/SOS', '{"action":"emergency","battery":90}', { qos: 1 })
  await client.publishAsync('zigbee2mqtt/Wang/SOS/action', 'emergency', { qos: 1 })
  await client.publishAsync('zigbee2mqtt/Wang/SOS', '{"action":"","battery":90}', { qos: 1 })
  expect(await alarms()).toEqual(['grandma-wang sos red'])
  await vi.waitFor(
    () =>
      expect(heard.filter((line) => line.includes('/set '))).toEqual([
        expect.stringContaining('"mode":"emergency"'),
      ]),
    { timeout: 20_000 },
  )
  await client.endAsync()
}, 60_000)

test('a bridge may use neither the topics of another bridge nor the native dialect', async () => {
  const before = await alarms()
  for (const topic of [
    'gengfu/v1/z2m/event',
    'gengfu/v1/grandma-wang/event',
    'shellies/x/sensor/smoke',
    'other/x',
  ])
    await publish(boxPort(), 'z2m', topic, '{"id":"1-1","button":"pressed","smoke":true}').catch(
      () => undefined,
    )
  await publish(boxPort(), 'door-7', 'stat/door_8/RESULT', '{"Button1":{"Action":"SINGLE"}}').catch(
    () => undefined,
  )
  expect(await alarms()).toEqual(before)
}, 60_000)

test('a device with a dialect of its own is heard under its own id', async () => {
  await publish(boxPort(), 'door-7', 'stat/door_7/RESULT', '{"Button1":{"Action":"SINGLE"}}')
  expect(await alarms()).toContain('door-7 sos red')
}, 60_000)

test('a retained press is no call, but a fault that people see', async () => {
  await publish(boxPort(), 'z2m', 'zigbee2mqtt/0x00158d00000000ee', '{"action":"single"}', ['-r'])
  const found = await alarms()
  expect(found).toContain('0x00158d00000000ee device-fault yellow')
  expect(found).not.toContain('0x00158d00000000ee sos red')
}, 60_000)

test('what a broker that was there already holds while the box is away comes once, and a death of that broker loses nothing', async () => {
  const at = String(brokerPort)
  await vi.waitFor(
    async () => {
      await publish(at, 'old', 'old/0x00158d0002abcd02', '{"battery":77}')
      const { devices } = (await (
        await fetch(new URL('/api/v1/health', box.consoleUrl))
      ).json()) as HealthAnswer
      expect(devices.list.find(({ id }) => id === 'uncle-li')).toMatchObject({ batteryPercent: 77 })
    },
    { timeout: 20_000, interval: 300 },
  )
  await box.gateway.stop()
  await publish(at, 'old', 'old/0x00158d0002abcd02', '{"action":"emergency"}')
  box = await startBox(place.folder, config(), { bootId: 'boot-b' })
  await vi.waitFor(async () => expect(await alarms()).toContain('uncle-li sos red'), {
    timeout: 20_000,
    interval: 200,
  })
  const answer = (await (await fetch(new URL('/api/v1/health', box.consoleUrl))).json()) as HealthAnswer
  expect(answer.alarms.list.find(({ device }) => device === 'uncle-li')?.occurrences).toBe(1)
}, 60_000)

test('a broker with TLS and a password is heard by the bridge that has them, and not by one with another password', async () => {
  const secured = ['--cafile', join(scratch, 'ca.pem'), '-u', 'gengfu', '-P', 'the-password']
  await vi.waitFor(
    async () => {
      for (const board of ['gate_9', 'gate_3'])
        await publish(
          String(sealedPort),
          'pub',
          `stat/${board}/RESULT`,
          '{"Button1":{"Action":"SINGLE"}}',
          secured,
        )
      expect(await alarms()).toContain('gate_3 sos red')
    },
    { timeout: 20_000, interval: 300 },
  )
  expect(await alarms()).not.toContain('gate_9 sos red')
}, 60_000)

test('a vendor pushes by HTTP: answered once the data is stored, and refused without its token', async () => {
  const push = (token: string, body: object): Promise<Response> =>
    fetch(`http://127.0.0.1:${pushPort}/push/vendor/device/x/up`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })
  const alarm = { command: 'alarm', serial: 'SN0042', message: { type: 'sos' } }
  expect((await push('wrong', alarm)).status).toBe(401)
  expect(await alarms()).not.toContain('town-4g sos red')
  const answer = await push('a-long-token', alarm)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({ command: 'alarm', serial: 'SN0042', result: 0 })
  expect(await alarms()).toContain('town-4g sos red')
}, 60_000)
