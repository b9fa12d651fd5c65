// Is a whole first message told from a part of one, for each protocol that listens?
import { expect, it } from 'vitest'
import { generate } from 'mqtt-packet'
import { encodeFrame as encodeSl651 } from '../../../../gateway/dialects/sl651/frame.ts'
import { encodeFrame } from '../../../../platform/dc09/dc09-frame.ts'
import { arrived, arrivedOf } from '../../../../platform/strangers/first-message.ts'

const connect = generate({
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
  clientId: 'button-1'.repeat(30),
  keepalive: 60,
})
const hello = Buffer.concat([Buffer.from([0x16, 3, 1, 1, 0]), Buffer.alloc(256, 1)])
const get = Buffer.from('GET /healthz HTTP/1.1\r\nHost: desk\r\n\r\n')
const head = 'POST /api/v1/login HTTP/1.1\r\nHost: desk\r\n'
const post = Buffer.from(`${head}content-length: 4\r\n\r\nbody`)
const chunked = Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n`)
const upgrade = Buffer.from(
  'GET /api/v1/stream HTTP/1.1\r\nHost: desk\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
)
const panel = encodeFrame({ id: 'NULL', sequence: 1, line: '0', account: '1234', data: '', more: '' })
const recorder = (isText: boolean): Buffer =>
  Buffer.from(
    encodeSl651({
      isText,
      centre: 1,
      station: '0011223344',
      password: '1234',
      code: 0x2f,
      isDown: false,
      body: Buffer.from('0001260701080000', isText ? 'latin1' : 'hex'),
      end: 3,
    }),
  )
const register = Buffer.from('REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nContent-Length: 0\r\n\r\n')

it.each([
  ['a CONNECT', connect],
  ['a frame of SIA DC-09', panel],
  ['a frame of SIA DC-09 without its line feed', panel.subarray(1)],
  ['a frame of SL 651', recorder(false)],
  ['a frame of SL 651 in text', recorder(true)],
  ['a REGISTER', register],
  ['a ClientHello', hello],
  ['a request', get],
  ['a request with a body', post],
  ['a request in chunks', chunked],
  ['an upgrade to a WebSocket', upgrade],
])('%s is whole at its last byte and not before', (_name, bytes) => {
  expect(arrivedOf(bytes)).toBe(arrived.whole)
  const parts = Array.from({ length: bytes.length - 1 }, (_, at) => arrivedOf(bytes.subarray(0, at + 1)))
  expect(parts.filter((part) => part === arrived.whole)).toEqual([])
  expect(arrivedOf(Buffer.concat([bytes, Buffer.from([0])])) >= arrived.head).toBe(true)
})

it('a head whose body is incomplete is more than half a head, and less than a whole request', () => {
  expect(arrivedOf(Buffer.from(`${head}Content-Length: 1000\r\n\r\n{`))).toBe(arrived.head)
  expect(arrivedOf(Buffer.from(head))).toBe(arrived.begun)
})

it('no byte is nothing; a length without end and bytes of no known protocol are never whole', () => {
  expect(arrivedOf(Buffer.alloc(0))).toBe(arrived.nothing)
  for (const bytes of [
    [0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1],
    [0, 1, 2],
    [0x16, 3],
  ])
    expect(arrivedOf(Buffer.from(bytes))).toBe(arrived.begun)
})
