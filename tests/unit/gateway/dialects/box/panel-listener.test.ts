// Is a panel's report acknowledged only when it is stored, once, in clear and with AES, by TCP and UDP, and a stranger's never?
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { DialectIntake } from '../../../../../gateway/dialects/box/dialect-intake.ts'
import type { ResultStorage } from '../../../../../gateway/dialects/box/result-storage.ts'
import {
  connectionsPerAccountMax,
  PanelListener,
} from '../../../../../gateway/dialects/box/panel-listener.ts'
import { encodeFrame, parseFrame, parseKey, type Dc09Frame } from '../../../../../platform/dc09/dc09-frame.ts'
import type { DeviceEvent } from '../../../../../protocols/domain/event.ts'
import { createSystemClock } from '../../../../../protocols/kit/clock.ts'

const clock = createSystemClock()
const logger = pino({ level: 'silent' })
const digits = '00112233445566778899AABBCCDDEEFF'
const key = parseKey(digits)
let folder: string
const open: PanelListener[] = []
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-panel-'))
  writeFileSync(join(folder, 'key'), `${digits}\n`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  for (const listener of open.splice(0)) await listener.stop()
})

async function listen(more: object = {}, isClockSynced = true, isNewest = false) {
  const events: DeviceEvent[] = []
  const presences: string[] = []
  const raw: string[] = []
  const state = { failure: undefined as Error | undefined, keepLater: undefined as (() => void) | undefined }
  const keeper: ResultStorage = {
    takeReadings: (event, answer) => {
      if (state.failure) answer.refused(state.failure)
      else {
        events.push(event)
        state.keepLater = () => answer.kept()
        if (!('isHeld' in state)) answer.kept()
      }
      return true
    },
    keepState: () => Promise.resolve(),
    keepUnreadable: (_message, problem) => (raw.push(problem), Promise.resolve()),
    keepPresence: (device) => (presences.push(device), Promise.resolve()),
    keepHint: (device) => (presences.push(device), Promise.resolve()),
    joinStored: (_device, _messageId, answer) => answer.kept(),
    wasKept: () => false,
    isNewest: () => isNewest,
  }
  const dialects = new DialectIntake({
    senders: [{ id: 'panels', dialect: 'dc09', isDevice: false, isListedOnly: true }],
    devices: [
      { id: 'shop', address: '1234', via: 'panels' },
      { id: 'shop-door', address: '1234.015', via: 'panels' },
      { id: 'home', address: '5678', via: 'panels' },
    ],
    keeper,
    steadyMs: () => performance.now(),
    logger,
    metrics: new Registry(),
  })
  const settings = { host: '127.0.0.1', port: 0, connections: 10, idleS: 60, ...more }
  const listener = new PanelListener({
    id: 'panels',
    settings,
    dialects,
    clock,
    logger,
    isClockSynced: () => isClockSynced,
  })
  open.push(listener)
  const port = await listener.start()
  return { port, events, presences, raw, state }
}

const report = (sequence: number, more: Partial<Dc09Frame> = {}): Omit<Dc09Frame, 'isEncrypted'> => ({
  id: 'ADM-CID',
  sequence,
  receiver: '1',
  line: '2',
  account: '1234',
  data: '#1234|1130 01 015',
  more: '',
  ...more,
})

/** The answers to these bytes; none when there was none before `byte` of a second listed panel was answered. */
function ask(port: number, ...frames: Uint8Array[]): Promise<(Dc09Frame | string)[]> {
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0)
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.concat(frames)))
    socket.on('error', () => undefined)
    socket.on('data', (part) => {
      heard = Buffer.concat([heard, part])
      const cut = heard.toString('latin1').split('\r').slice(0, -1)
      const read = cut.map((one) => parseFrame(Buffer.from(one, 'latin1'), key))
      // The last question of each test is one that is answered.
      if (read.some((one) => typeof one !== 'string' && one.sequence === 9999)) {
        socket.destroy()
        resolve(read)
      }
    })
  })
}
const last = encodeFrame({ id: 'NULL', sequence: 9999, line: '0', account: '1234', data: '', more: '' })

it('acknowledges a report with its own numbers, and gives it to the device of its zone', async () => {
  const { port, events, presences } = await listen()
  const [ack] = await ask(port, encodeFrame(report(41)), last)
  expect(ack).toEqual({
    id: 'ACK',
    isEncrypted: false,
    sequence: 41,
    receiver: '1',
    line: '2',
    account: '1234',
    data: '',
    more: '',
  })
  expect(events).toMatchObject([{ device: 'shop-door', readings: { contact: 'open' } }])
  expect(presences).toContain('shop')
})

it('gives a repeat the same message id and its acknowledgement, and a new number a new one', async () => {
  const { port, events } = await listen()
  const again = encodeFrame(report(41, { atMs: 1_000_000 }))
  const answers = await ask(port, encodeFrame(report(41)), again, encodeFrame(report(42)), last)
  expect(answers.map((one) => (typeof one === 'string' ? one : one.id))).toEqual(['ACK', 'ACK', 'ACK', 'ACK'])
  expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(2)
})

