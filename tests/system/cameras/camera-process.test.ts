// The cameras' process: does it give way to alarms, end its ffmpeg when it hangs, end with the box in every case, and
// take nothing of the box with it? Real processes; a script in place of ffmpeg reports its own id.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SimulatedCamera } from '../../../firmware-sim/camera/simulated-camera.ts'
import { createSignInMemory } from '../../../gateway/cameras/talk/http/http-auth.ts'
import { CameraProcess } from '../../../gateway/cameras/process/camera-process.ts'
import { pauseMs } from '../../../gateway/cameras/process/camera-pause.ts'
import { largePixelsMax } from '../../../gateway/cameras/talk/stream/rtsp-frame.ts'
import { parseJpeg } from '../../../platform/jpeg/parse-jpeg.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { descendantsOf, isOfCameras } from '../../faults/process-traces.ts'
import { createBoxFolder, startBox } from '../../kits/system/box-in-process.ts'
import { openCameraBench, until } from '../../kits/system/camera-bench.ts'
import { createTown } from '../../kits/system/programs.ts'

const log = pino({ level: 'silent' })
const path = process.env['PATH'] ?? ''
let folder = ''
let stops: (() => Promise<unknown>)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-process-'))
})

afterEach(async () => {
  for (const stop of stops.toReversed()) await stop()
  stops = []
  process.env['PATH'] = path
  rmSync(folder, { recursive: true, force: true })
})

const isThere = (pid: string): boolean => existsSync(`/proc/${pid}`)
/** Zombies do not count: when the kernel ends a process with its parent, init reaps it. */
const isAtWork = (pid: string): boolean =>
  isThere(pid) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
const camerasOf = (pid: number): string[] => descendantsOf(pid).filter(isOfCameras)
const never = (): AbortSignal => new AbortController().signal

/** Writes its id and stays. */
function sleepingFfmpeg(): string {
  const words = `if [ "$1" = -version ]; then echo "ffmpeg version 5.1"; exit; fi\necho $$ > ${folder}/pid; exec sleep 60`
  writeFileSync(join(folder, 'ffmpeg'), `#!/bin/sh\n${words}\n`, { mode: 0o755 })
  return join(folder, 'ffmpeg')
}

async function ffmpegPid(): Promise<string> {
  await vi.waitFor(() => expect(readFileSync(join(folder, 'pid'), 'utf8')).toContain('\n'), 5000)
  return readFileSync(join(folder, 'pid'), 'utf8').trim()
}

/** The part of a progressive JPEG that identifies it. */
const progressive = Buffer.from('ffd8ffc2000b080010001001011100ffd9', 'hex')

async function openProcess(
  ffmpegCommand?: string,
): Promise<{ remote: CameraProcess; clock: VirtualClock; pid: string }> {
  const clock = new VirtualClock()
  const remote = new CameraProcess({ clock, log, ffmpegCommand })
  stops.push(() => {
    const stopped = remote.stop()
    clock.advance(1000)
    return stopped
  })
  remote.start()
  return { remote, clock, pid: await theProcess() }
}

/** Seen once: during an exec a process has no command line for a moment. */
async function theProcess(): Promise<string> {
  let pid = ''
  await until(() => {
    pid = camerasOf(process.pid)[0] ?? ''
    return pid !== ''
  }, 'the process')
  return pid
}

/** It answers, so its start is complete. */
async function answers(remote: CameraProcess): Promise<void> {
  await expect(remote.process(Buffer.from('words'), [], never(), 'red')).rejects.toMatchObject({
    code: 'not-a-picture',
  })
}

