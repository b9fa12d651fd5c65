// Does the uplink connect over every kind of path, and detect every kind of silence?
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { uplinkSettingsSchema } from '../../../gateway/config/uplink-settings.ts'
import { openStream } from '../../../gateway/uplink/connect/open-stream.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { createAuthority } from '../../kits/broker/certificates.ts'
import { createFakeCentre, type FakeCentre } from '../../kits/system/uplink-fake-centre.ts'
import {
  createFreezer,
  createProxy,
  createTlsFront,
  createWebSocketFront,
} from '../../kits/system/uplink-fronts.ts'
import {
  boxId,
  createUplinkUnderTest,
  eventBodies,
  eventBody,
  type UplinkUnderTest,
  until,
} from '../../kits/system/uplink-kit.ts'

let centre: FakeCentre
let folder: string
const undos: (() => unknown)[] = []

beforeEach(async () => {
  centre = await createFakeCentre(createSeededRandom(11))
  folder = await mkdtemp(join(tmpdir(), 'uplink-'))
})

afterEach(async () => {
  for (const undo of undos.splice(0).toReversed()) await undo()
  await centre.close()
  await rm(folder, { recursive: true })
})

function start(settings: Record<string, unknown>): UplinkUnderTest {
  const test = createUplinkUnderTest({ retrySecondsMax: 1, ...settings })
  undos.push(() => test.uplink.stop())
  test.uplink.start()
  return test
}

/** Resolves with the numbers of red at the centre once everything is receipted. */
async function delivers({ outbox }: UplinkUnderTest): Promise<number[]> {
  outbox.commit('red', eventBody(1))
  outbox.commit('routine', ...eventBodies(2, 500))
  await until(() => outbox.positions().routine.receipted === 499 && outbox.positions().red.receipted === 1)
  return centre.numbers('red')
}

async function certificates() {
  const authority = await createAuthority()
  const [server, box] = await Promise.all([authority.issueServer(), authority.issueDevice(boxId)])
  const files = { caFile: join(folder, 'ca'), certFile: join(folder, 'cert'), keyFile: join(folder, 'key') }
  await writeFile(files.caFile, authority.cert)
  await writeFile(files.certFile, box.cert)
  await writeFile(files.keyFile, box.key)
  return { files, server: { ca: authority.cert, cert: server.cert, key: server.key } }
}