it('answers nothing before the report is stored, and nothing when it can not be', async () => {
  const { port, state, events } = await listen()
  state.failure = new Error('disk full')
  const [only, ...others] = await ask(port, encodeFrame(report(41)), last)
  expect([only, others.length]).toMatchObject([{ sequence: 9999 }, 0])
  state.failure = undefined
  Object.assign(state, { isHeld: true })
  const answered = ask(port, encodeFrame(report(43)), encodeFrame({ ...report(9999), account: '1234' }))
  await vi.waitFor(() => expect(events.length).toBe(2), { timeout: 10_000, interval: 5 })
  let isAnswered = false
  void answered.then(() => (isAnswered = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(isAnswered).toBe(false)
  state.keepLater?.()
  expect(await answered).toMatchObject([{ id: 'ACK', sequence: 9999 }])
})

it('answers a report with AES by one with AES, and one in clear not at all', async () => {
  const { port, events } = await listen({ keyFile: join(folder, 'key') })
  const atMs = clock.wallMs()
  const end = encodeFrame(
    { id: 'NULL', sequence: 9999, line: '0', account: '1234', data: '', more: '', atMs },
    key,
  )
  const answers = await ask(port, encodeFrame(report(41, { atMs }), key), encodeFrame(report(42)), end)
  expect(answers).toMatchObject([
    { id: 'ACK', sequence: 41, isEncrypted: true },
    { sequence: 9999, isEncrypted: true },
  ])
  expect(events).toHaveLength(1)
})

it('answers an old frame with AES by its own time, and takes it while it does not know the time', async () => {
  const old = encodeFrame(report(41, { atMs: clock.wallMs() - 3_600_000 }), key)
  const end = (): Buffer =>
    encodeFrame(
      { id: 'NULL', sequence: 9999, line: '0', account: '1234', data: '', more: '', atMs: clock.wallMs() },
      key,
    )
  const knows = await listen({ keyFile: join(folder, 'key') })
  const [nak] = await ask(knows.port, old, end())
  expect(nak).toMatchObject({ id: 'NAK', sequence: 0, isEncrypted: false })
  expect(Math.abs((typeof nak === 'string' ? 0 : (nak?.atMs ?? 0)) - clock.wallMs())).toBeLessThan(60_000)
  expect(knows.events).toHaveLength(0)
  const unsure = await listen({ keyFile: join(folder, 'key') }, false)
  const answers = await ask(unsure.port, old, end())
  expect(answers).toMatchObject([{ id: 'ACK' }, { id: 'ACK' }])
  // And sets no panel's clock: the time in the answer is the panel's own.
  const times = [parseFrame(old, key), answers[0]].map((one) => (typeof one === 'object' ? one.atMs : one))
  expect(times[1]).toBe(times[0])
  expect(unsure.events).toHaveLength(1)
})

it('answers no account that is not listed, no broken frame and no noise', async () => {
  const { port, events } = await listen()
  const broken = Buffer.from(encodeFrame(report(41)).toString('latin1').replace('1130', '1131'), 'latin1')
  const answers = await ask(
    port,
    encodeFrame(report(40, { account: '9999' })),
    broken,
    Buffer.from('GET /\r\n\r'),
    last,
  )
  expect(answers).toMatchObject([{ sequence: 9999 }])
  expect(events).toHaveLength(0)
})

it('disconnects a caller that sends noise without end', async () => {
  const { port } = await listen()
  const socket = connect(port, '127.0.0.1', () => socket.write('x'.repeat(5000)))
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('close', resolve))
  expect(socket.destroyed).toBe(true)
})

it('closes the oldest connection of an account that comes with too many, and keeps the others', async () => {
  const { port } = await listen()
  const closed: number[] = []
  const sockets: Socket[] = []
  for (let at = 0; at <= connectionsPerAccountMax; at++) {
    const socket = connect(port, '127.0.0.1', () => socket.write(encodeFrame(report(at))))
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => closed.push(at))
    await new Promise((resolve) => socket.once('data', resolve))
  }
  await vi.waitFor(() => expect(closed).toEqual([0]), { timeout: 10_000, interval: 5 })
  for (const socket of sockets) socket.destroy()
})

it('keeps the report of a panel beside an account that sends without waiting for its answers', async () => {
  const { port, events, state } = await listen()
  Object.assign(state, { isHeld: true })
  const sent = (frames: Uint8Array[]): Socket => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.concat(frames)))
    return socket.on('error', () => undefined)
  }
  const sockets = [sent(Array.from({ length: 600 }, (_, at) => encodeFrame(report(at))))]
  await vi.waitFor(() => expect(events.length).toBeGreaterThan(3), { timeout: 10_000, interval: 5 })
  // More turns than the flood needs to be read.
  for (let turns = 0; turns < 300; turns++) await new Promise((resolve) => setImmediate(resolve))
  sockets.push(sent([encodeFrame(report(9999, { account: '5678', data: '#5678|1120 01 001' }))]))
  await vi.waitFor(() => expect(events.map(({ device }) => device)).toContain('home'), {
    timeout: 10_000,
    interval: 5,
  })
  for (const socket of sockets) socket.destroy()
})

it('acknowledges the repeat of a call whose acknowledgement a kill of the box took, as the same', async () => {
  const { port, events } = await listen({}, true, true)
  const [ack] = await ask(port, encodeFrame(report(41, { data: '#1234|1120 01 015' })), last)
  expect(ack).toMatchObject({ id: 'ACK', sequence: 41 })
  expect(events).toHaveLength(0)
})

it('answers by UDP', async () => {
  const { port, events } = await listen()
  const socket = createSocket('udp4')
  const heard = new Promise<Buffer>((resolve) => socket.once('message', resolve))
  socket.send(encodeFrame(report(41)), port, '127.0.0.1')
  expect(parseFrame(await heard)).toMatchObject({ id: 'ACK', sequence: 41 })
  socket.close()
  expect(events).toHaveLength(1)
})

it('does not start with a key that can not be read', async () => {
  writeFileSync(join(folder, 'bad'), 'no key')
  await expect(listen({ keyFile: join(folder, 'bad') })).rejects.toThrow('hexadecimal')
})
