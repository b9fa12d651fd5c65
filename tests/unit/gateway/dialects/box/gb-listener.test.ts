// Does a camera register by GB/T 28181 with its password, get guard, and have its alarm answered only when it is stored, also after a restart of either?
// The cameras are sipp and our own lower platform.
import { createSocket } from 'node:dgram'
import { connect, createServer, type AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { DialectIntake } from '../../../../../gateway/dialects/box/dialect-intake.ts'
import { GbListener } from '../../../../../gateway/dialects/box/gb-listener.ts'
import type { ResultStorage } from '../../../../../gateway/dialects/box/result-storage.ts'
import { encodeGbXml, parseGbXml, textOf } from '../../../../../platform/gb28181/gb-xml.ts'
import { SipAgent } from '../../../../../platform/sip/sip-agent.ts'
import {
  headerOf,
  responseTo,
  type SipRequest,
  type SipResponse,
} from '../../../../../platform/sip/sip-message.ts'
import { SipRegistration } from '../../../../../platform/sip/sip-registration.ts'
import type { DeviceEvent } from '../../../../../protocols/domain/event.ts'
import { createSystemClock } from '../../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../../protocols/kit/random.ts'
import { freePort, startSipp } from '../../../../kits/sip/peers.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const logger = pino({ level: 'silent' })
const never = new AbortController().signal
const [box, camera, input] = ['34020000002000000001', '34020000001320000001', '34020000001340000002']
const password = 'camera-password'
let folder: string
const open: (() => unknown)[] = []
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-gb-box-'))
  writeFileSync(join(folder, 'password'), `${password}\n`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  // The cameras first, so that each can sign off.
  for (const close of open.splice(0).reverse()) await close()
})

async function listen({ isClockSynced = true, isNewest = false } = {}) {
  const events: DeviceEvent[] = []
  const hints: string[] = []
  const state = { failure: undefined as Error | undefined, attempts: 0 }
  const keeper: ResultStorage = {
    takeReadings: (event, answer) => {
      state.attempts++
      if (state.failure) answer.refused(state.failure)
      else {
        events.push(event)
        answer.kept()
      }
      return true
    },
    keepState: () => Promise.resolve(),
    keepUnreadable: () => Promise.resolve(),
    keepPresence: () => Promise.resolve(),
    keepHint: (device) => (hints.push(device), Promise.resolve()),
    joinStored: (_device, _messageId, answer) => answer.kept(),
    wasKept: () => false,
    isNewest: () => isNewest,
  }
  const dialects = new DialectIntake({
    senders: [{ id: 'video', dialect: 'gb28181', isDevice: false, isListedOnly: true }],
    devices: [
      { id: 'gate-camera', address: camera, via: 'video' },
      { id: 'gate-button', address: input, via: 'video' },
    ],
    keeper,
    steadyMs: () => performance.now(),
    logger,
    metrics: new Registry(),
  })
  const settings = {
    host: '127.0.0.1',
    port: 0,
    code: box,
    passwordFile: join(folder, 'password'),
    inputs: {},
    connections: 10,
  }
  const listener = new GbListener({
    id: 'video',
    settings,
    dialects,
    clock,
    isClockSynced: () => isClockSynced,
    random,
    logger,
  })
  open.push(() => listener.stop())
  return { port: await listener.start(), events, hints, state }
}

function cameraAt(port: number, transport: 'udp' | 'tcp', secret = password, code = camera) {
  const heard: (string | undefined)[] = []
  const responses: (SipResponse | undefined)[] = []
  const agent = new SipAgent({
    settings: { server: { host: '127.0.0.1', port }, transport, address: `${code}@3402000000` },
    credentials: () => ({ user: code, password: secret }),
    clock,
    random,
    answer: (request: SipRequest) => {
      const element = parseGbXml(request.body)
      heard.push(
        `${element?.name} ${textOf(element, 'CmdType')} ${textOf(element, 'GuardCmd') ?? textOf(element, 'SN')}`,
      )
      return responseTo(request, 200, 'OK', 'tag')
    },
    onFailed: (error) => expect.unreachable(String(error)),
  })
  const registration = new SipRegistration({
    agent,
    uri: `sip:${box}@3402000000`,
    expiresSeconds: 3600,
    headers: [['x-gb-ver', '3.0']],
    clock,
    onChange: (_isRegistered, _words, response) => responses.push(response),
  })
  open.push(async () => {
    await registration.stop()
    agent.stop()
  })
  const send = (parts: Parameters<typeof encodeGbXml>[1], signal = never) =>
    agent.send(
      { method: 'MESSAGE', uri: `sip:${box}@3402000000`, body: encodeGbXml('Notify', parts) },
      signal,
    )
  return { registration, responses, heard, send }
}

