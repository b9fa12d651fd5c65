// Whatever a vendor's codec does, it causes one fault, and the next codec works.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codecBytesMax } from '../../../../../../gateway/dialects/lorawan/codecs/codec-files.ts'
import { CodecSandbox, failuresMax } from '../../../../../../gateway/dialects/lorawan/codecs/sandbox.ts'
import { lorawan } from '../../../../../../gateway/dialects/lorawan/lorawan.ts'
import { DialectSession } from '../../../../../../gateway/dialects/session/session.ts'

const sandbox = new CodecSandbox()
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'codecs-'))
})
afterAll(async () => {
  await sandbox.stop()
  rmSync(folder, { recursive: true })
})

const run = (name: string, code: string, bytes: number[] = [1, 2, 3]) =>
  sandbox.run(name, { code, fPort: 7, bytes, recvTimeMs: 0 })
const answerOf = async (code: string, bytes?: number[]): Promise<unknown> => {
  const outcome = await run('good', code, bytes)
  return 'json' in outcome ? JSON.parse(outcome.json) : outcome
}

test('speaks the signatures of ChirpStack 3 and 4 and of The Things Stack', async () => {
  expect(
    await answerOf('function Decode(fPort, bytes) { return {fPort, sum: bytes[0] + bytes[2]} }'),
  ).toEqual({
    fPort: 7,
    sum: 4,
  })
  expect(
    await answerOf(
      'function decodeUplink(input) { return {data: {n: input.bytes.length, year: input.recvTime.getUTCFullYear()}} }',
    ),
  ).toEqual({ data: { n: 3, year: 1970 } })
})

test('has a console that is silent and as much of Buffer as codecs use', async () => {
  const code = `function decodeUplink({bytes}) { console.log('x'); const b = Buffer.from(bytes)
    return {be: b.readInt16BE(0), le: b.readUInt32LE(0), f: b.readFloatBE(4), hex: b.slice(0, 2).toString('hex'), b64: b.toString('base64'),
      text: Buffer.from('5a6b', 'hex').toString(), all: Buffer.concat([b, Buffer.alloc(1)]).length, back: Array.from(Buffer.from('/9z+', 'base64'))} }`
  const bytes = [0xff, 0x9c, 0x01, 0x02, 0x41, 0x20, 0x00, 0x00]
  const node = Buffer.from(bytes)
  expect(await answerOf(code, bytes)).toEqual({
    be: node.readInt16BE(0),
    le: node.readUInt32LE(0),
    f: 10,
    hex: 'ff9c',
    b64: node.toString('base64'),
    text: 'Zk',
    all: 9,
    back: [...Buffer.from('/9z+', 'base64')],
  })
})

test.each([
  ['loops', 'function decodeUplink() { for (;;) {} }', /50 ms/],
  ['loops while it is loaded', 'for (;;) {}', /50 ms/],
  [
    'takes typed arrays without end',
    'function decodeUplink() { const a = []; for (;;) a.push(new Uint8Array(1e6)) }',
    /4 MB|50 ms/,
  ],
  ['asks for 40 MB at once', 'function decodeUplink() { return new Uint8Array(4e7).length }', /4 MB/],
  [
    'takes plain arrays without end',
    'function decodeUplink() { const a = []; for (;;) a.push([1, a.length]) }',
    /4 MB|50 ms/,
  ],
  ['throws', 'function decodeUplink() { throw new Error("no such port") }', /no such port/],
  ['answers 10 MB', 'function decodeUplink() { return {data: "x".repeat(1e7)} }', /8192 bytes|4 MB/],
  ['answers 9 KB', 'function decodeUplink() { return {data: "中".repeat(3000)} }', /8192 bytes/],
  ['calls itself without end', 'function decodeUplink() { return decodeUplink() }', /stack|50 ms/],
  ['answers no JSON', 'function decodeUplink() { const a = {}; a.a = a; return a }', /circular/],
  ['is no JavaScript', 'function {', /SyntaxError/],
  ['has no function to call', 'var a = 1', /neither decodeUplink nor Decode/],
])('a codec that %s is one failure, and the next call works', async (name, code, failure) => {
  const outcome = await run(name, code)
  expect(outcome).toMatchObject({ failure: expect.stringMatching(failure) as string, isOff: false })
  expect(await answerOf('function Decode() { return {isWell: true} }')).toEqual({ isWell: true })
})

