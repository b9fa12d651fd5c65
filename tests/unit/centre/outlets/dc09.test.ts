// Does the station get each alarm by SIA DC-09, whatever its receivers answer?
import { createServer, type Server, type Socket } from 'node:net'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import {
  crc16,
  encodeFrame,
  frameBytesMax,
  parseFrame,
  parseKey,
  type Dc09Frame,
} from '../../../../platform/dc09/dc09-frame.ts'
import { codeOf, dataOf } from '../../../../platform/outlets/dc09/dc09-codes.ts'
import { createDc09Outlet } from '../../../../platform/outlets/dc09/dc09-outlet.ts'
import { checkDc09, type Dc09Settings } from '../../../../platform/outlets/settings/dc09-settings.ts'
import { exchangeUdp } from '../../../../platform/outlets/dc09/dc09-exchange.ts'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { settingsOf } from './outlet-kit.ts'

const clock = createSystemClock()
const never = new AbortController().signal
const keys = [
  '00112233445566778899AABBCCDDEEFF',
  '00112233445566778899AABBCCDDEEFF0011223344556677',
  '00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF',
]
const red: OutletMessage = {
  ...testMessage('g-1', 1_760_000_000_000, 'centre'),
  number: 41,
  isDrill: false,
  colour: 'red',
  case: 'case-7',
  village: '320612104201',
  device: 'button-1',
  kind: 'sos',
}
delete (red as { isTest?: true }).isTest

let folder: string
let keyFile: string
const open: (() => void)[] = []
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-dc09-'))
  keyFile = join(folder, 'key')
  writeFileSync(keyFile, `${keys[1]}\n`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => {
  for (const close of open.splice(0)) close()
})

type Answer = (frame: Dc09Frame, socket: Socket) => Buffer | string | undefined

/** A station that answers as the test says. */
async function station(answer: Answer, key?: Buffer): Promise<{ port: number; got: Dc09Frame[] }> {
  const got: Dc09Frame[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      const frame = parseFrame(bytes, key)
      if (typeof frame === 'string') return void socket.destroy()
      got.push(frame)
      const said = answer(frame, socket)
      if (said !== undefined) socket.write(said)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, got }
}

const ack = (frame: Dc09Frame, key?: Buffer, atMs = clock.wallMs()): Buffer =>
  encodeFrame({ ...frame, id: 'ACK', data: '', more: '', ...(key ? { atMs } : {}) }, key)

function outletOf(ports: number[], more: object = {}) {
  const receivers = ports.map((port) => ({ host: '127.0.0.1', port }))
  const given = { type: 'sia-dc09', account: '1234', receivers, timeoutSeconds: 2, ...more }
  return createDc09Outlet({ settings: settingsOf(given) as Dc09Settings, clock })
}

it('computes the CRC of the public check value', () => {
  expect(crc16(Buffer.from('123456789'))).toBe(0xbb3d)
})

it.each([undefined, ...keys])('reads back every frame it writes, with the key %s', (text) => {
  const key = text === undefined ? undefined : parseKey(text)
  const parts = fc.record({
    id: fc.constantFrom('SIA-DCS' as const, 'ADM-CID' as const, 'NULL' as const),
    sequence: fc.integer({ min: 0, max: 9999 }),
    line: fc.constantFrom('0', '1A'),
    account: fc.constantFrom('123', '12345AB'),
    data: fc.stringMatching(/^[ -Z_a-z{-~]{0,80}$/),
    more: fc.constantFrom('', '[Ihello]'),
    atMs: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
  })
  fc.assert(
    fc.property(parts, (frame) => {
      expect(parseFrame(encodeFrame(frame, key), key)).toEqual({ ...frame, isEncrypted: key !== undefined })
    }),
    { numRuns: 200 },
  )
})

it('reads any bytes without failing, and takes no frame with one changed byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: frameBytesMax + 10 }), (bytes) => {
      expect(typeof parseFrame(bytes, parseKey(keys[0] ?? ''))).toBe('string')
    }),
  )
  const good = encodeFrame({
    id: 'ADM-CID',
    sequence: 1,
    line: '0',
    account: '1234',
    data: '#1234|1101 00 001',
    more: '',
  })
  for (let at = 0; at < good.length - 1; at++) {
    const bad = Buffer.from(good)
    bad[at] = (bad[at] ?? 0) ^ 1
    // Only the case of a hexadecimal digit of the CRC or the length may differ.
    expect([parseFrame(good), 'crc', 'not-a-frame']).toContainEqual(parseFrame(bad))
  }
})

