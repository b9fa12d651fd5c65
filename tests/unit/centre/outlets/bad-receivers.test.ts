// Does a receiver of any type that is dead, silent, lying or endless end its attempt in words, free its connections, and hold up no stop?
// What it can not do to the others follows: each has turns of its own (outlets.test.ts).
import { createSocket } from 'node:dgram'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { createOutlet } from '../../../../centre/outlets/create-outlet.ts'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import { attemptWithin } from '../../../../platform/outlets/queue/outlet-turn.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { settingsOf } from './outlet-kit.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const never = new AbortController().signal
const attemptMs = 300
const soon = { timeout: 10_000, interval: 20 }
const open: (() => unknown)[] = []
let folder: string
let voice: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-bad-'))
  // A tenth of a second of silence.
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8000, 24)
  head.writeUInt32LE(16_000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(1600, 40)
  writeFileSync(join(folder, 'silence.wav'), Buffer.concat([head, Buffer.alloc(1600)]))
  voice = join(folder, 'voice.sh')
  writeFileSync(voice, `#!/bin/sh\nexec cat ${join(folder, 'silence.wav')}\n`)
  chmodSync(voice, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

const red: OutletMessage = {
  ...testMessage('g-1', 1_760_000_000_000, 'centre'),
  isDrill: false,
  colour: 'red',
  case: 'case-7',
  kind: 'sos',
  village: '320612104201',
}
delete (red as { isTest?: true }).isTest

/** What a connection does: nothing, end, say what is no answer of any protocol, or go on without an end. */
const behaviours: Record<string, (socket: Socket) => void> = {
  silent: () => undefined,
  closing: (socket) => socket.destroy(),
  lying: (socket) =>
    socket.on('data', () => socket.write('\u0000\u001b[2J250 yes 401 {"errcode":0}\r\n\r\n')),
  endless: (socket) => {
    const fill = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 'HTTP/1.1 200 OK\r\nx: y\r\n')));
    }
    socket.on('drain', fill)
    socket.on('data', fill)
    fill()
  },
}

async function tcp(behaviour: string): Promise<{ port: number; connections: () => number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    behaviours[behaviour]?.(socket)
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  if (behaviour === 'dead') await new Promise<void>((resolve) => server.close(() => resolve()))
  return { port, connections: () => sockets.size }
}

/** By datagrams: nothing, what is no answer, or a hundred of them for each. */
async function udp(behaviour: string): Promise<number> {
  const socket = createSocket('udp4', (_bytes, from) => {
    const times = behaviour === 'endless' ? 100 : behaviour === 'lying' ? 1 : 0
    for (let turn = 0; turn < times; turn++)
      socket.send('SIP/2.0 999 \u001b[2J\r\nVia: x\r\n\r\n', from.port, from.address, () => undefined)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  open.push(() => void socket.close())
  return socket.address().port
}

const at = (port: number): object => ({ host: '127.0.0.1', port })
const url = (port: number): object => ({ url: `http://127.0.0.1:${port}/` })
const codes = { serverCode: '32061200002000000001', code: '32061210002000000002' }
const call = (): object => ({ user: 'gengfu', speechCommand: voice, repeats: 1 })
const station = (port: number, transport: string): object => ({
  type: 'sia-dc09',
  account: '1234',
  receivers: [{ host: '127.0.0.1', port }],
  transport,
})

const overTcp: Record<string, (port: number) => object> = {
  webhook: (port) => ({ type: 'webhook', ...url(port) }),
  robot: (port) => ({ type: 'webhook', template: 'wecom', ...url(port) }),
  cap: (port) => ({ type: 'cap', sender: 'a@b', ...url(port) }),
  sms: (port) => ({ type: 'sms', numbers: ['13800000000'], http: { ...url(port), body: '{"t":"{text}"}' } }),
  mail: (port) => ({ type: 'mail', security: 'none', from: 'a@b.c', to: ['d@e.f'], ...at(port) }),
  'sia-dc09': (port) => station(port, 'tcp'),
  gb28181: (port) => ({ type: 'gb28181', transport: 'tcp', ...codes, ...at(port) }),
  scaip: (port) => ({ type: 'scaip', receiver: 'arc', user: 'g', controller: '1', ...at(port) }),
  voice: (port) => ({ type: 'voice', transport: 'tcp', numbers: ['138'], ...call(), ...at(port) }),
  'voice by TLS': (port) => ({ type: 'voice', transport: 'tls', numbers: ['138'], ...call(), ...at(port) }),
  loudspeaker: (port) => ({
    type: 'loudspeaker',
    transport: 'tcp',
    speakers: ['horn'],
    ...call(),
    ...at(port),
  }),
  'speaker-http': (port) => ({ type: 'speaker-http', ...url(port) }),
  'speaker-mqtt': (port) => ({ type: 'speaker-mqtt', url: `mqtt://127.0.0.1:${port}`, topic: 'say' }),
}
const overUdp: Record<string, (port: number) => object> = {
  'sia-dc09': (port) => station(port, 'udp'),
  gb28181: (port) => ({ type: 'gb28181', ...codes, ...at(port) }),
  scaip: (port) => ({
    type: 'scaip',
    transport: 'udp',
    receiver: 'arc',
    user: 'g',
    controller: '1',
    ...at(port),
  }),
  voice: (port) => ({ type: 'voice', numbers: ['138'], ...call(), ...at(port) }),
}

const within = <T>(work: Promise<T>, what: string): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what} does not end`)), 8000)
      open.push(() => clearTimeout(timer))
    }),
  ])

/** One attempt, whose own promise must end too, and a stop. */
async function tried(settings: object): Promise<string> {
  const outlet = createOutlet(settingsOf(settings), { clock, random, timeZone: 'Asia/Shanghai' })
  let sent: Promise<unknown> = Promise.resolve()
  const watched = {
    ...outlet,
    send: (...given: Parameters<typeof outlet.send>) => {
      const sending = outlet.send(...given)
      sent = sending.catch(() => undefined)
      return sending
    },
  }
  await outlet.start?.({
    heard: () => undefined,
    confirmed: () => expect.unreachable('nothing was confirmed'),
    answered: () => Promise.reject(new Error('no person has answered')),
    noted: () => Promise.reject(new Error('no person has answered')),
  })
  const answer = await attemptWithin(watched, [red], attemptMs, clock, never)
  expect(answer.state).toBe('refused')
  expect(answer.words.length).toBeLessThan(5000)
  await within(sent, 'the attempt')
  await within(Promise.resolve(outlet.stop?.()), 'the stop')
  return answer.words
}

const kinds = ['dead', 'silent', 'closing', 'lying', 'endless']
it.each(Object.keys(overTcp).flatMap((type) => kinds.map((kind) => [type, kind] as const)))(
  'a %s receiver that is %s ends in words, and its connections are freed',
  async (type, kind) => {
    const { port, connections } = await tcp(kind)
    expect(await tried(overTcp[type]?.(port) ?? {})).not.toBe('')
    await vi.waitFor(() => expect(connections()).toBe(0), soon)
  },
  30_000,
)

it.each(
  Object.keys(overUdp).flatMap((type) => ['silent', 'lying', 'endless'].map((kind) => [type, kind] as const)),
)(
  'a %s receiver by UDP that is %s ends in words',
  async (type, kind) => {
    expect(await tried(overUdp[type]?.(await udp(kind)) ?? {})).not.toBe('')
  },
  30_000,
)
