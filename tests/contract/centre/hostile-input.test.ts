// Question: can a client without a sign-in end the centre, mute it, or keep others out, by bytes to its HTTP port?
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { strangerLimits } from '../../../centre/stream/stream.ts'
import { subscribersPerUserMax } from '../../../centre/stream/subscribers.ts'
import { dropFolder, makeFolder, startCentre, until, type CentreUnderTest } from './centre-parts.ts'

let folder: string
let running: CentreUnderTest
const uncaught: unknown[] = []
const noteUncaught = (error: unknown): void => void uncaught.push(error)

beforeAll(async () => {
  process.on('uncaughtException', noteUncaught).on('unhandledRejection', noteUncaught)
  folder = makeFolder()
  running = await startCentre(folder)
})
afterAll(async () => {
  await running.centre.stop()
  process.off('uncaughtException', noteUncaught).off('unhandledRejection', noteUncaught)
  dropFolder(folder)
})

const streamUrl = () => `${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`

function open(headers: Record<string, string> = {}): WebSocket {
  const socket = new WebSocket(streamUrl(), { headers })
  socket.on('error', () => undefined)
  return socket
}

const closeOf = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve))

async function isWell(): Promise<void> {
  expect(uncaught).toEqual([])
  expect((await running.get('/healthz')).status).toBe(200)
  const desk = open({ authorization: `Bearer ${running.token()}` })
  await new Promise<void>((resolve) => desk.once('message', () => resolve()))
  desk.terminate()
}

describe('the first message of a stream', () => {
  it.each([
    '{"type":"auth","token":{"toString":1}}',
    '{"type":"auth","token":{"toString":{"toString":1}}}',
    '{"type":"auth","token":null}',
    '{"type":"auth","token":["a"]}',
    '{"type":{"toString":1},"token":"a"}',
    '{"type":"auth","__proto__":{"token":"a"}}',
    '[]',
    'null',
    '1e999',
    '',
    '{',
    `${'['.repeat(2000)}${']'.repeat(2000)}`,
    Buffer.from([0xff, 0xfe, 0x00]),
  ])('that is no token is refused and ends nothing: %s', async (text) => {
    const socket = open()
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(text)
    expect(await closeOf(socket)).toBe(4401)
    await isWell()
  })

  it('that is too large ends its own connection', async () => {
    const socket = open()
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send('x'.repeat(5000))
    expect(await closeOf(socket)).toBe(1009)
    await isWell()
  })
})

/** Sends raw bytes, then closes this side; returns the received bytes until the other side closes. */
function sendRaw(bytes: string | Buffer): Promise<string> {
  const { port } = new URL(running.centre.httpUrl)
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(port), '127.0.0.1', () => socket.end(bytes))
    let answer = ''
    socket.on('data', (data) => (answer += data.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
  })
}

