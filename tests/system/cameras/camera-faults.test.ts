// Can a camera fail in any way without a plain reason, a leak, or harm to the others?
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CameraKnobs } from '../../../firmware-sim/camera/knobs.ts'
import { SimulatedCamera } from '../../../firmware-sim/camera/simulated-camera.ts'
import type { Taken } from '../../../gateway/cameras/port.ts'
import { descendantsOf, isOfCameras } from '../../faults/process-traces.ts'
import { openCameraBench, redAlarm, until, type CameraBench } from '../../kits/system/camera-bench.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function startCamera(knobs: Partial<CameraKnobs> = {}): Promise<SimulatedCamera> {
  const camera = new SimulatedCamera({ account: { user: 'admin', password: 'right' }, auth: 'none' })
  await camera.start()
  stops.push(() => camera.stop())
  Object.assign(camera.knobs, knobs)
  return camera
}

async function startBench(...parameters: Parameters<typeof openCameraBench>): Promise<CameraBench> {
  const bench = await openCameraBench(...parameters)
  stops.push(() => bench.stop())
  return bench
}

const settings = (camera: SimulatedCamera, id = 'cam-1'): Record<string, unknown> => ({
  id,
  host: '127.0.0.1',
  port: camera.port,
  zone: 'bridge',
  ringSeconds: 0,
  healthSeconds: 3600,
})

/** Processes below this one that are ffmpeg or the cameras', zombies included. */
const processesOfCameras = (): string[] =>
  descendantsOf(process.pid).filter((pid) => isOfCameras(pid) || isFfmpeg(pid))
const isFfmpeg = (pid: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').includes('(ffmpeg)')
  } catch {
    // Ended while we looked.
    return false
  }
}