it('finds a code for each step by the alarm table, and none where DC-09 has none', () => {
  expect(codeOf(red, 'contact-id')).toBe('1101')
  expect(codeOf({ ...red, variant: 'duress' }, 'sia')).toBe('HA')
  expect(codeOf({ ...red, step: 'over' }, 'contact-id')).toBe('3101')
  expect(codeOf({ ...red, step: 'over', kind: 'fire' }, 'sia')).toBe('FR')
  expect(codeOf({ ...red, step: 'cancelled' }, 'contact-id')).toBe('1406')
  expect(codeOf({ ...red, step: 'accepted' }, 'sia')).toBeUndefined()
  expect(dataOf(red, { format: 'sia', account: 'AB12', zone: 7 })).toBe('#AB12|Nri0/QA007')
  expect(dataOf({ ...red, isTest: true }, { format: 'contact-id', account: '1234', zone: 0 })).toBe(
    '#1234|1602 00 000',
  )
})

it.each(['tcp', 'udp'])(
  'sends by %s with one number at every attempt, and takes the ACK as confirmed',
  async (transport) => {
    const got: Dc09Frame[] = []
    let port: number
    if (transport === 'tcp') {
      const there = await station((frame) => (got.push(frame), ack(frame)))
      port = there.port
    } else {
      const socket = createSocket('udp4', (bytes, from) => {
        const frame = parseFrame(bytes)
        if (typeof frame === 'string') return
        got.push(frame)
        // The first datagram is lost.
        if (got.length > 1) socket.send(ack(frame), from.port, from.address)
      })
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
      open.push(() => socket.close())
      port = socket.address().port
    }
    const outlet = outletOf([port], { transport, timeoutSeconds: 10, zones: { 'button-1': 7 } })
    expect(await outlet.send([red], never)).toMatchObject({ state: 'confirmed' })
    expect(got[0]).toMatchObject({ id: 'ADM-CID', sequence: 42, account: '1234', data: '#1234|1101 00 007' })
    expect(new Set(got.map(({ sequence }) => sequence)).size).toBe(1)
  },
)