const upgrade = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`

it('raw bytes that are no request, or hardly one, are answered or refused and end nothing', async () => {
  const frames = Buffer.concat([
    Buffer.from(upgrade('/api/v1/stream')),
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]),
  ])
  const answers = await Promise.all(
    [
      '\0\0\0\0',
      'GET / HTTP/9.9\r\n\r\n',
      'GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /api/v1/alarms/%E0%A4%A HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /api/v1/alarms?after=%ff%fe&limit=%00 HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
      'POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{',
      'POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: ;;;\r\nContent-Length: 2\r\n\r\n{}',
      'POST /api/v1/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nExpect: nothing\r\n\r\n',
      upgrade('http://['),
      upgrade('//'),
      upgrade('/api/v1/stream?after=%ff', 'Sec-WebSocket-Extensions: ;;=\r\n'),
      upgrade('/elsewhere'),
      upgrade('/api/v1/stream', 'Authorization: Bearer x\r\n'),
      upgrade('/api/v1/stream', 'Cookie: gengfu_session=;;=;%\r\nOrigin: ::::\r\n'),
      frames,
    ].map(sendRaw),
  )
  expect(answers.filter((answer) => answer !== '' && !/^HTTP\/1\.1 \d{3} /.test(answer))).toEqual([])
  await isWell()
})

it('streams that never sign in make room for each other, and those who sign in find a place', async () => {
  const crowd = Array.from({ length: strangerLimits.strangersPerNetwork + 5 }, () => open())
  const ended = crowd.map((socket) => closeOf(socket))
  await Promise.race(ended)
  await isWell()
  const metric = () => running.centre.registry.getSingleMetricAsString('gengfu_centre_stream_refused_total')
  await until(async () => (await metric()).includes('made-room'))
  expect(await metric()).toContain('reason="made-room"} 5')
  for (const socket of crowd) socket.terminate()
})

it('streams of one account that answer no close make room at once, and those of others stay', async () => {
  const { port } = new URL(running.centre.httpUrl)
  const desk = open({ authorization: `Bearer ${running.token('supervisor', 'other')}` })
  await new Promise<void>((resolve) => desk.once('message', () => resolve()))
  const bearer = `Authorization: Bearer ${running.token()}\r\n`
  const sockets: Socket[] = []
  for (let i = 0; i < subscribersPerUserMax + 10; i++) {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(upgrade('/api/v1/stream', bearer)))
    socket.on('error', () => undefined)
    sockets.push(socket)
    await new Promise((resolve) => socket.once('data', resolve))
  }
  const metric = await running.centre.registry.getSingleMetricAsString('gengfu_centre_stream_subscribers')
  expect(metric).toMatch(new RegExp(` ${subscribersPerUserMax + 1}$`))
  expect(desk.readyState).toBe(WebSocket.OPEN)
  for (const socket of sockets) socket.destroy()
  desk.terminate()
})

describe('a page of another origin', () => {
  const get = (headers: Record<string, string>) => fetch(`${running.centre.httpUrl}/api/v1/me`, { headers })

  it('reads nothing with the cookie of the person whose browser shows it', async () => {
    const cookie = `gengfu_session=${running.token()}`
    expect((await get({ cookie, 'sec-fetch-site': 'same-site' })).status).toBe(403)
    expect((await get({ cookie, origin: 'http://127.0.0.1:1' })).status).toBe(403)
    const own = await get({ cookie, 'sec-fetch-site': 'same-origin' })
    expect([own.status, own.headers.get('cross-origin-resource-policy')]).toEqual([200, 'same-origin'])
  })
})

/** The beginning of the answer to a request whose body never comes. */
function answerToHead(head: string): Promise<string> {
  const { port } = new URL(running.centre.httpUrl)
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(port), '127.0.0.1', () => socket.write(`${head}\r\n\r\n`))
    held.push(socket)
    socket.on('data', (data) => resolve(data.toString('latin1').slice(0, 12)))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve('closed'))
  })
}

const held: Socket[] = []
const large = (path: string, type: string, megabytes: number): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${megabytes * 1024 * 1024}`

it('a file of a client without a sign-in is refused before its bytes are read', async () => {
  expect(await answerToHead(large('/api/v1/cases/case-1/attachments', 'image/jpeg', 8))).toBe('HTTP/1.1 401')
  for (const socket of held.splice(0)) socket.destroy()
})

it('files that are under way have a bound in bytes, for each sender and for all', async () => {
  const answers: string[] = []
  const bundle = large('/enrol/bundle', 'application/octet-stream', 4)
  for (let at = 0; at < 5; at++) void answerToHead(bundle).then((answer) => answers.push(answer))
  await until(() => answers.length >= 3)
  expect(answers.slice(0, 3)).toEqual(Array(3).fill('HTTP/1.1 503'))
  const path = '/api/v1/cases/case-1/attachments'
  const signedIn = `${large(path, 'image/jpeg', 8)}\r\nAuthorization: Bearer ${running.token()}`
  const ofPerson: string[] = []
  for (let at = 0; at < 5; at++) void answerToHead(signedIn).then((answer) => ofPerson.push(answer))
  await until(() => ofPerson.length >= 2)
  expect(ofPerson.slice(0, 2)).toEqual(Array(2).fill('HTTP/1.1 503'))
  for (const socket of held.splice(0)) socket.destroy()
  await isWell()
})