describe('the link of the uplink', () => {
  it('delivers over TLS with the certificate of the box', async () => {
    const { files, server } = await certificates()
    const front = await createTlsFront(centre.port, server)
    undos.push(() => front.close())
    const test = start({ url: `mqtts://127.0.0.1:${front.port}`, ...files })
    expect(await delivers(test)).toEqual([1])
    expect(front.connections).toBe(1)
  })

  it('does not talk to a centre whose certificate another authority made', async () => {
    const { files } = await certificates()
    const { server } = await certificates()
    await writeFile(files.caFile, (await createAuthority('other')).cert)
    const front = await createTlsFront(centre.port, server)
    undos.push(() => front.close())
    const test = start({ url: `mqtts://127.0.0.1:${front.port}`, ...files })
    test.outbox.commit('red', eventBody(1))
    await until(() => front.connections >= 2)
    expect(centre.connections).toBe(0)
    expect(test.links.at(1)?.reason).toMatch(/certificate/)
  })

  it('takes a certificate from the future while its own clock was never set, and only then', async () => {
    const authority = await createAuthority()
    const box = await authority.issueDevice(boxId)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 86_400_000 })
    const server = await authority.issueServer()
    vi.useRealTimers()
    const files = { caFile: join(folder, 'ca'), certFile: join(folder, 'cert'), keyFile: join(folder, 'key') }
    await writeFile(files.caFile, authority.cert)
    await writeFile(files.certFile, box.cert)
    await writeFile(files.keyFile, box.key)
    const front = await createTlsFront(centre.port, {
      ca: authority.cert,
      cert: server.cert,
      key: server.key,
    })
    undos.push(() => front.close())
    const url = `mqtts://127.0.0.1:${front.port}`
    const strict = start({ url, ...files })
    await until(() => strict.links.some(({ reason }) => reason?.includes('CERT_NOT_YET_VALID') ?? false))
    await strict.uplink.stop()
    const health = () => ({ boot: 1, sinceBootMs: 5, clock: 'unsynced' as const, uptimeMs: 4 })
    const lost = createUplinkUnderTest({ url, ...files }, { health })
    undos.push(() => lost.uplink.stop())
    lost.uplink.start()
    expect(await delivers(lost)).toEqual([1])
    await lost.uplink.stop()
    // Another authority's certificate stays refused, with or without a clock.
    await writeFile(files.caFile, (await createAuthority()).cert)
    const fooled = createUplinkUnderTest({ url, ...files }, { health })
    undos.push(() => fooled.uplink.stop())
    fooled.uplink.start()
    await until(() => fooled.links.some(({ reason }) => reason?.includes('not trusted') ?? false))
  })

  it('delivers over WebSocket', async () => {
    const front = await createWebSocketFront(centre.port)
    undos.push(() => front.close())
    expect(await delivers(start({ url: `ws://127.0.0.1:${front.port}/uplink` }))).toEqual([1])
  })

  it('delivers through an HTTP proxy, and reports the answer of the proxy when it refuses', async () => {
    const proxy = await createProxy()
    const closed = await createProxy(407)
    undos.push(
      () => proxy.close(),
      () => closed.close(),
    )
    const url = `mqtt://127.0.0.1:${centre.port}`
    expect(await delivers(start({ url, proxyUrl: `http://127.0.0.1:${proxy.port}` }))).toEqual([1])
    expect(proxy.asked).toEqual([`127.0.0.1:${centre.port}`])
    const refused = start({ url, proxyUrl: `http://127.0.0.1:${closed.port}` })
    await until(() => refused.links.some(({ reason }) => reason?.includes('407') ?? false))
  })

  it('turns to the reserve address when the first does not answer', async () => {
    const empty = await createFreezer(1)
    await empty.close()
    const test = start({
      url: `mqtt://127.0.0.1:${empty.port}`,
      reserveUrl: `mqtt://127.0.0.1:${centre.port}`,
    })
    expect(await delivers(test)).toEqual([1])
  })

  it('stays at one of several equal centres while it works, and goes to the other when it is gone', async () => {
    const second = await createFakeCentre(createSeededRandom(12))
    undos.push(() => second.close())
    const address = ({ port }: FakeCentre): string => `mqtt://127.0.0.1:${port}`
    const test = start({ urls: [address(centre), address(second)] })
    await until(() => test.links.at(-1)?.state === 'up')
    const [used, other] = centre.connections > 0 ? [centre, second] : [second, centre]
    expect((await test.uplink.facts()).address).toBe(address(used))
    // Longer than the longest pause: it would have moved by then.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect([used.connections, other.connections]).toEqual([1, 0])
    await used.close()
    test.outbox.commit('red', eventBody(1))
    await until(() => test.outbox.positions().red.receipted === 1)
    expect(other.numbers('red')).toEqual([1])
    expect((await test.uplink.facts()).address).toBe(address(other))
  })

  it('finds an idle link that has gone silent and delivers over a new one', async () => {
    const freezer = await createFreezer(centre.port)
    undos.push(() => freezer.close())
    const test = start({ url: `mqtt://127.0.0.1:${freezer.port}`, keepAliveSeconds: 1, connectSeconds: 1 })
    await until(() => test.links.at(-1)?.state === 'up')
    freezer.freeze()
    await until(() => test.links.some(({ state }) => state === 'down'))
    freezer.thaw()
    expect(await delivers(test)).toEqual([1])
  })

  it('leaves a centre that answers no Report, reports it, and delivers when it answers again', async () => {
    centre.knobs.isDeaf = true
    const test = start({ url: `mqtt://127.0.0.1:${centre.port}`, deafSeconds: 0.5, resendSeconds: 0.2 })
    test.outbox.commit('red', eventBody(1))
    await until(() => centre.connections >= 3)
    expect(test.links.map(({ state }) => state)).toContain('deaf')
    expect(await test.metrics.metrics()).toMatch(/gengfu_uplink_closes_total\{why="deaf"\} [23]/)
    centre.knobs.isDeaf = false
    await until(() => test.outbox.positions().red.receipted === 1)
    expect(centre.numbers('red')).toEqual([1])
  })

  it('outlives a reset at every moment of its first steps over TLS', async () => {
    const { cert } = await createAuthority()
    await writeFile(join(folder, 'ca.pem'), cert)
    let afterMs = 0
    const resetting = net.createServer((socket) => {
      socket.on('error', () => undefined)
      setTimeout(() => socket.resetAndDestroy(), (afterMs = (afterMs + 1) % 4))
    })
    await new Promise<void>((resolve) => resetting.listen(0, '127.0.0.1', resolve))
    undos.push(() => resetting.close())
    const { port } = resetting.address() as net.AddressInfo
    const settings = uplinkSettingsSchema.parse({
      url: `mqtts://127.0.0.1:${port}`,
      caFile: join(folder, 'ca.pem'),
    })
    for (let attempt = 0; attempt < 30; attempt++) {
      const opening = openStream(settings.url, {
        settings,
        signal: AbortSignal.timeout(5000),
        clock: createSystemClock(),
        isUrgent: () => true,
        isClockSet: () => true,
        onDateless: () => undefined,
      })
      await expect(opening).rejects.toBeInstanceOf(Error)
    }
  })

  it('does not wait out a long pause when a red record comes', async () => {
    const port = centre.port
    await centre.close()
    // With this chance the first pause is half a minute.
    const test = createUplinkUnderTest(
      { url: `mqtt://127.0.0.1:${port}`, retrySecondsMax: 600 },
      { random: { ...createSeededRandom(1), next: () => 30 } },
    )
    undos.push(() => test.uplink.stop())
    test.uplink.start()
    await until(() => test.links.filter(({ state }) => state === 'down').length === 1)
    centre = await createFakeCentre(createSeededRandom(11), {}, port)
    test.outbox.commit('red', eventBody(1))
    await until(() => test.outbox.positions().red.receipted === 1)
    expect(centre.numbers('red')).toEqual([1])
  })

  it('stops at once in every state', async () => {
    const silent = net.createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    undos.push(() => silent.close())
    const { port } = silent.address() as net.AddressInfo
    const test = start({ url: `mqtt://127.0.0.1:${port}` })
    await test.uplink.stop()
    await test.uplink.stop()
    expect(test.links.at(-1)?.state).toBe('down')
  })

  it('tells in words and numbers what waits', async () => {
    const test = start({ url: `mqtt://127.0.0.1:${centre.port}` })
    centre.knobs.isDeaf = true
    await until(() => test.links.at(-1)?.state === 'up')
    test.outbox.commit('routine', ...eventBodies(1, 3))
    const facts = await test.uplink.facts()
    expect(facts.lanes.routine.waiting).toBe(3)
    expect(facts.words.en).toMatch(/^oldest unsent red 0 s, routine \d+ (h|days); dropped 0$/)
    expect(facts.words.zh).toMatch(/^最早未送达：红色 0 秒，日常 \d+ (小时|天)；已丢弃 0 条$/)
  })
})

describe('the settings of the uplink', () => {
  it('take plain addresses on loopback only, and no password in an address', () => {
    const isValid = (url: string): boolean => uplinkSettingsSchema.safeParse({ url }).success
    const good = [
      'mqtt://127.0.0.1',
      'mqtt://localhost:1883',
      'ws://[::1]:80/x',
      'mqtts://a.b',
      'wss://a.b/x',
    ]
    const bad = [
      'mqtt://10.0.0.1',
      'ws://a.b',
      'http://a',
      'mqtts://u:p@a.b',
      'mqtt://127.0.0.1.evil.org',
      '',
    ]
    expect(good.filter((url) => !isValid(url))).toEqual([])
    expect(bad.filter(isValid)).toEqual([])
  })
})
