// Question: with no link at all, does the village still guard itself: armed manually, siren on, siren off, and nothing
// real happening during a walk test?
import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { HealthAnswer } from '../../protocols/console/api.ts'
import {
  createBoxFolder,
  sendEvents,
  startBox,
  type BoxFolder,
  type BoxInProcess,
} from '../kits/system/box-in-process.ts'

let folder: BoxFolder
let box: BoxInProcess
let siren: MqttClient
const commands: Record<string, unknown>[] = []

const config = {
  zones: [{ id: 'shop', name: '小卖部 Shop' }],
  devices: [
    { id: 'door-1', kind: 'door', zone: 'shop' },
    { id: 'siren-1', kind: 'siren', zone: 'shop' },
  ],
  rules: [
    {
      id: 'shop-siren',
      when: { kinds: ['intrusion'], zones: ['shop'] },
      device: 'siren-1',
      do: 'siren',
      secondsMax: 30,
    },
  ],
}

beforeEach(async () => {
  commands.length = 0
  folder = createBoxFolder()
  box = await startBox(folder.folder, config)
  siren = await connectAsync(box.mqttUrl, { clientId: 'siren-1', protocolVersion: 4, reconnectPeriod: 0 })
  siren.on('message', (_topic, payload) => {
    const command = JSON.parse(payload.toString()) as Record<string, unknown>
    commands.push(command)
    siren.publish('gengfu/v1/siren-1/result', JSON.stringify({ id: command['id'], ok: true }), { qos: 1 })
  })
  await siren.subscribeAsync('gengfu/v1/siren-1/command', { qos: 1 })
})
afterEach(async () => {
  await siren.endAsync()
  await box.gateway.stop()
  folder.remove()
})

async function control(name: string, body: object, type = 'application/json'): Promise<[number, unknown]> {
  const answer = await fetch(`${box.consoleUrl}api/v1/${name}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  return [answer.status, text.startsWith('{') ? (JSON.parse(text) as unknown) : text]
}

async function health(): Promise<HealthAnswer> {
  return (await (await fetch(`${box.consoleUrl}api/v1/health`)).json()) as HealthAnswer
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`not in time; commands so far: ${JSON.stringify(commands)}`)
}

it('rings the siren for an opened door of an armed zone, and stops it when disarmed', async () => {
  await sendEvents(box.mqttUrl, 'door-1', [
    { id: '1-1', contact: 'closed' },
    { id: '1-2', contact: 'open' },
    { id: '1-3', contact: 'closed' },
  ])
  expect((await health()).alarms.count).toBe(0)
  expect(await control('arm', { zone: 'shop', by: 'Li' })).toEqual([200, { ok: true }])
  await sendEvents(box.mqttUrl, 'door-1', [{ id: '1-4', contact: 'open' }])
  await until(() => commands.length === 1)
  expect(commands[0]).toMatchObject({ do: 'siren' })
  expect((await health()).alarms.list).toMatchObject([
    { device: 'door-1', kind: 'intrusion', colour: 'orange' },
  ])
  await control('disarm', { zone: 'shop', by: 'Li' })
  await sendEvents(box.mqttUrl, 'door-1', [{ id: '1-5', contact: 'closed' }])
  await until(() => commands.some((command) => command['seconds'] === 0))
})

it('shows a walk test as a drill and rings nothing', async () => {
  await control('arm', { zone: 'shop', by: 'Li' })
  expect(await control('maintenance', { zone: 'shop', minutes: 10, by: 'Li' })).toEqual([200, { ok: true }])
  await sendEvents(box.mqttUrl, 'door-1', [
    { id: '1-1', contact: 'closed' },
    { id: '1-2', contact: 'open' },
  ])
  await until(async () => (await health()).alarms.count === 1)
  expect((await health()).alarms.list).toMatchObject([{ device: 'door-1', isDrill: true }])
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(commands).toEqual([])
})

it('keeps arming over a restart, and refuses what makes no sense in words', async () => {
  await control('arm', { zone: 'shop', by: 'Li' })
  await box.gateway.stop()
  box = await startBox(folder.folder, config)
  await sendEvents(box.mqttUrl, 'door-1', [
    { id: '1-1', contact: 'closed' },
    { id: '1-2', contact: 'open' },
  ])
  expect((await health()).alarms.list).toMatchObject([{ kind: 'intrusion' }])
  expect((await control('arm', { zone: 'nowhere', by: 'Li' }))[0]).toBe(400)
  expect((await control('arm', { zone: 'shop' }))[0]).toBe(400)
  expect((await control('bypass', { device: 'door-1', minutes: -1, by: 'Li' }))[0]).toBe(400)
  expect((await control('arm', { zone: 'shop', by: 'a page' }, 'text/plain'))[0]).toBe(415)
  expect((await control('reboot', {}))[0]).toBe(404)
  const foreign = await fetch(`${box.consoleUrl}api/v1/disarm`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'http://evil.example' },
    body: JSON.stringify({ zone: 'shop', by: 'a page' }),
  })
  expect(foreign.status).toBe(403)
})

it('takes alarms although another program has the port of its console', async () => {
  const { port } = new URL(box.consoleUrl)
  const other = createBoxFolder()
  const second = await startBox(other.folder, { console: { port: Number(port) } })
  expect(second.consoleUrl).toBe('')
  await sendEvents(second.mqttUrl, 'button-1', [{ id: '1-1', button: 'pressed' }])
  await second.gateway.stop()
  other.remove()
})
