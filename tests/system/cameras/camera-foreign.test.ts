// Does it work with servers of other authors (GStreamer's RTSP server), over TLS, and by discovery and events?
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import 'reflect-metadata'
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DiscoveryAnswerer } from '../../../firmware-sim/camera/discovery-answerer.ts'
import {
  SimulatedCamera,
  type SimulatedCameraOptions,
} from '../../../firmware-sim/camera/simulated-camera.ts'
import { runCamera } from '../../../gateway/cli/camera-command.ts'
import { discoverCameras } from '../../../gateway/cameras/talk/onvif/ws-discovery.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { parseJpeg } from '../../../platform/jpeg/parse-jpeg.ts'
import { openCameraBench, until, type CameraBench } from '../../kits/system/camera-bench.ts'

const stops: (() => Promise<void>)[] = []
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gengfu-foreign-'))
})
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
  await rm(folder, { recursive: true, force: true })
})

async function startBench(...parameters: Parameters<typeof openCameraBench>): Promise<CameraBench> {
  const bench = await openCameraBench(...parameters)
  stops.push(() => bench.stop())
  return bench
}

async function startCamera(options: SimulatedCameraOptions = {}): Promise<SimulatedCamera> {
  const camera = new SimulatedCamera(options)
  await camera.start()
  stops.push(() => camera.stop())
  return camera
}

/** Starts GStreamer's RTSP server; resolves with its port. */
async function startGstreamer(...account: string[]): Promise<number> {
  const script = new URL('../../data/camera/gst-rtsp-server.py', import.meta.url).pathname
  const child = spawn('/usr/bin/python3', [script, ...account], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  stops.push(() => {
    child.kill('SIGKILL')
    return ended
  })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => resolve(Number(chunk.toString().trim())))
    child.on('close', () => reject(new Error(`no RTSP server: ${complaint.slice(0, 300)}`)))
  })
}

const plain = (rtspPort: number, streamPath: string): Record<string, unknown> => ({
  id: 'cam-1',
  host: '127.0.0.1',
  zone: 'bridge',
  onvif: false,
  streamPath,
  rtspPort,
  ringSeconds: 0,
  healthSeconds: 3600,
})

describe("GStreamer's RTSP server", () => {
  it('gives a picture from H.264, from motion JPEG and by UDP alone, behind digest authentication', async () => {
    const password = "p'w: =%&"
    const port = await startGstreamer('viewer', password)
    const passwordFile = join(folder, 'password')
    await writeFile(passwordFile, password)
    for (const path of ['/h264', '/mjpeg', '/udp']) {
      const bench = await startBench([{ ...plain(port, path), user: 'viewer', passwordFile }])
      const taken = await bench.cameras.take('cam-1', 'li')
      expect(taken).toMatchObject({
        ok: true,
        snapshot: { source: 'rtsp', full: { width: 640, height: 360 } },
      })
    }
    await writeFile(passwordFile, 'wrong')
    const bench = await startBench([{ ...plain(port, '/h264'), user: 'viewer', passwordFile }])
    expect(await bench.cameras.take('cam-1', 'li')).toMatchObject({
      ok: false,
      reason: { code: 'wrong-password' },
    })
    const missing = await startBench([{ ...plain(port, '/nothing'), user: 'viewer', passwordFile }])
    expect(await missing.cameras.take('cam-1', 'li')).toMatchObject({ ok: false })
  }, 80_000)
})

describe('a camera with a certificate of its own', () => {
  async function certificate(name: string): Promise<{ key: string; cert: string }> {
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])
    const made = await X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    })
    const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
    return { key, cert: made.toString('pem') }
  }

  it('is pinned when first seen; another certificate gets no request and no credential until a person says so', async () => {
    const first = await startCamera({ tls: await certificate('first') })
    const settings = {
      ...plain(first.rtspPort, '/x'),
      onvif: true,
      tls: true,
      port: first.port,
      streamPath: undefined,
    }
    const bench = await startBench([settings], { folder })
    expect(await bench.cameras.take('cam-1', 'li')).toMatchObject({ ok: true, snapshot: { source: 'http' } })
    expect(bench.facts.filter((fact) => fact.what === 'camera-certificate-pinned')).toHaveLength(1)
    await bench.stop()
    await first.stop()
    const second = await startCamera({ tls: await certificate('second'), port: settings.port })
    const again = await startBench([settings], { folder })
    expect(await again.cameras.take('cam-1', 'li')).toMatchObject({
      ok: false,
      reason: { code: 'certificate-changed' },
    })
    expect(second.asked.size).toBe(0)
    await again.cameras.forgetCertificate('cam-1', 'li')
    expect(await again.cameras.take('cam-1', 'li')).toMatchObject({ ok: true })
  }, 80_000)
})