it('has the lowest priority in all of its threads, is the first that the kernel ends, and inherits nothing of the box', async () => {
  // Open files and settings of a box, and an account that was passed to it.
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  stops.push(() => new Promise((resolve) => server.close(resolve)))
  process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --no-such-option`
  const before = process.env['NODE_OPTIONS']
  const { remote, pid } = await openProcess()
  process.env['NODE_OPTIONS'] = before.replace(' --no-such-option', '')
  const account = { user: 'user-8264', password: 'word-8264' }
  remote.open(
    { settings: { id: 'cam-1' } as never, credentials: account },
    { pin: { get: () => undefined, set: () => undefined }, signIns: createSignInMemory() },
  )
  await answers(remote)

  const threads = readdirSync(`/proc/${pid}/task`)
  expect(threads.length).toBeGreaterThan(4)
  expect([...new Set(threads.map((id) => getPriority(Number(id))))]).toEqual([10])
  // The 41st field of its state: 5 is SCHED_IDLE.
  const policyOf = (id: string): string | undefined => {
    const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38]
  }
  expect([...new Set(threads.map(policyOf))]).toEqual(['5'])
  const scoreOf = (id: string): number => Number(readFileSync(`/proc/${id}/oom_score_adj`, 'utf8'))
  expect(scoreOf(pid)).toBe(1000)

  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  const names = environment.map((pair) => pair.split('=')[0] ?? '').filter((name) => name !== '')
  expect(names.filter((name) => !/^(PATH|MALLOC_\w+|NODE_CHANNEL_\w+)$/.test(name))).toEqual([])
  expect(environment.join() + readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('8264')
  const opened = (id: string): string[] =>
    readdirSync(`/proc/${id}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${id}/fd/${fd}`)]
      } catch {
        // Closed while we looked.
        return []
      }
    })
  const shared = (links: string[]): string[] => links.filter((link) => /^(socket|pipe|\/(?!dev))/.test(link))
  expect([0, 1].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))).toEqual(['/dev/null', '/dev/null'])
  // A file left open by a parent process does not belong to the box.
  const above = new Set(opened(String(process.ppid)))
  const ours = new Set(shared(opened('self')).filter((link) => !above.has(link)))
  expect(ours.size).toBeGreaterThan(0)
  expect(shared(opened(pid)).filter((link) => ours.has(link))).toEqual([])
}, 80_000)

it('does not prevent the cameras from stopping when it hangs in the middle of a picture', async () => {
  const camera = new SimulatedCamera()
  Object.assign(camera.knobs, { slowMs: 60_000 })
  await camera.start()
  stops.push(() => camera.stop())
  const bench = await openCameraBench([
    { id: 'cam-1', host: '127.0.0.1', port: camera.port, zone: 'gate', ringSeconds: 0 },
  ])
  stops.push(() => bench.stop())
  await until(() => camerasOf(process.pid).length === 1, 'the process')
  const taken = bench.cameras.take('cam-1', 'li')
  const [pid] = camerasOf(process.pid)
  process.kill(Number(pid), 'SIGSTOP')
  // Red within the time limit of this test, which is shorter than the limit for a silent process.
  await bench.cameras.stop()
  expect(await taken).toMatchObject({ ok: false, reason: { code: 'stopped' } })
  expect(isAtWork(pid ?? '')).toBe(false)
}, 80_000)

it('is ended with its ffmpeg when it hangs, and the next picture has a new one', async () => {
  const { remote, clock, pid } = await openProcess(sleepingFfmpeg())
  await answers(remote)
  const asked = Promise.allSettled([remote.process(progressive, [], never(), 'red')])
  const ffmpeg = await ffmpegPid()
  process.kill(Number(pid), 'SIGSTOP')
  clock.advance(29_000)
  expect([isAtWork(pid), isAtWork(ffmpeg)]).toEqual([true, true])
  clock.advance(2000)
  expect(await asked).toMatchObject([{ status: 'rejected', reason: { code: 'work-failed' } }])
  await vi.waitFor(() => expect([isThere(pid), isAtWork(ffmpeg)]).toEqual([false, false]), 5000)
  await answers(remote)
  expect(camerasOf(process.pid)).toHaveLength(1)
}, 80_000)

it('reaps its ffmpeg before it ends, and ignores a signal of a supervisor to all processes', async () => {
  const { remote, pid } = await openProcess(sleepingFfmpeg())
  await answers(remote)
  const asked = Promise.allSettled([remote.process(progressive, [], never(), 'red')])
  const ffmpeg = await ffmpegPid()
  process.kill(Number(pid), 'SIGTERM')
  process.kill(Number(pid), 'SIGINT')
  await answers(remote)
  await remote.stop()
  expect([isThere(pid), isThere(ffmpeg)]).toEqual([false, false])
  expect(await asked).toMatchObject([{ status: 'rejected', reason: { code: 'stopped' } }])
}, 80_000)

it('fails one picture when it is killed, and the next one is taken and stored', async () => {
  const camera = new SimulatedCamera()
  await camera.start()
  stops.push(() => camera.stop())
  const settings = {
    id: 'cam-1',
    host: '127.0.0.1',
    port: camera.port,
    zone: 'bridge',
    ringSeconds: 0,
    healthSeconds: 3600,
    onvif: false,
    snapshotPath: '/snapshot.jpg',
  }
  const bench = await openCameraBench([settings])
  stops.push(() => bench.stop())
  expect(await bench.cameras.take('cam-1', 'li')).toMatchObject({ ok: true })
  camera.knobs.endless = 'drip'
  camera.busyMax = 0
  const taken = bench.cameras.take('cam-1', 'li')
  await until(() => camera.busyMax > 0, 'the camera is asked')
  for (const pid of camerasOf(process.pid)) process.kill(Number(pid), 'SIGKILL')
  expect(await taken).toMatchObject({ ok: false, reason: { code: 'work-failed' } })
  camera.knobs.endless = 'none'
  expect(await bench.cameras.take('cam-1', 'li')).toMatchObject({ ok: true })
  expect(bench.snapshots).toHaveLength(2)
}, 80_000)

it('does not keep a program waiting that has nothing else to do, and ends with it', async () => {
  const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
  const program = join(folder, 'program.mjs')
  writeFileSync(
    program,
    `import { CameraProcess } from ${url('../../../gateway/cameras/process/camera-process.ts')}
     import { createSystemClock } from ${url('../../../protocols/kit/clock.ts')}
     const log = { error() {}, warn() {} }
     const remote = new CameraProcess({ clock: createSystemClock(), log })
     const busy = setInterval(() => {}, 1000)
     await remote.process(Buffer.from('words'), [], new AbortController().signal).catch(({ code }) => console.log(code))
     clearInterval(busy)`,
  )
  const child = spawn(process.execPath, ['--import', 'tsx', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  stops.push(async () => child.kill('SIGKILL'))
  const [words] = (await once(child.stdout, 'data')) as [Buffer]
  expect(words.toString()).toBe('not-a-picture\n')
  const cameras = camerasOf(child.pid ?? 0)
  expect(await once(child, 'exit')).toEqual([0, null])
  await vi.waitFor(() => expect(cameras.filter(isAtWork)).toEqual([]), 5000)
}, 80_000)

it('makes an odd picture plain with ffmpeg of its own, and refuses one that is larger than any camera has', async () => {
  const { remote } = await openProcess()
  const side = Math.ceil(Math.sqrt(largePixelsMax)) + 100
  const large = Buffer.from(progressive)
  large.writeUInt16BE(side, 7)
  large.writeUInt16BE(side, 9)
  const plain = await remote.process(progressive, [], never(), 'red')
  expect(plain.full).toMatchObject({ width: 16, height: 16 })
  expect(parseJpeg(plain.full.bytes)).toMatchObject({ ok: true })
  await expect(remote.process(large, [], never(), 'red')).rejects.toMatchObject({
    code: 'picture-too-large',
    detail: `${side} x ${side}`,
  })
}, 80_000)

it.each([
  ['at work', 'SIGCONT', path],
  ['hung', 'SIGSTOP', path],
  // If it is not tied to the box, it gets a message about its end.
  ['at work and not tied to it', 'SIGCONT', ''],
] as const)(
  'ends with the box that is killed, %s',
  async (_, signal, found) => {
    const town = await createTown({
      zones: [{ id: 'bridge' }],
      cameras: [{ id: 'cam-1', host: '127.0.0.1', port: 9, zone: 'bridge', ringSeconds: 0 }],
      uplink: undefined,
    })
    stops.push(() => town.close())
    const box = await town.startGateway(['env', `PATH=${found === '' ? folder : found}`])
    // One that could not be tied is followed by another, at the next request.
    await until(() => camerasOf(box.pid).some(isSpeaking), 'the process of the cameras', 20_000)
    const cameras = camerasOf(box.pid)
    for (const pid of cameras) process.kill(Number(pid), signal)
    await box.end('SIGKILL')
    await vi.waitFor(() => expect(cameras.filter(isAtWork)).toEqual([]), 5000)
  },
  40_000,
)

/** Its picture thread exists, and so does everything before it. */
const isSpeaking = (pid: string): boolean => {
  try {
    return (
      Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8')) >
      Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))
    )
  } catch {
    // Ended while we looked.
    return false
  }
}

const isStill = (pid: string): boolean => /^\d+ \(.*\) T/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))

it('is stopped with its ffmpeg while an alarm is on its way, and continues; only while at work', async () => {
  const { remote, clock, pid } = await openProcess(sleepingFfmpeg())
  await answers(remote)
  remote.pauseForAlarm()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(isStill(pid)).toBe(false)
  const asked = remote.process(progressive, [], never(), 'red').catch((error: unknown) => error)
  const ffmpeg = await ffmpegPid()
  remote.pauseForAlarm()
  await until(() => isStill(pid) && isStill(ffmpeg), 'standing still')
  clock.advance(pauseMs)
  await until(() => !isStill(pid) && !isStill(ffmpeg), 'going on')
  remote.pauseForAlarm()
  clock.advance(pauseMs)
  remote.pauseForAlarm()
  await until(() => isStill(ffmpeg), 'standing still again')
  await remote.stop()
  expect([isAtWork(pid), isAtWork(ffmpeg)]).toEqual([false, false])
  expect(await asked).toMatchObject({ code: 'stopped' })
})

it('stands still for a press of the box that it belongs to', async () => {
  const camera = new SimulatedCamera({ account: { user: 'admin', password: 'right' }, auth: 'none' })
  await camera.start()
  stops.push(() => camera.stop())
  camera.knobs.isHung = true
  const box = createBoxFolder()
  const cameras = [{ id: 'cam-1', host: '127.0.0.1', port: camera.port, zone: 'yard', healthSeconds: 3600 }]
  const { gateway, mqttUrl } = await startBox(box.folder, {
    zones: [{ id: 'yard' }],
    devices: [{ id: 'button', kind: 'button', zone: 'yard' }],
    cameras,
  })
  stops.push(async () => {
    await gateway.stop()
    box.remove()
  })
  const pid = await theProcess()
  const button = await connectAsync(mqttUrl, { clientId: 'button' })
  stops.push(() => button.endAsync())
  let hasStoodStill = false
  const watch = setInterval(() => (hasStoodStill ||= isStill(pid)), 2)
  // The first request starts the camera: it hangs, and its caller waits.
  for (let i = 0; i < 10 && !hasStoodStill; i++) {
    await button.publishAsync('gengfu/v1/button/event', `{"id":"1-${i}","button":"pressed"}`, { qos: 1 })
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  clearInterval(watch)
  expect(hasStoodStill).toBe(true)
  await until(() => !isStill(pid), 'going on')
})
