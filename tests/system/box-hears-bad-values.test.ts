// Question: do a real broker, journal and console show a call whose message is partly invalid, a device whose messages
// can not be decoded, and the battery and signal of each device?
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCheck } from '../../gateway/cli/check-command.ts'
import type { HealthAnswer } from '../../protocols/console/api.ts'
import { createBoxFolder, sendEvents, startBox, type BoxInProcess } from '../kits/system/box-in-process.ts'

const place = createBoxFolder()
const { folder } = place
const bad: Record<string, string> = {
  'at-iso': '{"id":"7-1","at":"2026-11-03T02:15:00+08:00","button":"pressed"}',
  'battery-null': '{"id":"7-1","button":"pressed","batteryPercent":null}',
  'battery-text': '{"id":"7-1","button":"pressed","batteryPercent":"87"}',
  'id-number': '{"id":71,"button":"pressed"}',
  'no-id': '{"button":"pressed"}',
  nan: '{"id":"7-1","button":"pressed","temperatureC":nan}',
  nul: '{"id":"7-1","button":"pressed"}\0',
  bom: '\uFEFF{"id":"7-1","button":"pressed"}\r\n',
}
const config = {
  devices: [...Object.keys(bad), 'mute', 'elsewhere', 'never-heard'].map((id) => ({ id, kind: 'button' })),
}
let box: BoxInProcess

beforeAll(async () => {
  box = await startBox(folder, config)
}, 60_000)
afterAll(async () => {
  await box.gateway.stop()
  place.remove()
}, 60_000)

const health = async (): Promise<HealthAnswer> =>
  (await (await fetch(new URL('/api/v1/health', box.consoleUrl))).json()) as HealthAnswer

async function sendRaw(device: string, text: string): Promise<void> {
  const client = await connectAsync(box.mqttUrl, { clientId: device, protocolVersion: 4, reconnectPeriod: 0 })
  await client.publishAsync(`gengfu/v1/${device}/event`, Buffer.from(text), { qos: 1 })
  await client.endAsync()
}

test('each press with a bad value is a call, and the device without a readable message is blind', async () => {
  for (const [device, text] of Object.entries(bad)) await sendRaw(device, text)
  await sendRaw('mute', 'pressed')
  const { alarms, quarantine } = await health()
  const found = alarms.list.map(({ device, kind, colour }) => `${device} ${kind} ${colour}`)
  expect(found.sort()).toEqual(
    [...Object.keys(bad).map((device) => `${device} sos red`), 'mute device-blind orange'].sort(),
  )
  expect(alarms.list.find(({ device }) => device === 'mute')?.text.en).toContain('First bytes: pressed')
  expect(quarantine.count).toBe(1)
}, 60_000)

test('a device that writes only to topics that are not its own is blind, though the broker refuses each message', async () => {
  for (let attempt = 0; attempt < 3; attempt++) {
    const options = { clientId: 'elsewhere', protocolVersion: 4, reconnectPeriod: 0 } as const
    const client = await connectAsync(box.mqttUrl, options)
    const isClosed = new Promise<void>((resolve) => client.once('close', () => resolve()))
    client.publish('home/button/state', `pressed ${attempt}`, { qos: 1 }, () => undefined)
    await isClosed
  }
  await vi.waitFor(async () => {
    const alarm = (await health()).alarms.list.find(({ device }) => device === 'elsewhere')
    expect(alarm).toMatchObject({ kind: 'device-blind', colour: 'orange' })
    expect(alarm?.text.en).toContain('First bytes: pressed')
  }, 20_000)
}, 60_000)

test('the last battery and signal of the device are shown, also by gengfu check, which names the devices that were not heard', async () => {
  await sendEvents(box.mqttUrl, 'nan', [
    { id: '7-2', batteryPercent: 17, signalDbm: -71 },
    { id: '7-3', contact: 'open' },
  ])
  const device = (await health()).devices.list.find(({ id }) => id === 'nan')
  expect(device).toMatchObject({ batteryPercent: 17, signalDbm: -71 })
  const file = join(folder, 'check.yaml')
  const [host, port] = new URL(box.consoleUrl).host.split(':')
  writeFileSync(
    file,
    JSON.stringify({
      box: { id: 'upper-brook' },
      dataDir: join(folder, 'box'),
      mqtt: { listeners: [{ host: '127.0.0.1', port: 1 }], anonymous: true },
      console: { host, port: Number(port) },
      ...config,
    }),
  )
  const lines: string[] = []
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
  await runCheck(['--config', file])
  spy.mockRestore()
  process.exitCode = 0
  expect(lines.join('')).toContain('! nan: battery 17 %, signal -71 dBm.')
  expect(lines.join('')).toMatch(
    /! \d+ of 11 devices are present; late, or not heard since the start: (?:\S+, )*never-heard\./,
  )
}, 60_000)