const alarm = (
  sn: number,
  more: Parameters<typeof encodeGbXml>[1] = [],
): Parameters<typeof encodeGbXml>[1] => [
  ['CmdType', 'Alarm'],
  ['SN', sn],
  ['DeviceID', input],
  ['AlarmPriority', '1'],
  ['AlarmMethod', '2'],
  ['AlarmTime', '2026-03-01T08:30:00'],
  ['AlarmDescription', '村口求助'],
  ...more,
]

it.each(['udp', 'tcp'] as const)(
  'registers a camera by %s, sets guard, and keeps its alarm before the 200',
  async (transport) => {
    const { port, events, hints, state } = await listen()
    const { registration, heard, send } = cameraAt(port, transport)
    expect(await registration.ensure(never)).toBe(true)
    expect((await send(alarm(7))).status).toBe(200)
    expect(events).toMatchObject([
      {
        device: 'gate-button',
        deviceAtMs: Date.UTC(2026, 2, 1, 0, 30),
        readings: { button: 'pressed', gbText: '村口求助' },
      },
    ])
    await vi.waitFor(() => expect(heard).toContain('Response Alarm 7'), { timeout: 10_000, interval: 10 })
    expect(heard).toContain('Control DeviceControl SetGuard')
    // No answer, so that it is sent again: by UDP at once.
    state.failure = new Error('disk full')
    const late = new AbortController()
    const sent = send(alarm(8), late.signal).catch((error: Error) => error.message)
    await vi.waitFor(() => expect(state.attempts).toBeGreaterThan(1), { timeout: 10_000, interval: 5 })
    state.failure = undefined
    const isTcp = transport === 'tcp'
    if (isTcp) late.abort()
    const outcome = await sent
    const answer = isTcp ? await send(alarm(8)) : outcome
    expect([isTcp ? outcome : 'no answer', answer]).toMatchObject(['no answer', { status: 200 }])
    expect(events).toHaveLength(2)
    const keepalive: Parameters<typeof encodeGbXml>[1] = [
      ['CmdType', 'Keepalive'],
      ['SN', 9],
      ['DeviceID', camera],
    ]
    expect((await send([...keepalive, ['Status', 'OK']])).status).toBe(200)
    expect(hints).toContain('gate-camera')
  },
)

it('takes nothing of a camera with another password, of one that is not listed, or of one that has not registered', async () => {
  const { port, events } = await listen()
  const wrong = cameraAt(port, 'udp', 'guess')
  expect(await wrong.registration.ensure(never)).toBe(false)
  expect(wrong.registration.words).toBe('401 Unauthorized')
  expect((await wrong.send(alarm(1))).status).toBe(401)
  const stranger = cameraAt(port, 'udp', password, '34020000001320000099')
  expect(await stranger.registration.ensure(never)).toBe(false)
  expect(stranger.registration.words).toBe('403 Forbidden')
  expect(events).toHaveLength(0)
})

it('takes no datagram of another machine under the code of a registered camera', async () => {
  const { port, events } = await listen()
  const { registration } = cameraAt(port, 'udp')
  await registration.ensure(never)
  const other = createSocket('udp4')
  open.push(() => other.close())
  await new Promise<void>((resolve) => other.bind(0, '127.0.0.2', resolve))
  const body = encodeGbXml('Notify', alarm(1))
  const head = `MESSAGE sip:${box}@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:${other.address().port};rport;branch=z9hG4bKx\r\nFrom: <sip:${camera}@x>;tag=1\r\nTo: <sip:${box}@x>\r\nCall-ID: c\r\nCSeq: 1 MESSAGE\r\nContent-Length: ${body.length}\r\n\r\n`
  const answer = new Promise<Buffer>((resolve) => other.once('message', resolve))
  other.send(Buffer.concat([Buffer.from(head), body]), port, '127.0.0.1')
  expect((await answer).toString()).toMatch(/^SIP\/2\.0 401/)
  expect(events).toHaveLength(0)
})

it('takes the alarm of a listed camera that has not registered since a restart of the box, with its password', async () => {
  const { port, events } = await listen()
  const { send, heard, responses, registration } = cameraAt(port, 'udp')
  expect((await send(alarm(7))).status).toBe(200)
  expect(events).toHaveLength(1)
  await vi.waitFor(() => expect(heard).toContain('Response Alarm 7'), { timeout: 10_000, interval: 10 })
  await registration.ensure(never)
  const response = responses[0]
  expect(response && [headerOf(response, 'expires'), headerOf(response, 'date')]).toEqual([
    '600',
    expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/),
  ])
})

it('sends no time while it does not know it', async () => {
  const { port } = await listen({ isClockSynced: false })
  const { registration, responses } = cameraAt(port, 'udp')
  expect(await registration.ensure(never)).toBe(true)
  expect(responses[0] && headerOf(responses[0], 'date')).toBeUndefined()
})