describe('every knob alone', () => {
  const failing: [string, Partial<CameraKnobs>, string][] = [
    ['a page served as a picture', { garbage: 'page' }, 'not-onvif'],
    ['something that is not HTTP', { garbage: 'not-http' }, 'bad-http'],
    ['wrong credentials', { hasWrongAuth: true }, 'no-password'],
    // In a process of its own: one stream at a time is read on a small machine, and this one lasts.
    ['no snapshot and a stalled stream', { hasNoSnapshot: true, isStreamStalled: true }, 'slow'],
  ]
  const survivable: [string, Partial<CameraKnobs>, 'http' | 'rtsp'][] = [
    ['noise instead of a picture', { garbage: 'noise' }, 'rtsp'],
    ['a picture cut in half', { garbage: 'cut' }, 'rtsp'],
    ['a body without end', { endless: 'flood' }, 'rtsp'],
    ['a body that drips', { endless: 'drip' }, 'rtsp'],
    ['a connection broken off in the picture', { reset: 'in-picture' }, 'rtsp'],
    ['a missing snapshot page', { isSnapshotMissing: true, isSloppy: true }, 'rtsp'],
    ['sloppy headers and XML', { isSloppy: true }, 'http'],
    ['addresses of another host', { foreignHost: '203.0.113.9' }, 'http'],
    ['a slow camera', { slowMs: 400 }, 'http'],
    ['a clock in 1970', { clockOffsetMs: -Date.now() + 1000 }, 'http'],
  ]
  /** They last for many seconds of the camera's time: begun before the others, which are taken one after the other. */
  const lasting = new Set(['a body that drips', 'no snapshot and a stalled stream'])
  const places = new Map<string, { bench: CameraBench; id: string; outcome: Promise<Taken> | undefined }>()
  const own: (() => Promise<void>)[] = []

  /** One process has all cameras, each camera with its knob. */
  beforeAll(async () => {
    const together = [...failing.slice(0, -1), ...survivable]
    for (const group of [together, failing.slice(-1)]) {
      const cameras = await Promise.all(group.map(([, knobs]) => startCamera(knobs)))
      const bench = await startBench(cameras.map((camera, at) => settings(camera, `cam-${at}`)))
      for (const [at, [name]] of group.entries())
        places.set(name, {
          bench,
          id: `cam-${at}`,
          outcome: lasting.has(name) ? bench.cameras.take(`cam-${at}`, 'li') : undefined,
        })
    }
    own.push(...stops.splice(0))
  })
  afterAll(async () => {
    for (const stop of own.toReversed()) await stop()
  })

  it.each(failing)('gives a plain reason for %s', async (name, _knobs, code) => {
    const { bench, id, outcome } = places.get(name) ?? assert.fail(name)
    expect(await (outcome ?? bench.cameras.take(id, 'li'))).toMatchObject({ ok: false, reason: { code } })
    const health = bench.cameras.health().find((one) => one.camera === id)
    expect(health?.reason?.code).toBe(code)
    expect(health?.reason?.text.zh).toMatch(/\p{Script=Han}/u)
    expect(bench.facts.some(({ what, facts }) => what === 'snapshot-failed' && facts['camera'] === id)).toBe(
      true,
    )
  })

  it.each(survivable)('still has a picture in spite of %s', async (name, _knobs, source) => {
    const { bench, id, outcome } = places.get(name) ?? assert.fail(name)
    expect(await (outcome ?? bench.cameras.take(id, 'li'))).toMatchObject({ ok: true, snapshot: { source } })
  })

  it('gives both reasons where both ways to a picture fail', async () => {
    const streamRedirect = { at: 'DESCRIBE', to: 'rtsp://203.0.113.9/main' } as const
    const camera = await startCamera({ garbage: 'cut', streamRedirect })
    const bench = await startBench([settings(camera)])
    const taken = await bench.cameras.take('cam-1', 'li')
    expect(taken).toMatchObject({ ok: false, reason: { code: 'broken-picture' } })
    const { zh, en } = bench.cameras.health()[0]?.reason?.text ?? {}
    expect(en).toMatch(/cut off or damaged; the other way to a picture: .*another address/)
    expect(zh).toMatch(/残缺或损坏；另一种取图方式：.*另一个地址/)
  }, 80_000)

  it('never asks the host that a camera names instead of itself', async () => {
    const asked: string[] = []
    const other = createServer((socket) => {
      asked.push('asked')
      socket.destroy()
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.2', resolve))
    stops.push(() => new Promise((resolve) => other.close(() => resolve())))
    const camera = await startCamera({ foreignHost: '127.0.0.2' })
    const bench = await startBench([settings(camera)])
    expect(await bench.cameras.take('cam-1', 'li')).toMatchObject({ ok: true })
    camera.knobs.hasNoSnapshot = true
    await bench.cameras.take('cam-1', 'li')
    expect(asked).toEqual([])
  })

  it('sees frozen, dark and covered pictures, and a camera that is away', async () => {
    const camera = await startCamera({ isDark: true })
    const bench = await startBench([settings(camera)])
    await bench.cameras.take('cam-1', 'li')
    expect(bench.cameras.health()[0]).toMatchObject({ picture: 'dark', reason: { code: 'dark' } })
    Object.assign(camera.knobs, { isDark: false, isCovered: true })
    await bench.cameras.take('cam-1', 'li')
    expect(bench.cameras.health()[0]).toMatchObject({ picture: 'covered' })
    camera.knobs.isCovered = false
    await bench.cameras.take('cam-1', 'li')
    expect(bench.cameras.health()[0]).toMatchObject({
      picture: 'good',
      reason: undefined,
      state: 'up-without-auth',
    })
    await camera.stop()
    for (let i = 0; i < 3; i++) await bench.cameras.take('cam-1', 'li')
    expect(bench.cameras.health()[0]).toMatchObject({
      state: 'unreachable',
      isOffline: true,
      reason: { code: 'refused' },
    })
    // Reported once after the start, and then when it changed.
    const [first, ...rest] = bench.boxFacts
    expect(first).toMatchObject({ kind: 'camera-offline', isPresent: false })
    expect(rest).toMatchObject([{ kind: 'camera-offline', isPresent: true, subject: 'cam-1' }])
  })
})

describe('many cameras at once', () => {
  it('a hung, a flooding and a stalled camera delay no other, one attempt each, and nothing is left running', async () => {
    const bad: Partial<CameraKnobs>[] = [
      { isHung: true },
      { endless: 'flood', isStreamStalled: true },
      { hasNoSnapshot: true, isStreamStalled: true },
      { garbage: 'not-http' },
      { slowMs: 1500, garbage: 'cut', isFrozen: true },
    ]
    const cameras = await Promise.all([...bad, {}, {}, {}].map((knobs) => startCamera(knobs)))
    const bench = await startBench(cameras.map((camera, i) => settings(camera, `cam-${i}`)))
    for (const id of ['cam-5', 'cam-6', 'cam-7']) await bench.cameras.take(id, 'warm')
    bench.snapshots.length = 0
    const handlesBefore = readdirSync('/proc/self/fd').length
    for (let i = 0; i < 20; i++) bench.cameras.onAlarm('raised', redAlarm(`a-${i}`, 'bridge'))
    const good = (): number =>
      bench.snapshots.filter((one) => ['cam-5', 'cam-6', 'cam-7'].includes(one.camera)).length
    await until(
      () => bench.snapshots.some((one) => one.alarm === 'a-0' && one.camera === 'cam-5'),
      'first picture',
      10_000,
    )
    // Twenty alarms share pictures: the first goes alone, the other nineteen with the next, then all with the later ones.
    await until(() => good() >= 3 * 20 * 3, 'pictures of the good cameras', 25_000)
    for (const camera of cameras) expect(camera.busyMax).toBeLessThanOrEqual(1)
    const failed = bench.facts.filter((fact) => fact.what === 'snapshot-failed')
    expect(
      failed.every((fact) => (fact.facts['reason'] as { text: { zh: string } }).text.zh.length > 3),
    ).toBe(true)
    await bench.stop()
    await until(() => processesOfCameras().length === 0, 'no process left', 3000)
    await until(() => readdirSync('/proc/self/fd').length <= handlesBefore + 4, 'file handles returned', 5000)
  }, 120_000)
})
