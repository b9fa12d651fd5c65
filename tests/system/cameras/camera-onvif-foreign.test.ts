// Do the camera commands and the gateway work with another project's ONVIF server? It is the server with which the
// `onvif` package was tested. It sends answers that were recorded from real cameras, names 192.168.68.111 as its address
// on every host, checks no password and has no pictures. The pictures come from GStreamer's RTSP server for ONVIF
// cameras. Each server runs on a separate host, in a network namespace.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CameraAuth } from '../../../gateway/cameras/talk/http/http-auth.ts'
import { OnvifSession } from '../../../gateway/cameras/talk/onvif/onvif-session.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { parseJpeg } from '../../../platform/jpeg/parse-jpeg.ts'
import { createCameraLan, type CameraLan } from '../../kits/network/camera-lan.ts'
import { Doors } from '../../kits/network/doors.ts'
import { placesProblem } from '../../kits/network/two-places.ts'
import { openCameraBench, until, type CameraBench } from '../../kits/system/camera-bench.ts'
import { freePort } from '../../kits/system/programs.ts'
import { builtCommand } from '../../kits/system/require-build.ts'

/** The answers of both cameras contain `named`: it is the address of the first camera, but not of the second. */
const named = '192.168.68.111'
const elsewhere = '192.168.68.112'
const account = { user: 'viewer', password: "p'w: =%&" }
const about = { maker: 'Mockup Manufacturer', model: 'Mockup Model' }

const problem = await placesProblem()
if (problem !== undefined) process.stdout.write(`${problem}\n`)

const stops: (() => Promise<unknown>)[] = []
const benches: CameraBench[] = []
let folder = ''
let passwordFile = ''
let lan: CameraLan
let first: ForeignServer
let second: ForeignServer
/** Ports of the second camera, reachable at 127.0.0.1 too. */
let port = 0
let rtspPort = 0

beforeAll(async () => {
  if (problem !== undefined) return
  folder = await mkdtemp(join(tmpdir(), 'gengfu-onvif-'))
  stops.push(() => rm(folder, { recursive: true, force: true }))
  passwordFile = join(folder, 'password')
  await writeFile(passwordFile, account.password)
  lan = await createCameraLan('192.168.68.1', [named, elsewhere])
  stops.push(() => lan.close())
  const [firstHost = [], secondHost = []] = lan.wrap.cameras
  port = await freePort()
  rtspPort = await freePort()
  first = await startOnvif(firstHost, named, 80)
  second = await startOnvif(secondHost, elsewhere, port)
  await startRtsp(firstHost, '--port', '554', account.user, account.password)
  await startRtsp(secondHost, '--port', String(rtspPort))
  const doors = new Doors(secondHost, 'onvif')
  stops.push(() => doors.end())
  await doors.ready
  for (const one of [port, rtspPort]) await doors.open(one)
}, 60_000)

afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.stop()
})

