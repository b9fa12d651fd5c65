// Question: does a village without a town call for help by itself? A real box and a pressed button: a short message through gammu's
// folders, a station by SIA DC-09 and a webhook have it, the keeper's answer by key shows on the lamp, and a station that fails is an alarm.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type Server as HttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { encodeFrame, parseFrame } from '../../../platform/dc09/dc09-frame.ts'
import {
  createBoxFolder,
  startBox,
  type BoxFolder,
  type BoxInProcess,
} from '../../kits/system/box-in-process.ts'

const soon = { timeout: 30_000, interval: 50 }
const run = promisify(execFile)
let home: BoxFolder
let box: BoxInProcess
let button: MqttClient
let isStationWell = true
const frames: string[] = []
const hooks: string[] = []
const stages: string[] = []
let station: Server
let hook: HttpServer
let config: object

const folderOf = (name: string): string => join(home.folder, name)
const outbox = (): string[] => readdirSync(folderOf('outbox')).filter((name) => name.startsWith('OUT'))

beforeAll(async () => {
  home = createBoxFolder()
  for (const name of ['outbox', 'sent', 'error', 'inbox']) mkdirSync(folderOf(name))
  station = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (part) => {
      const frame = parseFrame(part)
      if (typeof frame === 'string') return void socket.destroy()
      if (frame.id !== 'NULL') frames.push(frame.data)
      const { sequence, line, account } = frame
      if (isStationWell)
        socket.write(
          encodeFrame({ id: 'ACK', sequence, line, account, data: '', more: '' } as never, undefined),
        )
      else socket.destroy()
    })
  })
  hook = createHttp((request, response) => {
    request.on('data', (part: Buffer) => hooks.push(part.toString()))
    request.on('end', () => response.end('{"confirmed":true}'))
  })
  for (const server of [station, hook])
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const [stationPort, hookPort] = [station, hook].map((one) => (one.address() as AddressInfo).port)
  const common = { rules: [{ kinds: ['sos'] }], language: 'zh' }
  config = {
    box: { id: 'upper-brook', name: '上溪村' },
    dataDir: folderOf('box'),
    mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true },
    console: { port: 0 },
    devices: [{ id: 'button-1', kind: 'button', name: '张三家' }],
    outlets: [
      {
        ...common,
        name: 'keepers',
        type: 'sms',
        numbers: ['13800000000'],
        gammu: {
          outboxFolder: 'outbox',
          sentFolder: 'sent',
          errorFolder: 'error',
          inboxFolder: 'inbox',
        },
      },
      {
        ...common,
        name: 'station',
        type: 'sia-dc09',
        receivers: [{ host: '127.0.0.1', port: stationPort }],
        account: '1234',
        alarmAfterSeconds: 5,
        rules: [{ kinds: ['sos'], steps: ['raised', 'again'] }],
      },
      { ...common, name: 'county', type: 'webhook', url: `http://127.0.0.1:${hookPort}/` },
    ],
  }
  box = await startBox(home.folder, config)
  button = await connectAsync(box.mqttUrl, { clientId: 'button-1', protocolVersion: 4 })
  button.on('message', (_topic, payload) =>
    stages.push((JSON.parse(payload.toString()) as { stage: string }).stage),
  )
  await button.subscribeAsync('gengfu/v1/button-1/receipt', { qos: 1 })
})
afterAll(async () => {
  await button.endAsync(true)
  await box.gateway.stop()
  station.close()
  hook.close()
  home.remove()
})

const press = (id: string): Promise<unknown> =>
  button.publishAsync('gengfu/v1/button-1/event', JSON.stringify({ id, button: 'pressed' }), { qos: 1 })

it('calls all three for a pressed button', async () => {
  await press('1-1')
  await vi.waitFor(() => {
    expect(frames).toContain('#1234|1101 00 000')
    expect(hooks.join()).toContain('button-1')
    expect(outbox()).toHaveLength(1)
  }, soon)
  const [file = ''] = outbox()
  expect(file).toContain('13800000000')
  const words = readFileSync(join(folderOf('outbox'), file)).toString('utf16le')
  expect(words).toContain('上溪村')
  expect(words).toContain('张三家')
})

it("shows the keeper's answer by short message on the button's lamp", async () => {
  const [file = ''] = outbox()
  const words = readFileSync(join(folderOf('outbox'), file)).toString('utf16le')
  const code = /4 (\d{4})/.exec(words)?.[1] ?? ''
  // As gammu-smsd does when the modem has taken it, and when an answer comes.
  renameSync(join(folderOf('outbox'), file), join(folderOf('sent'), file))
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const answer = join(folderOf('inbox'), 'IN20261130_120000_00_+8613800000000_00.txt')
  writeFileSync(answer, `4 ${code}`)
  await vi.waitFor(() => expect(stages).toContain('accepted'), soon)
  await vi.waitFor(() => expect(existsSync(answer)).toBe(false), soon)
})

it('raises an alarm of the box when the station fails, and ends it', async () => {
  isStationWell = false
  // A further press of an answered alarm is a new call.
  await press('1-2')
  const stateOfAlarm = async (): Promise<string | undefined> => {
    const health = (await (await fetch(`${box.consoleUrl}api/v1/health`)).json()) as {
      alarms: { list: { kind: string; state: string }[] }
    }
    return health.alarms.list.find(({ kind }) => kind === 'outlet-failed')?.state
  }
  await vi.waitFor(async () => expect(await stateOfAlarm()).toBe('unacknowledged'), soon)
  isStationWell = true
  // The fault is over; a person has not seen it yet.
  await vi.waitFor(async () => expect(await stateOfAlarm()).toBe('returned-unacknowledged'), {
    ...soon,
    timeout: 60_000,
  })
})

it('tests an outlet by the command line: a dry run shows the bytes and sends nothing', async () => {
  const file = folderOf('gateway.yaml')
  writeFileSync(file, stringify({ ...config, mqtt: { listeners: [{ host: '127.0.0.1', port: 1883 }] } }))
  const command = ['--import', 'tsx', 'tests/kits/system/run-gateway-command.ts', 'outlet']
  const before = frames.length
  const dry = await run('node', [...command, 'test', 'station', '--dry-run', '--config', file])
  expect(dry.stdout).toMatch(/"ADM-CID"\d{4}L0#1234\[#1234\|1602 00 000\]/)
  expect(frames).toHaveLength(before)
  const real = await run('node', [...command, 'test', 'station', '--config', file])
  expect(real.stdout).toContain('confirmed: ACK')
  expect(frames.at(-1)).toBe('#1234|1602 00 000')
  const list = await run('node', [...command, 'list', '--config', file])
  expect(list.stdout).toContain('keepers\tsms')
})
