// Alarms of devices with a protocol of their own: an alarm panel (DC-09), a recorder (SL 651), a camera (GB/T 28181) and
// buttons on a Modbus bus.
import { writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { control, encodeFrame as encodeRecorderFrame } from '../../../gateway/dialects/sl651/frame.ts'
import { encodeFrame as encodePanelFrame } from '../../../platform/dc09/dc09-frame.ts'
import { encodeGbXml } from '../../../platform/gb28181/gb-xml.ts'
import { SipAgent } from '../../../platform/sip/sip-agent.ts'
import { responseTo } from '../../../platform/sip/sip-message.ts'
import { SipRegistration } from '../../../platform/sip/sip-registration.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import type { PressWay } from './press-way.ts'

function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    // The answers are read, so that the connection stays.
    socket.on('error', reject).resume()
  })
}

export function panelWay(port: number): PressWay {
  let socket: Socket | undefined
  let sequence = 0
  return {
    name: 'dc09',
    config: {
      bridges: [{ id: 'panels', dialect: 'dc09', dc09: { port } }],
      devices: [{ id: 'panel', kind: 'button', address: '1234', via: 'panels' }],
    },
    warmUp: 10,
    kind: 'sos',
    open: async () => {
      socket = await dial(port)
    },
    ready: () => {
      // 120: a panic alarm.
      const frame = encodePanelFrame({
        id: 'ADM-CID',
        sequence: (sequence = (sequence % 9999) + 1),
        line: '0',
        account: '1234',
        data: '#1234|1120 00 001',
        more: '',
      })
      return Promise.resolve(() => void socket?.write(frame))
    },
    close: () => {
      socket?.destroy()
      return Promise.resolve()
    },
  }
}

const stationOf = (index: number): string => String(10_000_000 + index).padStart(10, '0')

/** A recorder has no button: each of its stations raises the alarm of its water level once. */
export function recorderWay(port: number, stations: number): PressWay {
  let socket: Socket | undefined
  let next = 0
  return {
    name: 'sl651 (water)',
    config: {
      bridges: [{ id: 'recorders', dialect: 'sl651', sl651: { port } }],
      devices: Array.from({ length: stations }, (_, index) => ({
        id: `station-${index}`,
        kind: 'water',
        address: stationOf(index),
        via: 'recorders',
        // Red: a storm of alarms does not collect it.
        water: { historicMm: 10_000 },
      })),
    },
    warmUp: 10,
    kind: 'water',
    open: () => Promise.resolve(),
    ready: async () => {
      const station = stationOf(next++)
      socket?.destroy()
      socket = await dial(port)
      const connected = socket
      const frame = encodeRecorderFrame({
        isText: false,
        centre: 5,
        station,
        password: '03E8',
        code: 0x33,
        isDown: false,
        body: Buffer.from(`0001260701080000F1F1${station}48F0F02607010800392300012345`, 'hex'),
        end: control.etx,
      })
      return () => void connected.write(frame)
    },
    close: () => {
      socket?.destroy()
      return Promise.resolve()
    },
  }
}

const [boxCode, cameraCode, inputCode] = [
  '34020000002000000001',
  '34020000001320000001',
  '34020000001340000002',
]
const cameraPassword = 'camera-password'

export function cameraWay(port: number, passwordFile: string): PressWay {
  writeFileSync(passwordFile, `${cameraPassword}\n`)
  const clock = createSystemClock()
  const ended = new AbortController()
  const agent = new SipAgent({
    settings: { server: { host: '127.0.0.1', port }, transport: 'udp', address: `${cameraCode}@3402000000` },
    credentials: () => ({ user: cameraCode, password: cameraPassword }),
    clock,
    random: createSystemRandom(),
    answer: (asked) => responseTo(asked, 200, 'OK', 'tag'),
    onFailed: (error) => console.error('the simulated camera:', error),
  })
  const registration = new SipRegistration({
    agent,
    uri: `sip:${boxCode}@3402000000`,
    expiresSeconds: 3600,
    clock,
    onChange: () => undefined,
  })
  let serial = 0
  return {
    name: 'gb28181',
    config: {
      bridges: [{ id: 'video', dialect: 'gb28181', gb28181: { port, code: boxCode, passwordFile } }],
      devices: [
        { id: 'gate-camera', kind: 'other', address: cameraCode, via: 'video' },
        { id: 'gate-button', kind: 'button', address: inputCode, via: 'video' },
      ],
    },
    warmUp: 10,
    kind: 'sos',
    open: async () => {
      if (!(await registration.ensure(ended.signal))) throw new Error('the camera could not register')
    },
    ready: () => {
      const body = encodeGbXml('Notify', [
        ['CmdType', 'Alarm'],
        ['SN', ++serial],
        ['DeviceID', inputCode],
        ['AlarmPriority', '1'],
        ['AlarmMethod', '2'],
        ['AlarmTime', '2026-03-01T08:30:00'],
      ])
      const message = { method: 'MESSAGE', uri: `sip:${boxCode}@3402000000`, body }
      // A press that did not arrive is noticed by its missing alarm.
      return Promise.resolve(() => void agent.send(message, ended.signal).catch(() => undefined))
    },
    close: async () => {
      await registration.stop()
      ended.abort()
      agent.stop()
    },
  }
}

const units = 60

/**
 * Buttons on a bus, each down in every other round. The time counts from the answer that has the press, without the wait for the
 * poll: the poll interval is a setting.
 */
export function busWay(port: number): PressWay {
  const asked = new Map<number, number>()
  const held: (() => void)[] = []
  let waiting: ((send: () => void) => void) | undefined
  const answer = (socket: Socket, question: Buffer): void => {
    const unit = question[6] ?? 0
    const round = (asked.get(unit) ?? 0) + 1
    asked.set(unit, round)
    const isDown = round % 2 === 0
    const bytes = Buffer.from([question[0] ?? 0, question[1] ?? 0, 0, 0, 0, 4, unit, 1, 1, isDown ? 1 : 0])
    const send = (): void => void socket.write(bytes)
    if (!isDown) return send()
    if (waiting) {
      waiting(send)
      waiting = undefined
    } else held.push(send)
  }
  const sockets = new Set<Socket>()
  let server: Server | undefined
  return {
    name: 'modbus',
    config: {
      bridges: [
        {
          id: 'bus',
          dialect: 'modbus',
          modbus: {
            host: '127.0.0.1',
            port,
            pollS: 1,
            timeoutMs: 20_000,
            units: Array.from({ length: units }, (_, index) => ({
              unit: index + 1,
              device: `wired-${index + 1}`,
              registers: [{ reading: 'button', from: 'coil', at: 0, words: { 1: 'pressed' } }],
            })),
          },
        },
      ],
      devices: Array.from({ length: units }, (_, index) => ({
        id: `wired-${index + 1}`,
        kind: 'button',
        via: 'bus',
      })),
    },
    warmUp: units,
    kind: 'sos',
    open: () =>
      new Promise((resolve) => {
        server = createServer({ noDelay: true }, (socket) => {
          sockets.add(socket)
          socket.on('error', () => undefined)
          // One question at a time, of twelve bytes: the box waits for each answer.
          socket.on('data', (question) => answer(socket, question))
        }).listen(port, '127.0.0.1', resolve)
      }),
    ready: () => {
      const first = held.shift()
      return first ? Promise.resolve(first) : new Promise((resolve) => (waiting = resolve))
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      server?.close()
      return Promise.resolve()
    },
  }
}
