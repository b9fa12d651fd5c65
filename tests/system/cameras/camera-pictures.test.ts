// Does the operator get the pictures of an alarm from the simulated camera, in every way in which a camera can deliver
// them?
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  SimulatedCamera,
  type SimulatedCameraOptions,
} from '../../../firmware-sim/camera/simulated-camera.ts'
import { parseJpeg } from '../../../platform/jpeg/parse-jpeg.ts'
import { openCameraBench, redAlarm, until, type CameraBench } from '../../kits/system/camera-bench.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function startCamera(options: SimulatedCameraOptions = {}): Promise<SimulatedCamera> {
  const camera = new SimulatedCamera(options)
  await camera.start()
  stops.push(() => camera.stop())
  return camera
}

async function startBench(...parameters: Parameters<typeof openCameraBench>): Promise<CameraBench> {
  const bench = await openCameraBench(...parameters)
  stops.push(() => bench.stop())
  return bench
}

const base = (camera: SimulatedCamera): Record<string, unknown> => ({
  id: 'cam-1',
  host: '127.0.0.1',
  port: camera.port,
  zone: 'bridge',
  ringSeconds: 0,
  healthSeconds: 3600,
})

describe('pictures of an alarm', () => {
  it('come from before, at once, after 2 s and after 5 s, preview and full, each recorded before it is handed on', async () => {
    const camera = await startCamera()
    const bench = await startBench([{ ...base(camera), ringSeconds: 1 }])
    await until(() => (camera.asked.get('/snapshot.jpg') ?? 0) >= 2, 'a picture in the ring', 15_000)
    bench.cameras.onAlarm('raised', redAlarm('a-1', 'bridge'))
    await until(() => bench.snapshots.length === 4, 'four pictures', 15_000)
    expect(bench.snapshots.map((one) => one.moment)).toEqual(['before', 'at-once', 'after-2s', 'after-5s'])
    const taken = bench.facts.filter((fact) => fact.what === 'snapshot-taken')
    expect(taken.map((fact) => [fact.colour, fact.facts['alarm']])).toEqual(Array(4).fill(['red', 'a-1']))
    for (const snapshot of bench.snapshots) {
      expect(snapshot.preview.bytes).toBeLessThanOrEqual(20 * 1024)
      const full = await bench.cameras.readFile(snapshot.full.sha256, 0, 1_000_000)
      expect(full?.byteLength).toBe(snapshot.full.bytes)
      const preview = await bench.cameras.readFile(snapshot.preview.sha256, 0, 1_000_000)
      for (const bytes of [full, preview])
        expect(parseJpeg(bytes ?? new Uint8Array())).toMatchObject({ ok: true })
    }
  })

  it('that several alarms share are reported together, in one commit and one Report', async () => {
    const camera = await startCamera()
    const bench = await startBench([base(camera)])
    const groups: unknown[][] = []
    let isOpen = false
    bench.facts.push = (...facts) => {
      if (facts[0]?.what !== 'snapshot-taken') return 0
      // On a busy machine the later pictures of the alarms are shared with these.
      const atOnce = facts.filter((fact) => fact.facts['moment'] === 'at-once')
      if (atOnce.length === 0) return 0
      if (!isOpen) setImmediate(() => (isOpen = false))
      if (!isOpen) groups.push([])
      isOpen = true
      groups.at(-1)?.push(...atOnce.map((fact) => fact.facts['alarm']))
      return 0
    }
    const ids = ['a-1', 'a-2', 'a-3', 'a-4']
    for (const id of ids) bench.cameras.onAlarm('raised', redAlarm(id, 'bridge'))
    await until(() => groups.length >= 2, 'pictures')
    expect(groups.slice(0, 2)).toEqual([['a-1'], ['a-2', 'a-3', 'a-4']])
  })

  it('that the centre has are noted on the disk when the box stops', async () => {
    const camera = await startCamera()
    const bench = await startBench([base(camera)])
    expect(await bench.cameras.take('cam-1', 'li')).toMatchObject({ ok: true })
    const [snapshot] = bench.snapshots
    const document = join(bench.folder, 'data', 'pictures', 'index', `${snapshot?.id}.json`)
    bench.cameras.markReached(snapshot?.full.sha256 ?? '')
    expect(JSON.parse(await readFile(document, 'utf8'))).not.toHaveProperty('reached')
    await bench.cameras.stop()
    expect(JSON.parse(await readFile(document, 'utf8'))).toHaveProperty('reached')
  })

  it('are taken for red and orange in the zone only, and once for repeats within a minute', async () => {
    const camera = await startCamera()
    const bench = await startBench([{ ...base(camera), zone: ['bridge', 'square'] }])
    bench.cameras.onAlarm('raised', redAlarm('a-1', 'elsewhere'))
    bench.cameras.onAlarm('raised', redAlarm('a-2', 'bridge', { colour: 'yellow' }))
    bench.cameras.onAlarm('acknowledged', redAlarm('a-3', 'bridge'))
    bench.cameras.onAlarm('raised', redAlarm('a-4', 'square', { colour: 'orange' }))
    bench.cameras.onAlarm('repeated', redAlarm('a-4', 'square', { colour: 'orange' }))
    await until(() => bench.snapshots.length === 3, 'three pictures', 15_000)
    expect(new Set(bench.snapshots.map((one) => one.alarm))).toEqual(new Set(['a-4']))
    expect(camera.asked.get('/snapshot.jpg')).toBe(3)
  })
})