test('a codec of the largest size has room for its tables', async () => {
  const entry = (n: number): string => `k${n}:{n:"name of field ${n}",s:[${n},1,2]},`
  let table = ''
  for (let n = 0; table.length < codecBytesMax - 200; n++) table += entry(n)
  const code = `const table={${table}};function Decode(){return {hasAll: Object.keys(table).length > 2500}}`
  expect(code.length).toBeLessThanOrEqual(codecBytesMax)
  expect(await answerOf(code)).toEqual({ hasAll: true })
})

test('leaves nothing behind for the next frame, and reaches nothing outside', async () => {
  await answerOf('globalThis.left = 1; function Decode() { return {} }')
  expect(
    await answerOf(
      'function Decode() { return {left: typeof left, process: typeof process, fetch: typeof fetch, timer: typeof setTimeout} }',
    ),
  ).toEqual({ left: 'undefined', process: 'undefined', fetch: 'undefined', timer: 'undefined' })
})

test('switches a codec off after five failures in a row, and a good answer between them starts the count anew', async () => {
  const bad = 'function Decode(p, b) { if (b[0] === 1) throw new Error("bad"); return {} }'
  expect(failuresMax).toBe(5)
  for (let i = 1; i < failuresMax; i++) await run('counted', bad)
  expect(await run('counted', bad, [2])).toEqual({ json: '{}' })
  for (let i = 1; i < failuresMax; i++) expect(await run('counted', bad)).toMatchObject({ isOff: false })
  expect(await run('counted', bad)).toMatchObject({ isOff: true })
  expect(await run('counted', bad, [2])).toMatchObject({
    failure: expect.stringContaining('switched off') as string,
  })
})

test('work that the engine can not end is ended with its thread, and the next call has a new one', async () => {
  const hasty = new CodecSandbox({ watchdogMs: 1 })
  expect(await hasty.run('slow', { code: 'for (;;) {}', fPort: 1, bytes: [], recvTimeMs: 0 })).toMatchObject({
    failure: expect.stringContaining('did not come back') as string,
  })
  await hasty.stop()
})

test('a codec file behind the dialect: readings, then a fault and no reading, then off', async () => {
  const codec = join(folder, 'vendor.js')
  writeFileSync(
    codec,
    'function decodeUplink(i) { if (i.bytes[0] > 1) throw new Error("x"); return {data: {door: i.bytes[0], press: "none"}} }',
  )
  const session = new DialectSession({ dialect: lorawan, settings: { codec } })
  const take = (byte: number, atMs: number) =>
    session.take({
      topic: '',
      device: 'A84041FFFF012345',
      fPort: 2,
      payload: Uint8Array.of(byte),
      isRetained: false,
      atMs,
    })
  expect((await take(1, 0)).results).toMatchObject([
    { device: 'a84041ffff012345', readings: { contact: 'open' } },
  ])
  for (let i = 1; i < failuresMax; i++) {
    const failed = await take(9, i * 1000)
    expect(failed.results).toEqual([])
    expect(failed.quarantined).toContain('x')
  }
  expect((await take(9, 9000)).results).toMatchObject([{ readings: {}, faults: ['codec-switched-off'] }])
  writeFileSync(codec, 'function decodeUplink(i) { return {data: {water_leak: "leak"}} }')
  expect((await take(1, 10_000)).results).toMatchObject([{ readings: { leak: true } }])
})

test('a codec larger than 128 KiB or not there is said so, and what is built in beside it', async () => {
  const codec = join(folder, 'large.js')
  writeFileSync(codec, ' '.repeat(128 * 1024 + 1))
  const of = async (name: string) =>
    new DialectSession({ dialect: lorawan, settings: { codec: name } }).take({
      topic: '',
      device: '1',
      payload: Uint8Array.of(1),
      isRetained: false,
      atMs: 0,
    })
  expect((await of(codec)).quarantined).toContain('131073 bytes')
  expect((await of('no-such-model')).quarantined).toMatch(/no-such-model.*ENOENT.*Milesight/)
})