it('sets guard again after a restart of the camera, and not with each renewal', async () => {
  const { port } = await listen()
  const guard = 'Control DeviceControl SetGuard'
  const guards = (heard: readonly unknown[]): number => heard.filter((one) => one === guard).length
  const first = cameraAt(port, 'udp')
  await first.registration.ensure(never)
  const wait = { timeout: 10_000, interval: 5 }
  await vi.waitFor(() => expect(first.heard).toContain(guard), wait)
  // Its own 200 has come: an answered question is behind it.
  await first.send(alarm(1))
  first.registration.lost('renewed')
  expect(await first.registration.ensure(never)).toBe(true)
  await first.send(alarm(2))
  await vi.waitFor(() => expect(first.heard).toContain('Response Alarm 2'), wait)
  expect(guards(first.heard)).toBe(1)
  const second = cameraAt(port, 'udp')
  await second.registration.ensure(never)
  await vi.waitFor(() => expect(guards(second.heard)).toBe(1), wait)
})

/** Between a camera and the box, so that a test sees how many connections the box has closed. */
async function relayTo(port: number): Promise<{ port: number; closed: () => number }> {
  let closed = 0
  const relay = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    far.on('close', () => closed++)
    for (const socket of [near, far]) socket.on('error', () => undefined)
    near.pipe(far)
    far.pipe(near, { end: false })
    open.push(() => near.destroy())
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  open.push(() => relay.close())
  return { port: (relay.address() as AddressInfo).port, closed: () => closed }
}

it('closes the connection that a camera has lost when it comes again on another', async () => {
  const { port } = await listen()
  const relay = await relayTo(port)
  await cameraAt(relay.port, 'tcp').registration.ensure(never)
  expect(relay.closed()).toBe(0)
  const again = cameraAt(port, 'tcp')
  await again.registration.ensure(never)
  await vi.waitFor(() => expect(relay.closed()).toBe(1), { timeout: 10_000, interval: 5 })
  expect((await again.send(alarm(1))).status).toBe(200)
})

it('closes the oldest connection of a camera that comes with too many, so that others find a place', async () => {
  const { port } = await listen()
  const relay = await relayTo(port)
  // It proves its password with each message, and never registers.
  for (let at = 0; at < 6; at++) expect((await cameraAt(relay.port, 'tcp').send(alarm(at))).status).toBe(200)
  await vi.waitFor(() => expect(relay.closed()).toBe(2), { timeout: 10_000, interval: 5 })
})

it('stops to compare passwords after ten wrong ones of an address, also the right one, for some time', async () => {
  const { port } = await listen()
  const statuses: number[] = []
  for (let guess = 0; guess < 12; guess++)
    statuses.push((await cameraAt(port, 'udp', `guess ${guess}`).send(alarm(guess))).status)
  expect([statuses[0], statuses.at(-1)]).toEqual([401, 503])
  const { registration } = cameraAt(port, 'udp')
  expect(await registration.ensure(never)).toBe(false)
  expect(registration.words).toBe('503 Service Unavailable')
})

it('takes the repeat of an alarm whose answer a kill of the box took as the same', async () => {
  const { port, events } = await listen({ isNewest: true })
  const { registration, send } = cameraAt(port, 'udp')
  await registration.ensure(never)
  expect((await send(alarm(7))).status).toBe(200)
  expect(events).toHaveLength(0)
})

it('serves a camera that we did not write (sipp): registration with MD5, then an alarm of its video analysis', async () => {
  const { port, events } = await listen()
  const own = await freePort()
  const head = (method: string, cseq: number, more: string, body = '') =>
    `<![CDATA[\n${method} sip:${box}@3402000000 SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]\nFrom: <sip:${camera}@3402000000>;tag=[call_number]\nTo: <sip:${method === 'REGISTER' ? camera : box}@3402000000>\nCall-ID: [call_id]\nCSeq: ${cseq} ${method}\nContact: <sip:${camera}@[local_ip]:[local_port]>\nMax-Forwards: 70\n${more}Content-Length: [len]\n\n${body}]]>`
  const xml = `<?xml version="1.0"?>\n<Notify><CmdType>Alarm</CmdType><SN>3</SN><DeviceID>${camera}</DeviceID><AlarmPriority>2</AlarmPriority><AlarmMethod>5</AlarmMethod><AlarmTime>2026-03-01T08:30:00</AlarmTime><Info><AlarmType>6</AlarmType></Info></Notify>`
  const steps = `
    <send>${head('REGISTER', 1, 'Expires: 600\n')}</send>
    <recv response="401" auth="true"/>
    <send>${head('REGISTER', 2, `Expires: 600\n[authentication username=${camera} password=${password}]\n`)}</send>
    <recv response="200"/>
    <send>${head('MESSAGE', 3, 'Content-Type: Application/MANSCDP+xml\n', xml)}</send>
    <recv response="200"/>`
  const peer = await startSipp(steps, { port: own, target: `127.0.0.1:${port}`, more: ['-m', '1', '-aa'] })
  open.push(peer.stop)
  expect(await peer.ended).toBe(0)
  expect(events).toMatchObject([{ device: 'gate-camera', readings: { motion: true } }])
}, 60_000)
