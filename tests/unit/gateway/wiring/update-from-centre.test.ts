// An update that the centre asks for: does its answer say what became of the box, also after restarts and power cuts?
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { parseMinisignKeys } from '../../../../platform/releases/minisign.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { takeOffer } from '../../../../gateway/health/release/take-offer.ts'
import { UpdateFromCentre } from '../../../../gateway/wiring/release/update-from-centre.ts'
import { ReleaseBench } from '../../../kits/system/release-bench.ts'

const clock = createSystemClock()
let bench: ReleaseBench
let web: Server
let ended: AbortController
/** Pieces that the web folder gives before it breaks the connection. */
let piecesLeft: number
beforeEach(async () => {
  bench = new ReleaseBench()
  bench.install('1.0.0')
  ended = new AbortController()
  piecesLeft = Number.POSITIVE_INFINITY
  web = createServer((request, response) => {
    if (piecesLeft-- <= 0) return void request.socket.destroy()
    const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    try {
      const bytes = readFileSync(join(bench.offered, request.url?.slice('/releases/'.length) ?? ''))
      const piece = bytes.subarray(Number.parseInt(from, 10), Number.parseInt(to, 10) + 1)
      response.writeHead(piece.length === 0 ? 416 : 206).end(piece)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  ended.abort()
  web.closeAllConnections()
  web.close()
  bench.close()
})

function boxOf(version: string, signal = ended.signal): UpdateFromCentre {
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/releases/`
  return new UpdateFromCentre({
    config: { dataDir: bench.data, updates: { url, keyFile: bench.keyFile } },
    version,
    clock,
    logger: pino({ level: 'silent' }),
    signal,
    folder: join(bench.root, 'releases', version),
    architecture: 'amd64',
  })
}

/** Root's service: waits for an offer and takes it. */
const serve = (): Promise<void> =>
  vi.waitFor(() => {
    const offer = join(bench.data, 'release/offer')
    readFileSync(join(offer, 'ready'))
    const keys = parseMinisignKeys(readFileSync(bench.keyFile, 'utf8'))
    const receiver = { architecture: 'amd64', running: bench.current(), nowMs: clock.wallMs() } as const
    const { root, releaseScript } = bench
    takeOffer({
      offer,
      root,
      releaseScript,
      keys: () => (keys.ok ? keys.value : []),
      receiver: () => receiver,
    })
  }, 30_000)

it('stays open while the new version is on trial, and ends when it proves itself or the old one is back', async () => {
  bench.offer('1.1.0')
  const life = new AbortController()
  const asked = boxOf('1.0.0', life.signal).run('1.1.0', 60_000)
  await serve()
  // The service restarts the program.
  life.abort()
  expect(await asked).toMatchObject({ state: 'received', waiting: ['1.1.0'] })
  bench.release('before-start')
  expect(bench.current()).toBe('1.1.0')
  expect(await boxOf('1.1.0').afterRestart('1.1.0')).toBeUndefined()
  writeFileSync(join(bench.data, 'release/failed'), '1.1.0\nconsole: it has not started\n')
  bench.release('before-start')
  expect(await boxOf('1.0.0').afterRestart('1.1.0')).toMatchObject({
    state: 'failed',
    reason: { code: 'went-back', en: expect.stringContaining('console: it has not started') as string },
  })
})

it('is done at once when the version runs already, and after the trial is over', async () => {
  expect(await boxOf('1.0.0').run('1.0.0', 1000)).toEqual({ state: 'done', reached: ['1.0.0'] })
  expect(await boxOf('1.0.0').afterRestart('1.0.0')).toEqual({ state: 'done', reached: ['1.0.0'] })
})

it('goes on with its fetch after a power cut, and does not fetch twice what it has', async () => {
  bench.offer('1.1.0')
  // Manifest, signature, and one piece of several.
  piecesLeft = 3
  const life = new AbortController()
  const cut = boxOf('1.0.0', life.signal).run('1.1.0', 3_600_000)
  await vi.waitFor(() => expect(piecesLeft).toBeLessThan(0), 30_000)
  life.abort()
  expect(await cut).toMatchObject({ state: 'received' })
  const kept = readFileSync(join(bench.data, 'release/offer/archive.tar.xz')).byteLength
  expect(kept).toBeGreaterThan(0)
  piecesLeft = Number.POSITIVE_INFINITY
  const again = new AbortController()
  const asked = boxOf('1.0.0', again.signal).afterRestart('1.1.0')
  await serve()
  again.abort()
  expect(await asked).toMatchObject({ state: 'received' })
  expect(bench.current()).toBe('1.1.0')
})

it('is refused with the reason when the release is not for this box, and fails when there is none', async () => {
  bench.offer('0.9.0')
  expect(await boxOf('1.0.0').run('0.9.0', 1000)).toMatchObject({
    state: 'refused',
    reason: { code: 'update-refused' },
  })
  expect(await boxOf('1.0.0').run('3.0.0', 1000)).toMatchObject({
    state: 'failed',
    reason: { code: 'update-failed' },
  })
})

it('gives the reason of the service of root when that one refuses', async () => {
  bench.offer('1.1.0')
  const asked = boxOf('1.0.0').run('1.1.0', 60_000)
  await vi.waitFor(() => readFileSync(join(bench.data, 'release/offer/ready')), 30_000)
  writeFileSync(bench.keyFile, 'untrusted comment: another\n')
  await serve()
  expect(await asked).toMatchObject({ state: 'refused', reason: { code: 'update-refused' } })
})

it('is one at a time: another one is refused, and its archive stays whole', async () => {
  bench.offer('1.1.0')
  const life = new AbortController()
  const box = boxOf('1.0.0', life.signal)
  const asked = box.run('1.1.0', 60_000)
  expect(await box.run('1.1.0', 60_000)).toMatchObject({
    state: 'refused',
    reason: { en: expect.stringContaining('another update is under way') as string },
  })
  await serve()
  life.abort()
  await asked
  expect(bench.current()).toBe('1.1.0')
})

it('cannot be asked of a program that no package put there', () => {
  expect(boxOf('1.0.0').canUpdate).toBe(true)
  rmSync(bench.offered, { recursive: true })
  const { folder } = bench
  const clone = new UpdateFromCentre({
    config: { dataDir: bench.data, updates: { url: 'https://x/', keyFile: bench.keyFile } },
    version: '1.0.0',
    clock,
    logger: pino({ level: 'silent' }),
    signal: ended.signal,
    folder,
  })
  expect(clone.canUpdate).toBe(false)
})
