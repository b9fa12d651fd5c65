// Question: are a gauge on a Modbus bus (pymodbus) and a recorder that connects (SL 651) heard as devices, does a
// recorder get its confirmation only for stored data, once, and a stranger none?
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, connect, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { encodeFrame } from '../../gateway/dialects/sl651/frame.ts'
import type { HealthAnswer } from '../../protocols/console/api.ts'
import { createBoxFolder, startBox, type BoxInProcess } from '../kits/system/box-in-process.ts'

// The system's own Python has pymodbus, another one in front of it may not.
const python = '/usr/bin/python3'
const server = `
import sys, pymodbus.server as s, pymodbus.datastore as d
block = d.ModbusSequentialDataBlock(0, [0] * 10 + [1500, 0, 0])
unit = d.ModbusSlaveContext(hr=block, di=block, zero_mode=True)
s.StartTcpServer(context=d.ModbusServerContext(slaves={3: unit}, single=False), address=('127.0.0.1', int(sys.argv[1])))
`
const place = createBoxFolder()
let gauge: ChildProcess
let ports: number[] = []
let box: BoxInProcess

async function freePort(): Promise<number> {
  const listener = createServer()
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  await new Promise<void>((resolve) => listener.close(() => resolve()))
  return port
}

const config = (): object => ({
  bridges: [
    {
      id: 'rs485',
      dialect: 'modbus',
      modbus: {
        host: '127.0.0.1',
        port: ports[0],
        pollS: 1,
        timeoutMs: 2000,
        units: [
          { unit: 3, device: 'creek', registers: [{ reading: 'waterLevelMm', at: 10, min: 0, max: 9000 }] },
        ],
      },
    },
    { id: 'recorders', dialect: 'sl651', sl651: { port: ports[1] } },
  ],
  devices: [
    { id: 'creek', kind: 'water', via: 'rs485', water: { warningMm: 1000 } },
    { id: 'dam', kind: 'water', address: '0011223344', via: 'recorders', water: { warningMm: 10_000 } },
  ],
})

const health = async (): Promise<HealthAnswer> =>
  (await (await fetch(new URL('/api/v1/health', box.consoleUrl))).json()) as HealthAnswer

const startGauge = (): ChildProcess => spawn(python, ['-c', server, String(ports[0])], { stdio: 'ignore' })

beforeAll(async () => {
  ports = [await freePort(), await freePort()]
  gauge = startGauge()
  box = await startBox(place.folder, config())
}, 60_000)
afterAll(async () => {
  gauge.kill('SIGKILL')
  await box.gateway.stop()
  place.remove()
}, 60_000)

/** The centre's answer to these bytes within the time; empty for none. */
function dial(bytes: Uint8Array, waitMs = 20_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(ports[1] ?? 0, '127.0.0.1', () => socket.write(bytes))
    const end = (text: string): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(text)
    }
    const timer = setTimeout(() => end(''), waitMs)
    socket.on('data', (answer) => end(answer.toString('hex').toUpperCase()))
    socket.on('error', () => end(''))
  })
}
const report = Buffer.from(
  '7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F01707181100201900004026190000403923000104903812109903A421',
  'hex',
)

test('a recorder is confirmed once its report is kept, and its report counts once', async () => {
  const confirmed = '7E7E00112233440503E83280080200341707181100161BE5D4'
  expect(await dial(report)).toBe(confirmed)
  expect(await dial(report)).toBe(confirmed)
  const { alarms } = await health()
  expect(alarms.list.filter(({ device }) => device === 'dam')).toMatchObject([
    { kind: 'water', occurrences: 1 },
  ])
}, 60_000)

test('a station that is not listed is stored raw, raises no alarm and gets no answer', async () => {
  const before = (await health()).alarms.list.length
  const body = Buffer.from(
    '0001260701080000F1F1009999999948F0F026070108003923009999003812125 0'.replace(' ', ''),
    'hex',
  )
  const stranger = encodeFrame({
    isText: false,
    centre: 1,
    station: '0099999999',
    password: '1234',
    code: 0x32,
    isDown: false,
    body,
    end: 3,
  })
  expect(await dial(stranger, 1500)).toBe('')
  expect((await health()).alarms.list).toHaveLength(before)
}, 60_000)

test('a recorder is confirmed while callers that send nothing hold every place', async () => {
  const idle = Array.from({ length: 450 }, () =>
    connect(ports[1] ?? 0, '127.0.0.1').on('error', () => undefined),
  )
  try {
    await Promise.all(
      idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))),
    )
    expect(await dial(report)).toBe('7E7E00112233440503E83280080200341707181100161BE5D4')
  } finally {
    for (const socket of idle) socket.destroy()
  }
}, 60_000)

test('a gauge is polled: it is present, and its register is a level that alarms', async () => {
  await vi.waitFor(
    async () =>
      expect((await health()).devices.list.find(({ id }) => id === 'creek')).toMatchObject({
        presence: 'present',
      }),
    { timeout: 30_000, interval: 200 },
  )
  const { alarms } = await health()
  expect(alarms.list.filter(({ device }) => device === 'creek')).toMatchObject([
    { kind: 'water', readings: { waterLevelMm: 1500 } },
  ])
}, 60_000)
