// Is everything kept, once, that the box told a foreign broker, an HTTP caller, a recorder or a person at its list of
// devices is kept, and is a held input of a Modbus bus one press, however often the box is killed? The built program,
// a real mosquitto and a real Modbus server, SIGKILL at moments from one seed.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { connectAsync } from 'mqtt'
import { control, encodeFrame } from '../../../gateway/dialects/sl651/frame.ts'
import type { DevicesAnswer } from '../../../protocols/console/api.ts'
import type { JournalRecord } from '../../../protocols/domain/record.ts'
import { lanes } from '../../../protocols/domain/colour.ts'
import { scalarText } from '../../../protocols/kit/parse-json.ts'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { createTown, freePort, type TestTown } from '../../kits/system/programs.ts'
import { readJournalRecords } from '../journal-records.ts'

const run = promisify(execFile)

export interface SenderKillPlan {
  seed: number
  /** Each while the senders deliver and a person changes the list of devices. */
  kills: number
  /** Longest pause between two kills, ms. */
  pauseMsMax: number
  progress?: (text: string) => void
}

export interface SenderKillResult {
  /** How many messages each sender was told are kept. */
  told: { broker: number; push: number; unnumbered: number; recorder: number; registry: number }
  lost: string[]
  doubled: string[]
  /** Changes of the list of devices that were answered with "ok" and are not there. */
  forgotten: string[]
}

const zigbee = '0x00158d0002abcd02'
const retryMs = 50
const token = 'a-long-token'
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Ports {
  broker: number
  push: number
  recorder: number
  bus: number
}

const configOf = (scratch: string, ports: Ports): object => ({
  bridges: [
    { id: 'old-broker', dialect: 'zigbee2mqtt', url: `mqtt://127.0.0.1:${ports.broker}` },
    { id: 'vendor', dialect: 'mapping', mapping: 'thing-model-4g', tokenFile: join(scratch, 'token') },
    {
      id: 'hearts',
      dialect: 'mapping',
      mapping: 'client-heartbeat-4g',
      base: 'device',
      tokenFile: join(scratch, 'token'),
    },
    { id: 'recorders', dialect: 'sl651', sl651: { port: ports.recorder } },
    {
      id: 'rs485',
      dialect: 'modbus',
      modbus: {
        host: '127.0.0.1',
        port: ports.bus,
        pollS: 1,
        timeoutMs: 2000,
        units: [
          {
            unit: 3,
            device: 'wired-button',
            registers: [{ reading: 'button', from: 'coil', at: 0, words: { 1: 'pressed' } }],
          },
        ],
      },
    },
  ],
  push: { port: ports.push },
  zones: [{ id: 'wang', name: '王家' }],
  devices: [
    { id: 'uncle-li', kind: 'button', address: zigbee, via: 'old-broker' },
    { id: 'town-4g', kind: 'button', address: '8986000000000000042', via: 'vendor' },
    { id: 'town-heart', kind: 'button', address: 'SN0042', via: 'hearts' },
    { id: 'dam', kind: 'water', address: '0011223344', via: 'recorders', water: { warningMm: 90_000 } },
    { id: 'wired-button', kind: 'button', via: 'rs485' },
  ],
})

const server = `
import sys, pymodbus.server as s, pymodbus.datastore as d
coils = d.ModbusSequentialDataBlock(0, [0] * 16)
unit = d.ModbusSlaveContext(co=coils, zero_mode=True)
s.StartTcpServer(context=d.ModbusServerContext(slaves={3: unit}, single=False), address=('127.0.0.1', int(sys.argv[1])))
`

/** Real peers on loopback; ended by their own ids. */
async function startPeers(scratch: string, ports: Ports): Promise<() => void> {
  writeFileSync(join(scratch, 'token'), `${token}\n`)
  writeFileSync(
    join(scratch, 'mosquitto.conf'),
    `listener ${ports.broker} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n`,
  )
  const children: ChildProcess[] = [
    spawn('mosquitto', ['-c', join(scratch, 'mosquitto.conf')], { stdio: 'ignore' }),
    // The system's own Python has pymodbus, another one in front of it may not.
    spawn('/usr/bin/python3', ['-c', server, String(ports.bus)], { stdio: 'ignore' }),
  ]
  await until('the broker listens', async () => {
    const client = await connectAsync(`mqtt://127.0.0.1:${ports.broker}`, { reconnectPeriod: 0 })
    await client.endAsync()
    return true
  })
  await until('the bus answers', () => pressBus(ports, false))
  return () => children.forEach((child) => child.kill('SIGKILL'))
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 120_000
  for (;;) {
    if (await isSo().catch(() => false)) return
    if (performance.now() > endMs) throw new Error(`not in time: ${what}`)
    await pause(retryMs)
  }
}

/** By mbpoll: another program's idea of Modbus TCP. */
async function pressBus({ bus }: Ports, isPressed: boolean): Promise<boolean> {
  const coil = ['-t', '0', '-r', '1', '127.0.0.1', isPressed ? '1' : '0']
  await run('mbpoll', ['-m', 'tcp', '-p', String(bus), '-a', '3', '-1', ...coil])
  return true
}