afterAll(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

/** A running ONVIF server, with the number of requests per operation. */
interface ForeignServer {
  asked: Map<string, number>
}

async function startOnvif(host: readonly string[], hostname: string, own: number): Promise<ForeignServer> {
  const { resolve: find } = createRequire(import.meta.url)
  const script = [find('coffeescript/bin/coffee'), find('onvif-server-mockup/test/serverMockup.coffee')]
  const server: ForeignServer = { asked: new Map() }
  const env = { ...process.env, HOSTNAME: hostname, PORT: String(own), VERBOSE: 'true' }
  await startProgram([...host, process.execPath, ...script], env, (line) => {
    const operation = /^received \S* (\w+)$/.exec(line)?.[1]
    if (operation !== undefined) server.asked.set(operation, (server.asked.get(operation) ?? 0) + 1)
  })
  return server
}

async function startRtsp(host: readonly string[], ...args: string[]): Promise<void> {
  const script = new URL('../../data/camera/gst-rtsp-server.py', import.meta.url).pathname
  const options = ['--onvif', '--address', '0.0.0.0', ...args]
  await startProgram([...host, '/usr/bin/python3', script, ...options], process.env, () => {})
}

/** Resolves when the program prints its first line; the program is ended after the tests. */
async function startProgram(
  [file = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): Promise<void> {
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  stops.push(() => {
    child.kill('SIGKILL')
    return ended
  })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const lines = createInterface({ input: child.stdout }).on('line', onLine)
  await new Promise<void>((resolve, reject) => {
    lines.once('line', () => resolve())
    child.once('close', () => reject(new Error(`${args.join(' ')}: ${complaint.slice(0, 500)}`)))
  })
}

/** `gengfu camera` on the box. */
function gengfu(...args: string[]): Promise<{ code: unknown; text: string; out: string }> {
  const command = builtCommand()
  const [file = '', ...rest] = lan.wrap.box
  return new Promise((resolve) => {
    execFile(file, [...rest, process.execPath, command, 'camera', ...args], (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, text: stdout + stderr, out: stdout }),
    )
  })
}

async function startBench(settings: Record<string, unknown>): Promise<CameraBench> {
  const bench = await openCameraBench([
    { id: 'cam-1', zone: 'bridge', host: '127.0.0.1', ringSeconds: 0, healthSeconds: 3600, ...settings },
  ])
  benches.push(bench)
  return bench
}

describe.skipIf(problem !== undefined)('gengfu camera discover, with cameras of another project', () => {
  const both = [
    { host: named, port: 80, isTls: false, path: '/onvif/device_service', name: 'PREDATOR' },
    { host: elsewhere, path: '/onvif/device_service', model: 'HD_PREDATOR' },
  ]

  it('finds every camera by multicast, also two that have one and the same id', async () => {
    const { code, out } = await gengfu('discover', '--seconds', '2', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject(both)
    // The camera's own id, not the address in the header that all answers have.
    const ids = (JSON.parse(out) as { endpoint: string }[]).map(({ endpoint }) => endpoint)
    expect(new Set(ids)).toEqual(new Set(['c9790c3a-701b-464d-a189-0060351c8ada']))
  })

  it('finds a camera without multicast when its address is given, and not otherwise', async () => {
    await lan.deafen(1)
    const without = await gengfu('discover', '--seconds', '1', '--json')
    expect(JSON.parse(without.out)).toMatchObject([both[0]])
    const given = await gengfu('discover', '--seconds', '1', '--json', '--host', elsewhere)
    expect(JSON.parse(given.out)).toMatchObject(both)
  })
})

describe.skipIf(problem !== undefined)('gengfu camera snapshot, with a camera of another project', () => {
  const take = (...args: string[]) => gengfu('snapshot', '--out', join(folder, 'out.jpg'), ...args)

  it('ends with a picture: the snapshot address has no picture, so the stream is used, with its password', async () => {
    const args = ['--host', named, '--user', account.user, '--password-file', passwordFile]
    const { code, text } = await take(...args)
    expect(text).toContain(`${about.maker} ${about.model}`)
    expect(text).toMatch(/the camera's clock is \d+ d( \d+ h)? slow/)
    expect(text).not.toContain('calls itself')
    expect(text).toContain('no snapshot, trying the stream: the camera sent no picture')
    expect(code).toBe(0)
    const picture = await readFile(join(folder, 'out.jpg'))
    expect(parseJpeg(picture)).toMatchObject({ ok: true, value: { width: 640, height: 360 } })
    expect(first.asked.get('GetSnapshotUri')).toBe(1)
    expect(first.asked.get('GetStreamUri')).toBe(1)
  })

  it('reports a wrong password that ONVIF has accepted without a check and that the stream refuses', async () => {
    await writeFile(join(folder, 'wrong'), 'wrong')
    const args = ['--host', named, '--user', account.user, '--password-file', join(folder, 'wrong')]
    const { code, text } = await take(...args)
    expect(text).toContain('camera found')
    expect(text).toContain('[wrong-password]')
    expect(code).toBe(1)
  })

  it('uses only the given address, and reports that nothing listens on the port that the camera names', async () => {
    const { code, text } = await take('--host', elsewhere, '--port', String(port))
    expect(text).toContain(`the camera calls itself ${named}; ${elsewhere} is used instead`)
    expect(text).toContain('[refused]')
    expect(code).toBe(1)
  })
})

describe.skipIf(problem !== undefined)('the gateway, with a camera of another project', () => {
  it('reads its maker and model, its clock, its profiles, and the addresses of pictures and events', async () => {
    const session = new OnvifSession({
      address: { host: '127.0.0.1', port, isTls: false },
      path: '/onvif/device_service',
      auth: new CameraAuth({ ...account, mode: 'auto', random: createSystemRandom() }),
      pin: { get: () => undefined, set: () => {} },
      clock: createSystemClock(),
      random: createSystemRandom(),
    })
    const facts = await session.probe(new AbortController().signal, 8000)
    expect(facts).toMatchObject({
      ...about,
      firmware: 'Mockup_15_14_13',
      serial: '00000000',
      snapshot: {
        address: { host: '127.0.0.1', port },
        path: '/onvif-cgi/jpg/image.cgi?resolution=800x600&compression=20&camera=1',
      },
      stream: { port: 554, path: '/h264main' },
      hasEvents: true,
      foreignHosts: [named],
    })
    expect(facts.profiles).toEqual([
      { token: 'main', name: 'main', width: 1920, height: 1080, encoding: 'H264' },
    ])
    // Its clock always shows the same time in 2014.
    expect(new Date(Date.now() + (facts.clockSkewMs ?? 0)).getUTCFullYear()).toBe(2014)
  })

  it('takes a picture from the stream, and keeps what it knows of the camera', async () => {
    const bench = await startBench({ port, rtspPort })
    const taken = await bench.cameras.take('cam-1', 'li')
    expect(taken).toMatchObject({ ok: true, snapshot: { source: 'rtsp', full: { width: 640, height: 360 } } })
    expect(bench.cameras.health()).toMatchObject([{ ...about, picture: 'good', reason: undefined }])
  })

  it('asks for the snapshot exactly where the camera said, on the address of the configuration', async () => {
    const { snapshot } = await pictureFromStream()
    const asked: (string | undefined)[] = []
    // The camera's web server, in front of its ONVIF.
    const front = createServer((incoming, answer) => {
      if (incoming.method === 'GET') {
        asked.push(incoming.url)
        return void answer.end(snapshot)
      }
      const { url, method, headers } = incoming
      const onward = request({ host: '127.0.0.1', port, path: url, method, headers }, (reply) =>
        reply.pipe(answer),
      )
      incoming.pipe(onward)
    })
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
    try {
      const bench = await startBench({ port: (front.address() as AddressInfo).port })
      const taken = await bench.cameras.take('cam-1', 'li')
      expect(taken).toMatchObject({ ok: true, snapshot: { source: 'http' } })
      expect(asked).toEqual(['/onvif-cgi/jpg/image.cgi?resolution=800x600&compression=20&camera=1'])
    } finally {
      front.closeAllConnections()
      await new Promise((resolve) => front.close(resolve))
    }
  })

  it('gets motion over many pulls of one subscription, although the camera refuses to renew it', async () => {
    const asked = (operation: string): number => second.asked.get(operation) ?? 0
    const bench = await startBench({ port, rtspPort, events: true })
    await until(() => bench.events.length >= 3 && asked('PullMessages') >= 4, 'three events', 15_000)
    expect(bench.events.every((event) => event.readings['motion'] === true)).toBe(true)
    expect(asked('CreatePullPointSubscription')).toBe(1)
    expect(asked('Renew')).toBe(1)
    expect(bench.log.filter((line) => line.includes('camera events lost'))).toEqual([])
    await bench.stop()
    expect(asked('Unsubscribe')).toBe(1)
  })

  async function pictureFromStream(): Promise<{ snapshot: Uint8Array }> {
    const bench = await startBench({ port, rtspPort })
    const taken = await bench.cameras.take('cam-1', 'li')
    if (!taken.ok) throw new Error(taken.reason.text.en)
    const { sha256, bytes } = taken.snapshot.full
    const snapshot = await bench.cameras.readFile(sha256, 0, bytes)
    if (!snapshot) throw new Error('the picture is gone')
    return { snapshot }
  }
})