it('encrypts, and takes a plain ACK as no more than handed over', async () => {
  const key = parseKey(keys[1] ?? '')
  let isPlain = false
  const there = await station((frame) => ack(frame, isPlain ? undefined : key), key)
  const outlet = outletOf([there.port], { keyFile })
  expect(outlet.preview([red])).toMatch(/^[0-9A-F]{4}0[0-9A-F]{3}"\*ADM-CID"0042L0#1234\[[0-9A-F]+$/)
  expect(await outlet.send([red], never)).toMatchObject({ state: 'confirmed' })
  expect(there.got[0]).toMatchObject({ isEncrypted: true, data: '#1234|1101 00 000' })
  isPlain = true
  expect(await outlet.send([red], never)).toMatchObject({ state: 'handed-over' })
})

it.each([
  ['of an hour ago', -3_600_000],
  ['of an hour from now', 3_600_000],
])(
  'takes an encrypted ACK %s as no more than handed over: its number is not encrypted',
  async (_title, ms) => {
    const key = parseKey(keys[1] ?? '')
    const there = await station((frame) => ack(frame, key, clock.wallMs() + ms), key)
    expect(await outletOf([there.port], { keyFile }).send([red], never)).toMatchObject({
      state: 'handed-over',
    })
  },
)

it('takes an encrypted ACK that was written before the last one as no more than handed over', async () => {
  const key = parseKey(keys[1] ?? '')
  const times = [0, -5000, 1000]
  const there = await station((frame) => ack(frame, key, clock.wallMs() + (times.shift() ?? 0)), key)
  const outlet = outletOf([there.port], { keyFile })
  const states: string[] = []
  for (let at = 0; at < 3; at++) states.push((await outlet.send([red], never)).state)
  expect(states).toEqual(['confirmed', 'handed-over', 'confirmed'])
})

it.each([
  ['plain', undefined, false],
  ['encrypted', keys[1], true],
])('a DUH that is %s, where there is a key, is final only with it', async (_title, own_, isFinal) => {
  const key = parseKey(keys[1] ?? '')
  const own = own_ === undefined ? undefined : parseKey(own_)
  const duh = (frame: Dc09Frame): Buffer =>
    encodeFrame({ ...frame, id: 'DUH', data: '', more: '', atMs: clock.wallMs() }, own)
  const there = await station(duh, key)
  expect(await outletOf([there.port], { keyFile }).send([red], never)).toMatchObject(
    isFinal ? { state: 'refused', isFinal } : { state: 'refused' },
  )
  expect(there.got).toHaveLength(1)
})

it('takes an encrypted ACK with a further block of padding, as a receiver that is used sends it', () => {
  // Written by iobroker.sia 2.0.4.
  const digits =
    '1ffdbe25089526dafc25326e104d2b6f9569230aacfca6d918c2ff7e3713405539152ee7586408bf272c07ebf557b61c'
  const frame = `\n6DC00072"*ACK"4845L0#1234[${digits}\r`
  const read = parseFrame(Buffer.from(frame), parseKey(keys[1] ?? ''))
  expect(read).toMatchObject({ id: 'ACK', sequence: 4845, account: '1234', data: '' })
  expect(parseFrame(Buffer.from(frame), parseKey(keys[0] ?? ''))).toBe('key')
})

it('corrects its clock by a NAK and sends again at once', async () => {
  const theirs = clock.wallMs() + 7_200_000
  const there = await station((frame) =>
    Math.abs((frame.atMs ?? 0) - theirs) < 20_000
      ? ack(frame)
      : encodeFrame({
          id: 'NAK',
          sequence: 0,
          receiver: '0',
          line: '0',
          account: '0',
          data: '',
          more: '',
          atMs: theirs,
        }),
  )
  expect(await outletOf([there.port]).send([red], never)).toMatchObject({ state: 'confirmed' })
  expect(there.got.length).toBe(2)
})

it('gives up at once when the station does not understand', async () => {
  const there = await station((frame) => encodeFrame({ ...frame, id: 'DUH', data: '', more: '' }))
  const answer = await outletOf([there.port]).send([red], never)
  expect(answer).toMatchObject({ state: 'refused', isFinal: true })
  expect(answer.words).toContain('not understood')
})

it.each([
  [
    'without line and account',
    (frame: Dc09Frame) => encodeFrame({ id: 'ACK', sequence: frame.sequence ?? 0, data: '', more: '' }),
  ],
  ['with a text', (frame: Dc09Frame) => encodeFrame({ ...frame, id: 'ACK', data: 'OK received', more: '' })],
])('takes an ACK %s', async (_title, answer) => {
  const there = await station(answer)
  expect(await outletOf([there.port]).send([red], never)).toMatchObject({ state: 'confirmed' })
})

it.each<[string, Answer]>([
  ['acknowledges another message', (frame) => ack({ ...frame, sequence: 7 })],
  ['answers noise', () => 'hello\r'],
  ['answers without an end', (_frame, socket) => 'x'.repeat(300_000) + (socket.end(), '')],
  ['closes', (_frame, socket) => void socket.destroy()],
  ['never answers', () => undefined],
])('asks the second receiver when the first %s', async (_title, answer) => {
  const [bad, good] = [await station(answer), await station((frame) => ack(frame))]
  const outlet = outletOf([bad.port, good.port])
  expect(await outlet.send([red], never)).toMatchObject({ state: 'confirmed' })
  // And first the next time.
  await outlet.send([red], never)
  expect([bad.got.length, good.got.length]).toEqual([1, 2])
})

it.each([
  ['unanswered', undefined],
  ['to a machine that does not have the key', keys[1]],
])('reports a receiver that leaves supervision %s, and its return', async (_title, text) => {
  let isDeaf = true
  const key = text === undefined ? undefined : parseKey(text)
  const deaf = (frame: Dc09Frame): Buffer | string => (key ? ack(frame) : 'noise\r')
  const there = await station((frame) => (isDeaf ? deaf(frame) : ack(frame, key)), key)
  const settings = settingsOf({
    type: 'sia-dc09',
    account: '1234',
    receivers: [{ host: '127.0.0.1', port: there.port }],
    superviseSeconds: 10,
    ...(key ? { keyFile } : {}),
  }) as Dc09Settings
  const watched = createDc09Outlet({ settings: { ...settings, superviseSeconds: 0.05 }, clock })
  const heard: boolean[] = []
  await watched.start?.({
    heard: (isWell) => heard.push(isWell),
    confirmed: () => undefined,
    answered: () => Promise.resolve(),
    noted: () => Promise.resolve(),
  })
  open.push(() => void watched.stop?.())
  await vi.waitFor(() => expect(heard.includes(false)).toBe(true), { timeout: 20_000, interval: 10 })
  expect(there.got[0]).toMatchObject({ id: 'NULL', sequence: 0, account: '1234' })
  isDeaf = false
  await vi.waitFor(() => expect(heard.at(-1)).toBe(true), { timeout: 20_000, interval: 10 })
})

it('fails in words over UDP when the receiver has no address, and ends nothing', async () => {
  const nowhere = { host: 'no-such-host.invalid', port: 7 }
  await expect(
    exchangeUdp(nowhere, Buffer.from('x'), AbortSignal.timeout(60_000), (ms, run) => clock.after(ms, run)),
  ).rejects.toThrow(/no-such-host|ENOTFOUND|EAI_AGAIN|no answer/)
})

it('has no drills without a text: their codes are those of alarms', () => {
  const given = { rules: [], followUps: [], drills: true, sendsText: false }
  expect(checkDc09('outlets.0', given)).toMatchObject([
    { message: expect.stringContaining('sendsText') as string },
  ])
  expect(checkDc09('outlets.0', { ...given, sendsText: true })).toEqual([])
})