/** Delivers one message after the other, each until the answer is that it is stored, and returns how many. */
async function deliver(isOver: () => boolean, send: (n: number) => Promise<boolean>): Promise<number> {
  let n = 0
  while (!isOver()) {
    n++
    while (!(await send(n).catch(() => false))) await pause(retryMs)
  }
  return n
}

/** Mosquitto tells the publisher; the box tells mosquitto, which keeps what the box has not confirmed. */
async function deliverToBroker({ broker }: Ports, isOver: () => boolean): Promise<number> {
  const client = await connectAsync(`mqtt://127.0.0.1:${broker}`)
  const say = (topic: string, json: object): Promise<unknown> =>
    client.publishAsync(`zigbee2mqtt/${topic}`, JSON.stringify(json), { qos: 1 })
  await say('bridge/devices', [
    { ieee_address: zigbee, type: 'EndDevice', friendly_name: 'Li/SOS', definition: { exposes: [] } },
  ])
  const told = await deliver(isOver, async (n) => {
    await say('Li/SOS', { action: 'single', number: n })
    await pause(10)
    return true
  })
  await client.endAsync()
  return told
}

async function post(port: number, path: string, body: object): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/push/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  })
  return answer.status === 200
}

const deliverByPush = ({ push }: Ports, isOver: () => boolean): Promise<number> =>
  deliver(isOver, (n) => {
    const params = { ICCID: '8986000000000000042', csq: 20, sos: 1 }
    return post(push, 'vendor/a/b/thing/event/property/post', {
      id: String(n),
      method: 'thing.event.property.post',
      params,
    })
  })

/** A maker whose requests have no number: the box knows a repeat by its content alone. */
const deliverUnnumbered = ({ push }: Ports, isOver: () => boolean): Promise<number> =>
  deliver(isOver, (n) =>
    post(push, 'hearts/device/x/up', { command: 'alarm', serial: 'SN0042', message: { type: 'sos', n } }),
  )

const digits = (n: number, width: number): string => String(n).padStart(width, '0')

function reportOf(n: number): Uint8Array {
  const serial = n.toString(16).padStart(4, '0')
  const body = `${serial}260701080000F1F1001122334448F0F026070108003923${digits(n, 8)}`
  return encodeFrame({
    isText: false,
    centre: 5,
    station: '0011223344',
    password: '03E8',
    code: 0x32,
    isDown: false,
    body: Buffer.from(body, 'hex'),
    end: control.etx,
  })
}

const deliverByRecorder = ({ recorder }: Ports, isOver: () => boolean): Promise<number> =>
  deliver(
    isOver,
    (n) =>
      new Promise((resolve) => {
        const socket = connectTcp(recorder, '127.0.0.1', () => socket.write(reportOf(n)))
        const end = (isKept: boolean): void => {
          socket.destroy()
          resolve(isKept)
        }
        socket.setTimeout(20_000, () => end(false))
        socket.on('data', () => end(true))
        socket.on('error', () => end(false))
        socket.on('close', () => end(false))
      }),
  )

/** The person's requests; each is cut off by a kill, and asked again if it was not done. */
class Person {
  readonly forgotten: string[] = []
  told = 0
  readonly #url: string
  readonly #file: string
  #step = 0

  constructor(town: TestTown) {
    this.#url = `http://127.0.0.1:${town.ports.console}/api/v1/devices`
    this.#file = join(town.folder, 'gateway', 'device-registry.json')
  }