describe('a picture on demand', () => {
  const accounts = { user: '值班员 <1>', password: 'p:"w&d=\\é' }
  for (const auth of ['basic', 'digest', 'digest-sha256', 'digest-no-qop'] as const) {
    it(`signs in by ${auth}, and in one round trip the next time`, async () => {
      const camera = await startCamera({ account: accounts, auth })
      const bench = await startBench([{ ...base(camera), user: accounts.user, passwordFile: '/nonexistent' }])
      expect(await bench.cameras.take('cam-1', 'li')).toMatchObject({ ok: false })
      await bench.stop()
      const second = await openCameraBench([], {})
      const passwordFile = join(second.folder, 'password')
      await writeFile(passwordFile, `${accounts.password}\n`)
      stops.push(() => second.stop())
      const good = await startBench([{ ...base(camera), user: accounts.user, passwordFile }])
      expect(await good.cameras.take('cam-1', 'li')).toMatchObject({ ok: true, snapshot: { source: 'http' } })
      const before = camera.asked.get('/snapshot.jpg') ?? 0
      // Digest nonces of the simulated camera stay valid until it sends another.
      expect(await good.cameras.take('cam-1', 'li')).toMatchObject({ ok: true })
      expect((camera.asked.get('/snapshot.jpg') ?? 0) - before).toBe(1)
      expect(good.cameras.health()[0]).toMatchObject({
        state: 'up-with-auth',
        picture: 'good',
        maker: 'Gengfu',
      })
    })
  }

  it('comes from the stream when there is no snapshot address', async () => {
    const account = { user: 'admin', password: 's3:cret%' }
    const camera = await startCamera({ account, auth: 'digest' })
    camera.knobs.hasNoSnapshot = true
    const folder = await openCameraBench([])
    stops.push(() => folder.stop())
    const passwordFile = join(folder.folder, 'password')
    await writeFile(passwordFile, account.password)
    const bench = await startBench([{ ...base(camera), user: 'admin', passwordFile }])
    const taken = await bench.cameras.take('cam-1', 'li')
    expect(taken).toMatchObject({ ok: true, snapshot: { source: 'rtsp', full: { width: 640, height: 352 } } })
    expect(await readFile(passwordFile, 'utf8')).toBe(account.password)
  })
})
