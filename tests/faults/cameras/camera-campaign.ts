// Do eight cameras with every fault disturb an alarm, or leave anything behind? Real programs; two boxes side by side,
// one with the cameras and one without, both run as by their unit; phases with the cameras on and off in turn, so that
// drift of the machine affects both.
import { fork, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { WebSocket } from 'ws'
import type { CameraKnobs } from '../../../firmware-sim/camera/knobs.ts'
import type { HealthAnswer } from '../../../protocols/console/api.ts'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { boxEnvironment } from '../../bench/figures/box-environment.ts'
import { pause } from '../../bench/options.ts'
import { RawDevice } from '../../bench/load/raw-device.ts'
import { createTown, freePort, Program, type TestTown } from '../../kits/system/programs.ts'
import type { YardOrder, YardReport } from './camera-yard.ts'
import { comparePhases, type Comparison } from '../phase-figures.ts'
import { slopePerHour, strayPictures, tracesOf, type Traces } from '../process-traces.ts'

export interface CameraPlan {
  seed: number
  /** Phases in groups of four: off, on, on, off. */
  groups: number
  phaseMs: number
  /** Between two presses. */
  gapMs: number
  /** After switching the cameras on or off: streams end, pictures are stored, the cameras become present or absent. */
  settleMs: number
  progress?: (text: string) => void
}

export interface CameraResult {
  comparison: Comparison
  /** Presses that did not reach a desk in time. */
  lost: string[]
  pictures: number
  failures: Record<string, number>
  /** Cameras with a problem and without a plain reason in both languages. */
  unexplained: string[]
  /** The most attempts at once at any camera. */
  attemptsAtOnce: number
  before: Traces
  after: Traces
  /** Of the box with the cameras, in total and by part; and of the one without, for comparison. */
  residentPerHour: Record<'all' | 'box' | 'cameras' | 'plain', number>
  stray: string[]
}

/** A dozen red alarms a minute, each with pictures of all cameras: more than any village has. */
const devicesPerBox = 12
const pressMsMax = 10_000
/** The last series ends five seconds after its alarm. */
const seriesMs = 6000
const warmUpPresses = 40
/** For collecting garbage. */
const collectMs = 1000

/** Each alone; every second round two of them together. The last two cameras stay good. */
const faults: Partial<CameraKnobs>[] = [
  { isHung: true },
  { hasWrongAuth: true },
  { endless: 'flood' },
  { endless: 'drip', isStreamStalled: true },
  { garbage: 'cut', isSloppy: true },
  { garbage: 'noise', clockOffsetMs: -1e12 },
  { hasNoSnapshot: true },
  { hasNoSnapshot: true, isStreamStalled: true },
  { reset: 'in-picture' },
  { garbage: 'not-http' },
  { isFrozen: true, slowMs: 1000 },
  { isSnapshotMissing: true, foreignHost: '203.0.113.9' },
  { endless: 'parts' },
  { hasNoSnapshot: true, streamRedirect: { at: 'DESCRIBE', to: 'rtsp://203.0.113.9/main' } },
]

export async function runCameraCampaign(plan: CameraPlan): Promise<CameraResult> {
  const random = createSeededRandom(plan.seed)
  const yard = await openYard()
  const settings = yard.report.ports.map((port, i) => ({
    id: `cam-${i}`,
    host: '127.0.0.1',
    port,
    zone: 'bridge',
    healthSeconds: 10,
    ringSeconds: i % 3 === 0 ? 5 : 0,
    quotaMegabytes: 1,
    events: i === 7,
  }))
  const devices = (name: string): object[] =>
    Array.from({ length: devicesPerBox }, (_, i) => ({ id: `${name}-${i}`, kind: 'button', zone: 'bridge' }))
  const town = await createTown({
    zones: [{ id: 'bridge' }],
    devices: devices('watched'),
    cameras: settings,
    // Full before half of the half hour is over: from then on deletions equal additions, and memory should stay
    // constant.
    pictures: { quotaMegabytes: 6 },
  })
  const run: Run = { plan, town, phases: { off: [], on: [] }, lost: [], unexplained: new Set(), pressed: 0 }
  let plain: PlainBox | undefined
  try {
    await town.startCentre()
    const watched = await town.startGateway(measuredEnvironment())
    plain = await startPlainBox(town, devices('plain'))
    const stream = await openStream(town)
    const buttons = {
      off: await connectAll('plain', plain.mqtt),
      on: await connectAll('watched', town.ports.mqtt),
    }
    for (let i = 0; i < warmUpPresses; i++) await press(stream, buttons[i % 2 ? 'on' : 'off'], i, `0-${i}`)
    await yard.order({ do: 'rest' })
    await pause(plan.settleMs)
    const before = tracesOf(watched.pid)
    const memory: Resident[] = []
    for (let round = 0; round < plan.groups * 4; round++) {
      const kind = round % 4 === 1 || round % 4 === 2 ? 'on' : 'off'
      const knobs = Array.from({ length: 6 }, (_, i) => ({
        ...faults[(round + i) % faults.length],
        ...(round % 2 ? {} : faults[(round * 5 + i * 3) % faults.length]),
      }))
      await yard.order(kind === 'on' ? { do: 'work', knobs } : { do: 'rest' })
      await pause(plan.settleMs)
      const pressed = await pressOn(run, stream, buttons[kind])
      run.phases[kind].push(pressed)
      noteHealth(run, await healthOf(town))
      if (round % 8 === 7) {
        for (const { pid } of [watched, plain.program]) process.kill(pid, 'SIGUSR2')
        await pause(collectMs)
        memory.push(residentOf(watched, plain.program))
      }
      const resident = residentOf(watched, plain.program)
      plan.progress?.(
        `phase ${round + 1} ${kind}: ${run.pressed} presses, slowest ${Math.round(Math.max(0, ...pressed))} ms, ` +
          `${Math.round(resident.box)} + ${Math.round(resident.cameras)} MB, ${Math.round(resident.plain)} MB without cameras${kind === 'on' ? `, ${knobs.map(wordsOf).join(' | ')}` : ''}`,
      )
    }
    await yard.order({ do: 'rest' })
    await pause(seriesMs + plan.settleMs)
    const metrics = await (await fetch(`http://127.0.0.1:${town.ports.console}/metrics`)).text()
    for (const button of [...buttons.off, ...buttons.on]) button.end()
    stream.terminate()
    return {
      comparison: comparePhases(run.phases.off, run.phases.on, random),
      lost: run.lost,
      pictures: sumOf(metrics, 'gengfu_camera_pictures_total'),
      failures: failuresIn(metrics),
      unexplained: [...run.unexplained],
      attemptsAtOnce: yard.report.busyMax,
      before,
      after: tracesOf(watched.pid),
      residentPerHour: {
        all: slopePerHour(memory.map(({ atMs, box, cameras }) => ({ atMs, megabytes: box + cameras }))),
        box: slopePerHour(memory.map(({ atMs, box }) => ({ atMs, megabytes: box }))),
        cameras: slopePerHour(memory.map(({ atMs, cameras }) => ({ atMs, megabytes: cameras }))),
        plain: slopePerHour(memory.map((one) => ({ atMs: one.atMs, megabytes: one.plain }))),
      },
      stray: strayPictures(join(town.folder, 'gateway')),
    }
  } finally {
    yard.end()
    await plain?.program.end('SIGKILL')
    await town.close()
  }
}

interface Run {
  plan: CameraPlan
  town: TestTown
  phases: Record<'off' | 'on', number[][]>
  lost: string[]
  unexplained: Set<string>
  pressed: number
}

interface Resident extends Record<'box' | 'cameras' | 'plain', number> {
  atMs: number
}

/** Megabytes of the box with the cameras in two parts, and of the one without. */
function residentOf(watched: Program, plain: Program): Resident {
  const { residentMegabytes, camerasMegabytes } = tracesOf(watched.pid)
  return {
    atMs: performance.now(),
    box: residentMegabytes - camerasMegabytes,
    cameras: camerasMegabytes,
    plain: tracesOf(plain.pid).residentMegabytes,
  }
}

/** As a box runs, and garbage is collected on request. */
export function measuredEnvironment(): string[] {
  const file = fileURLToPath(new URL('../collect-on-signal.cjs', import.meta.url))
  return boxEnvironment().map((pair) =>
    pair.startsWith('NODE_OPTIONS=') ? `${pair} --require "${file}"` : pair,
  )
}

/** Presses one button after the other until the phase ends; resolves with the milliseconds of each. */
async function pressOn(run: Run, stream: WebSocket, buttons: RawDevice[]): Promise<number[]> {
  const found: number[] = []
  const endsAt = performance.now() + run.plan.phaseMs
  while (performance.now() < endsAt) {
    const id = `1-${++run.pressed}`
    const ms = await press(stream, buttons, run.pressed, id)
    if (ms === undefined) run.lost.push(id)
    else found.push(ms)
    await pause(run.plan.gapMs)
  }
  return found
}

/** Milliseconds until the desk gets it; undefined when it does not. */
export function press(
  stream: WebSocket,
  buttons: RawDevice[],
  count: number,
  id: string,
): Promise<number | undefined> {
  const button = buttons[count % buttons.length]
  return new Promise((resolve) => {
    const finish = (ms: number | undefined): void => {
      clearTimeout(timer)
      stream.off('message', hear)
      resolve(ms)
    }
    const timer = setTimeout(() => finish(undefined), pressMsMax)
    const hear = (data: Buffer): void => {
      const { type, alarm } = JSON.parse(data.toString()) as { type: string; alarm?: { device?: string } }
      if ((type === 'alarm.raised' || type === 'alarm.repeated') && alarm?.device === button?.id)
        finish(performance.now() - startMs)
    }
    stream.on('message', hear)
    const startMs = performance.now()
    button?.publish(`{"id":"${id}","button":"pressed"}`)
  })
}

const wordsOf = (knobs: Partial<CameraKnobs>): string => Object.keys(knobs).join('+')

function noteHealth(run: Run, cameras: HealthAnswer['cameras']): void {
  for (const { id, state, picture, problem, isOffline } of cameras ?? []) {
    const isWell = !isOffline && state !== 'unreachable' && (picture === 'good' || picture === 'unknown')
    const isExplained = /\p{Script=Han}/u.test(problem?.zh ?? '') && (problem?.en ?? '') !== ''
    if (!isWell && !isExplained) run.unexplained.add(`${id}: ${state} ${picture}`)
  }
}

async function healthOf(town: TestTown): Promise<HealthAnswer['cameras']> {
  const answer = await fetch(`http://127.0.0.1:${town.ports.console}/api/v1/health`)
  return ((await answer.json()) as HealthAnswer).cameras
}

function failuresIn(metrics: string): Record<string, number> {
  const lines = metrics.matchAll(/^gengfu_camera_failures_total\{code="([^"]+)"\} (\d+)/gm)
  return Object.fromEntries([...lines].map(([, code = '', count]) => [code, Number(count)]))
}

function sumOf(metrics: string, name: string): number {
  const lines = metrics.split('\n').filter((line) => line.startsWith(`${name}{`))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

export interface PlainBox {
  program: Program
  mqtt: number
}

/** The same box without cameras, beside the other. */
export async function startPlainBox(town: TestTown, devices: object[]): Promise<PlainBox> {
  const mqtt = await freePort()
  const file = join(town.folder, 'plain.yaml')
  const config = {
    box: { id: '320612104201-2', name: 'plain village' },
    dataDir: join(town.folder, 'plain'),
    mqtt: { listeners: [{ host: '127.0.0.1', port: mqtt }], anonymous: true },
    uplink: { url: `mqtt://127.0.0.1:${town.ports.uplink}` },
    console: { host: '127.0.0.1', port: await freePort() },
    zones: [{ id: 'bridge' }],
    devices,
  }
  writeFileSync(file, stringify(config))
  const program = new Program(['gateway', '--config', file], measuredEnvironment())
  await program.said('gateway is listening')
  return { program, mqtt }
}

async function connectAll(name: string, port: number): Promise<RawDevice[]> {
  const all = Array.from({ length: devicesPerBox }, (_, i) => new RawDevice(`${name}-${i}`))
  for (const one of all) await one.connect(port)
  return all
}

export async function openStream(town: TestTown): Promise<WebSocket> {
  const stream = new WebSocket(`ws://127.0.0.1:${town.ports.http}/api/v1/stream`, {
    headers: { Authorization: `Bearer ${await town.token()}` },
  })
  stream.setMaxListeners(20)
  await new Promise<void>((resolve, reject) => {
    stream.once('message', () => resolve())
    stream.once('error', reject)
  })
  return stream
}

interface Yard {
  report: YardReport
  order(order: YardOrder): Promise<void>
  end(): void
}

async function openYard(): Promise<Yard> {
  const file = fileURLToPath(new URL('./camera-yard.ts', import.meta.url))
  const child: ChildProcess = fork(file, {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const next = (): Promise<YardReport> =>
    new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error('the yard of cameras ended'))
      child.once('exit', onExit)
      child.once('message', (report: YardReport) => {
        child.off('exit', onExit)
        resolve(report)
      })
    })
  const yard: Yard = {
    report: await next(),
    async order(order) {
      const answer = next()
      child.send(order)
      yard.report = await answer
    },
    end: () => void child.kill('SIGKILL'),
  }
  return yard
}