  async #ask(what: string, body: object): Promise<boolean> {
    const answer = await fetch(`${this.#url}/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ by: 'li', ...body }),
    })
    return answer.status === 200
  }

  async #isDone(what: string, address: string, name: string): Promise<boolean> {
    const { devices } = (await (await fetch(this.#url)).json()) as DevicesAnswer
    const found = devices.find(({ id }) => id === 'aunt-zhao')
    if (what === 'forget') return found === undefined
    return what === 'rename' ? found?.name === name : found?.address === address
  }

  /** Asks, has the box killed meanwhile, and looks at what became of it. */
  async change(killAndStart: () => Promise<void>): Promise<void> {
    const at = this.#step++
    const what = (['adopt', 'replace', 'rename', 'forget'] as const)[at % 4] ?? 'adopt'
    const address = `0x00158d0009abcd${digits(at % 100, 2)}`
    const name = `赵 ${at}`
    const device = 'aunt-zhao'
    const body = {
      adopt: { address, id: device, kind: 'button', zone: 'wang', via: 'old-broker', again: true },
      replace: { device, address, via: 'old-broker' },
      rename: { device, name },
      forget: { device },
    }[what]
    const asked = this.#ask(what, body).catch(() => false)
    await killAndStart()
    const isTold = await asked
    if (isTold) this.told++
    if (await this.#isDone(what, address, name)) return
    if (isTold) this.forgotten.push(`${what} ${at}`)
    // Cut off, it was not done; the next step needs it.
    if (!(await this.#ask(what, body))) this.forgotten.push(`${what} ${at} is refused after the kill`)
    await until('the change counts', () => this.#isDone(what, address, name))
    JSON.parse(readFileSync(this.#file, 'utf8'))
  }
}

/** Mosquitto delivers in order: with the last message all are here. */
async function drain(town: TestTown, last: number): Promise<void> {
  await until('the last message of the broker is kept', () => {
    const db = new Database(join(town.folder, 'gateway', 'journal.db'), { readonly: true })
    const hits = lanes.map((lane) =>
      db
        .prepare(`SELECT 1 FROM lane_${lane} WHERE body GLOB '*"number":' || ? || '[^0-9]*'`)
        .all(String(last)),
    )
    db.close()
    return Promise.resolve(hits.some(({ length }) => length > 0))
  })
}

/** Ids of the events of a device, by the number that its sender gave each message. */
function idsByNumber(
  records: readonly JournalRecord[],
  device: string,
  of: (readings: Record<string, unknown>, id: string) => unknown,
): Map<number, string[]> {
  const ids = new Map<number, string[]>()
  for (const record of records) {
    if (record.type !== 'event' || record.device !== device) continue
    const n = Number(scalarText(of(record.readings, record.messageId)) ?? NaN)
    if (Number.isInteger(n)) ids.set(n, [...(ids.get(n) ?? []), record.messageId])
  }
  return ids
}

function compare(name: string, ids: Map<number, string[]>, told: number, result: SenderKillResult): void {
  for (let n = 1; n <= told; n++) if (!ids.has(n)) result.lost.push(`${name} ${n}`)
  for (const [n, all] of ids) if (all.length > 1) result.doubled.push(`${name} ${n}: ${all.join(' and ')}`)
}

/** Ids of content are `hash.second`: each request has a content of its own, and is stored under one second. */
function compareByContent(records: readonly JournalRecord[], told: number, result: SenderKillResult): void {
  const ids = new Map<string, Set<string>>()
  for (const record of records) {
    if (record.type !== 'event' || record.device !== 'town-heart') continue
    const hash = record.messageId.split('.')[0] ?? ''
    ids.set(hash, (ids.get(hash) ?? new Set()).add(record.messageId))
  }
  if (ids.size < told) result.lost.push(`push without a number: ${told - ids.size} of ${told}`)
  for (const all of ids.values())
    if (all.size > 1) result.doubled.push(`push without a number: ${[...all].join(' and ')}`)
}

export async function runSenderKills(plan: SenderKillPlan): Promise<SenderKillResult> {
  const random = createSeededRandom(plan.seed)
  const scratch = mkdtempSync(join(tmpdir(), 'gengfu-senders-'))
  const ports: Ports = {
    broker: await freePort(),
    push: await freePort(),
    recorder: await freePort(),
    bus: await freePort(),
  }
  const endPeers = await startPeers(scratch, ports)
  const town = await createTown({ ...configOf(scratch, ports), uplink: undefined })
  try {
    let gateway = await town.startGateway()
    await pressBus(ports, true)
    let isOver = false
    const over = (): boolean => isOver
    const senders = Promise.all([
      deliverToBroker(ports, over),
      deliverByPush(ports, over),
      deliverUnnumbered(ports, over),
      deliverByRecorder(ports, over),
    ])
    const person = new Person(town)
    for (let left = plan.kills; left > 0; left--) {
      await pause(random.next() * plan.pauseMsMax)
      await person.change(async () => {
        await pause(random.next() * 30)
        await gateway.end('SIGKILL')
        gateway = await town.startGateway()
      })
      plan.progress?.(`${left - 1} kills to go`)
    }
    isOver = true
    const [broker, push, unnumbered, recorder] = await senders
    await drain(town, broker)
    await gateway.end('SIGTERM')
    const { records } = await readJournalRecords(join(town.folder, 'gateway'))
    const result: SenderKillResult = {
      told: { broker, push, unnumbered, recorder, registry: person.told },
      lost: [],
      doubled: [],
      forgotten: person.forgotten,
    }
    compare(
      'broker',
      idsByNumber(records, 'uncle-li', ({ number }) => number),
      broker,
      result,
    )
    compare(
      'push',
      idsByNumber(records, 'town-4g', (_readings, id) => id.slice(1)),
      push,
      result,
    )
    compareByContent(records, unnumbered, result)
    compare(
      'recorder',
      idsByNumber(records, 'dam', ({ waterLevelMm }) => waterLevelMm),
      recorder,
      result,
    )
    compare(
      'bus',
      idsByNumber(records, 'wired-button', ({ button }) => (button === 'pressed' ? 1 : NaN)),
      1,
      result,
    )
    return result
  } finally {
    await town.close()
    endPeers()
    rmSync(scratch, { recursive: true, force: true })
  }
}