describe('discovery', () => {
  it('finds a camera by multicast and by address, by what it answers from, and survives junk', async () => {
    const answerer = new DiscoveryAnswerer({
      host: '127.0.0.1',
      deviceUrl: 'http://10.9.8.7:8899/onvif/device_service',
      endpoint: 'one',
      name: '村口 1',
    })
    await answerer.start()
    stops.push(() => answerer.stop())
    const options = {
      clock: createSystemClock(),
      random: createSystemRandom(),
      waitMs: 700,
      from: ['127.0.0.1'],
    }
    const found = {
      host: '127.0.0.1',
      port: 8899,
      path: '/onvif/device_service',
      name: '村口 1',
      endpoint: 'one',
    }
    // The wait's timers do not hold the process; the sockets do.
    const all = await discoverCameras(options)
    // Cameras of other tests answer too.
    expect(all.filter(({ endpoint }) => endpoint === 'one')).toMatchObject([found])
    await answerer.stop()
    const direct = createSocket('udp4')
    await new Promise<void>((resolve) => direct.bind(3702, '127.0.0.2', resolve))
    stops.push(() => new Promise((resolve) => direct.close(() => resolve())))
    let sent = 0
    direct.on('message', (_, from) => {
      for (const junk of [
        '',
        '<',
        '<ProbeMatches/>',
        '\0'.repeat(9000),
        `<XAddrs>http://${sent++}</XAddrs>ProbeMatch`,
      ]) {
        direct.send(junk, from.port, from.address)
      }
    })
    const after = await discoverCameras({ ...options, hosts: ['127.0.0.2'] })
    expect(after.filter(({ host, endpoint }) => host === '127.0.0.2' || endpoint === 'one')).toEqual([])
    expect(sent).toBeGreaterThan(0)
  })
})

describe('events', () => {
  it('of motion, tamper and a digital input become readings, also after the camera was away', async () => {
    const camera = await startCamera()
    const bench = await startBench([
      {
        ...plain(camera.rtspPort, '/x'),
        onvif: true,
        port: camera.port,
        streamPath: undefined,
        events: true,
      },
    ])
    await until(() => (camera.asked.get('PullMessages') ?? 0) > 0, 'subscribed')
    camera.notify('RuleEngine/CellMotionDetector/Motion', 'IsMotion', true)
    camera.notify('Device/Trigger/DigitalInput', 'LogicalState', true)
    camera.notify('RuleEngine/TamperDetector/Tamper', 'IsTamper', true)
    camera.notify('Monitoring/ProcessorUsage', 'Value', true)
    await until(() => bench.events.length === 3, 'three events')
    expect(bench.events.map((event) => event.readings)).toEqual([
      { motion: true },
      { contact: 'open', input: 'vsc' },
      { tamper: true },
    ])
    expect(new Set(bench.events.map((event) => event.messageId)).size).toBe(3)
    expect(bench.events.every((event) => event.device === 'cam-1')).toBe(true)
    camera.knobs.garbage = 'page'
    await until(() => bench.log.some((line) => line.includes('camera events lost')), 'lost')
    camera.knobs.garbage = 'none'
    camera.notify('RuleEngine/CellMotionDetector/Motion', 'IsMotion', false)
    await until(() => bench.events.length === 4, 'the event after', 15_000)
  }, 80_000)
})

describe('gengfu camera', () => {
  async function run(...argv: string[]): Promise<{ code: number; text: string }> {
    let text = ''
    const take = (chunk: unknown): boolean => {
      text += String(chunk)
      return true
    }
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation(take),
    )
    const code = await runCamera(argv)
    for (const spy of spies) spy.mockRestore()
    return { code, text }
  }

  it('snapshot saves a picture, or says in both languages why not', async () => {
    const account = { user: 'admin', password: 'only-in-the-file' }
    const camera = await startCamera({ account, auth: 'digest' })
    const passwordFile = join(folder, 'password')
    const out = join(folder, 'out.jpg')
    await writeFile(passwordFile, account.password)
    const common = [
      'snapshot',
      '--host',
      '127.0.0.1',
      '--port',
      String(camera.port),
      '--user',
      'admin',
      '--out',
      out,
    ]
    const good = await run(...common, '--password-file', passwordFile)
    expect(good).toMatchObject({ code: 0 })
    expect(parseJpeg(await readFile(out))).toMatchObject({ ok: true, value: { width: 640 } })
    await writeFile(passwordFile, 'wrong')
    const bad = await run(...common, '--password-file', passwordFile)
    expect(bad.code).toBe(1)
    expect(bad.text).toContain('用户名或密码不对')
    expect(bad.text).toContain('wrong user or password [wrong-password]')
    expect(good.text + bad.text).not.toContain(account.password)
    expect((await run('snapshot', '--host', 'x')).code).toBe(2)
    expect((await run('snapshot', '--host', '127.0.0.1', '--out', out, '--port', '1')).text).toContain(
      '[refused]',
    )
    expect((await run('snapshot', '--nonsense')).code).toBe(2)
    expect((await run('--help')).text).toContain('discover')
  })
})
