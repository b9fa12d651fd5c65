// Question: are a gauge on a Modbus bus (pymodbus) and a recorder that connects (SL 651) heard as devices, does a
// recorder get its confirmation only for stored data, once, and a stranger none?
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { connectionsPerStationMax } from '../../gateway/dialects/box/recorder-listener.ts'
import { control, cutFrame, encodeFrame } from '../../gateway/dialects/sl651/frame.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import type { HealthAnswer } from '../../protocols/console/api.ts'
import { createBoxFolder, startBox, type BoxInProcess } from '../kits/system/box-in-process.ts'

// The system's own Python has pymodbus, another one in front of it may not.
const python = '/usr/bin/python3'
const server = `
import sys, pymodbus.server as s, pymodbus.datastore as d, pymodbus.transaction as t
block = d.ModbusSequentialDataBlock(0, [0] * 10 + [1500, 0, 0])
unit = d.ModbusSlaveContext(hr=block, di=block, zero_mode=True)
framer = t.ModbusRtuFramer if sys.argv[2] == 'rtu' else t.ModbusSocketFramer
s.StartTcpServer(context=d.ModbusServerContext(slaves={3: unit}, single=False), framer=framer, allow_reuse_address=True, address=('127.0.0.1', int(sys.argv[1])))
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

const startGauge = (port = ports[0], framing = 'tcp'): ChildProcess =>
  spawn(python, ['-c', server, String(port), framing], { stdio: 'ignore' })

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

test('a missing packet is asked for by its number on the same connection, and the whole report is confirmed, once', async () => {
  const body = Buffer.from(
    '0011260701090000F1F1001122334448F0F026070109003923000125113812 1200'.replace(' ', ''),
    'hex',
  )
  const packet = (number: number, end: number): Uint8Array =>
    encodeFrame({
      isText: false,
      centre: 5,
      station: '0011223344',
      password: '03E8',
      code: 0x32,
      isDown: false,
      packets: 3,
      packet: number,
      body: body.subarray((number - 1) * 10, number === 3 ? undefined : number * 10),
      end,
    })
  const answers: (number | undefined)[][] = []
  await new Promise<void>((resolve, reject) => {
    let bytes = Buffer.alloc(0)
    const socket = connect(ports[1] ?? 0, '127.0.0.1', () => {
      socket.write(packet(1, control.etb))
      socket.write(packet(3, control.etx))
    })
    const timer = setTimeout(() => reject(new Error(`answers: ${JSON.stringify(answers)}`)), 50_000)
    socket.on('error', reject)
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      const { frame, size } = cutFrame(bytes)
      if (!frame) return
      bytes = bytes.subarray(size)
      answers.push([frame.end, frame.end === control.nak ? frame.packet : undefined])
      if (frame.end === control.nak) return void socket.write(packet(2, control.etx))
      clearTimeout(timer)
      socket.destroy()
      resolve()
    })
  })
  expect(answers).toEqual([
    [control.nak, 2],
    [control.esc, undefined],
  ])
  const { alarms } = await health()
  expect(alarms.list.filter(({ device }) => device === 'dam')).toMatchObject([{ kind: 'water' }])
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

test('a recorder is confirmed while a caller under its own number holds many connections', async () => {
  const callers = Array.from({ length: 30 }, () =>
    connect(ports[1] ?? 0, '127.0.0.1', function (this: Socket) {
      this.write(report)
    })
      .on('error', () => undefined)
      .resume(),
  )
  const closed = (): number => callers.filter((socket) => socket.closed).length
  try {
    await vi.waitFor(() => expect(closed()).toBeGreaterThanOrEqual(30 - connectionsPerStationMax), {
      timeout: 30_000,
      interval: 50,
    })
    expect(await dial(report)).toBe('7E7E00112233440503E83280080200341707181100161BE5D4')
  } finally {
    for (const socket of callers) socket.destroy()
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

/** A box for which an hour is a minute: a bus that does not come back is an alarm after three minutes. */
const factor = 60
const system = createSystemClock()
const fast: Clock = {
  monotonicMs: () => system.monotonicMs() * factor,
  wallMs: () => system.wallMs(),
  after: (delayMs, run) => system.after(delayMs / factor, run),
}

test('a bus that dies is one alarm until it answers again, with Modbus TCP and with RTU over TCP', async () => {
  const framings = ['tcp', 'rtu'] as const
  const own = [await freePort(), await freePort()]
  const start = (): ChildProcess[] => framings.map((framing, at) => startGauge(own[at], framing))
  let gauges = start()
  const other = createBoxFolder()
  const registers = [{ reading: 'waterLevelMm', at: 10, min: 0, max: 9000 }]
  const bridges = framings.map((framing, at) => ({
    id: `bus-${framing}`,
    dialect: 'modbus',
    modbus: {
      host: '127.0.0.1',
      port: own[at],
      framing,
      pollS: 1,
      timeoutMs: 2000,
      units: [{ unit: 3, device: `gauge-${framing}`, registers }],
    },
  }))
  const devices = framings.map((framing) => ({
    id: `gauge-${framing}`,
    kind: 'water',
    via: `bus-${framing}`,
  }))
  const { gateway, consoleUrl } = await startBox(
    other.folder,
    { bridges, devices },
    { clock: fast, sinceBootMs: () => fast.monotonicMs() },
  )
  const standing = async (): Promise<string[]> => {
    const answer = (await (await fetch(new URL('/api/v1/health', consoleUrl))).json()) as HealthAnswer
    return answer.alarms.list.map(({ device, kind, state }) => `${device} ${kind} ${state}`).sort()
  }
  const wait = { timeout: 40_000, interval: 200 }
  try {
    await vi.waitFor(async () => {
      const answer = (await (await fetch(new URL('/api/v1/health', consoleUrl))).json()) as HealthAnswer
      expect(answer.devices.list.map(({ presence }) => presence)).toEqual(['present', 'present'])
    }, wait)
    for (const gauge of gauges) gauge.kill('SIGKILL')
    const both = (state: string): string[] =>
      ['bus-rtu', 'bus-tcp'].map((bus) => `${bus} device-silent ${state}`)
    await vi.waitFor(async () => expect(await standing()).toEqual(both('unacknowledged')), wait)
    gauges = start()
    await vi.waitFor(async () => expect(await standing()).toEqual(both('returned-unacknowledged')), wait)
  } finally {
    await gateway.stop()
    for (const gauge of gauges) gauge.kill('SIGKILL')
    other.remove()
  }
}, 120_000)
