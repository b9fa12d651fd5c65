// As many cameras as a box may have, all in one zone: does each have its picture of a press, and is an alarm as fast as
// in a village without cameras? Two boxes side by side, pressed in turn.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { pause } from '../../bench/options.ts'
import { percentile } from '../../bench/figures/figures.ts'
import { RawDevice } from '../../bench/load/raw-device.ts'
import { createTown, type Program, type TestTown } from '../../kits/system/programs.ts'
import { measuredEnvironment, openStream, press, startPlainBox } from './camera-campaign.ts'

export interface ManyCamerasPlan {
  cameras: number
  minutes: number
  progress?: (text: string) => void
}

export interface ManyCamerasResult {
  /** Presses in the zone of the cameras, and the outcome of their first pictures. */
  seriesPressed: number
  atOnce: number
  failures: Record<string, number>
  /** When the last camera had its picture after the first press, in ms; undefined when not all had one in a minute. */
  lastAtOnceMs: number | undefined
  /** Milliseconds from press to desk. */
  with: { presses: number; p50: number; p99: number }
  without: { presses: number; p50: number; p99: number }
  lost: number
}

const gapMs = 200
/** Presses of the zone with the cameras, each of another button: four series of all cameras in a minute. */
const seriesEveryMs = 15_000
/** All cameras were checked, and have a picture from before. */
const settleMs = 30_000
const atOnceMsMax = 60_000
const squareButtons = 48
const plainButtons = 6

export async function runManyCamerasCampaign(plan: ManyCamerasPlan): Promise<ManyCamerasResult> {
  const yard = fork(
    fileURLToPath(new URL('./many-cameras-yard.ts', import.meta.url)),
    [String(plan.cameras)],
    { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  const ports = await new Promise<number[]>((resolve) => yard.once('message', resolve))
  const buttons = (name: string, count: number, zone: string): { id: string; kind: string; zone: string }[] =>
    Array.from({ length: count }, (_, i) => ({ id: `${name}-${i}`, kind: 'button', zone }))
  const square = buttons('square', squareButtons, 'square')
  const watched = buttons('watched', plainButtons, 'bridge')
  const bare = buttons('bare', plainButtons, 'bridge')
  const town = await createTown({
    zones: [{ id: 'bridge' }, { id: 'square' }],
    devices: [...square, ...watched],
    cameras: ports.map((port, i) => ({
      id: `cam-${i}`,
      host: '127.0.0.1',
      port,
      zone: 'square',
      onvif: false,
      snapshotPath: '/snap.jpg',
    })),
  })
  let plain: { program: Program; mqtt: number } | undefined
  try {
    await town.startCentre()
    await town.startGateway(measuredEnvironment())
    plain = await startPlainBox(town, bare)
    const stream = await openStream(town)
    const [inSquare, on, off] = [
      await connect(square, town.ports.mqtt),
      await connect(watched, town.ports.mqtt),
      await connect(bare, plain.mqtt),
    ]
    plan.progress?.(`${plan.cameras} cameras, settling for ${settleMs / 1000} s`)
    await pause(settleMs)
    const result = await pressInTurn(plan, town, stream, { inSquare, on, off })
    for (const button of [...inSquare, ...on, ...off]) button.end()
    stream.terminate()
    return result
  } finally {
    yard.kill('SIGKILL')
    await plain?.program.end('SIGKILL')
    await town.close()
  }
}

async function pressInTurn(
  plan: ManyCamerasPlan,
  town: TestTown,
  stream: Parameters<typeof press>[0],
  buttons: Record<'inSquare' | 'on' | 'off', RawDevice[]>,
): Promise<ManyCamerasResult> {
  const found: Record<'on' | 'off', number[]> = { on: [], off: [] }
  let [lost, series, count] = [0, 0, 0]
  let lastAtOnceMs: number | undefined
  const startMs = performance.now()
  const watch = async (): Promise<void> => {
    while (lastAtOnceMs === undefined && performance.now() - startMs < atOnceMsMax) {
      await pause(250)
      if (atOnceIn(await metricsOf(town)) >= plan.cameras) lastAtOnceMs = performance.now() - startMs
    }
  }
  const note = (kind: 'on' | 'off', ms: number | undefined): void => {
    if (ms === undefined) lost++
    else found[kind].push(ms)
  }
  const watching = watch()
  const endsMs = startMs + plan.minutes * 60_000
  while (performance.now() < endsMs) {
    if (performance.now() - startMs >= series * seriesEveryMs && series < squareButtons) {
      note('on', await press(stream, buttons.inSquare, series, `1-${series}`))
      series++
    }
    count++
    for (const kind of count % 2 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
      note(kind, await press(stream, buttons[kind], count, `2-${count}`))
      await pause(gapMs)
    }
    if (count % 50 === 0) plan.progress?.(`${count} presses of each box, ${series} of the square`)
  }
  await watching
  // The last series has its pictures, too.
  await pause(seriesEveryMs)
  const metrics = await metricsOf(town)
  const facts = (all: number[]): ManyCamerasResult['with'] => ({
    presses: all.length,
    p50: percentile(all, 0.5),
    p99: percentile(all, 0.99),
  })
  const failures = [...metrics.matchAll(/^gengfu_camera_failures_total\{code="([^"]+)"\} (\d+)/gm)]
  return {
    seriesPressed: series,
    atOnce: atOnceIn(metrics),
    failures: Object.fromEntries(failures.map(([, code = '', many]) => [code, Number(many)])),
    lastAtOnceMs,
    with: facts(found.on),
    without: facts(found.off),
    lost,
  }
}

async function connect(devices: readonly { id: string }[], port: number): Promise<RawDevice[]> {
  const all = devices.map(({ id }) => new RawDevice(id))
  for (const one of all) await one.connect(port)
  return all
}

async function metricsOf(town: TestTown): Promise<string> {
  return (await fetch(`http://127.0.0.1:${town.ports.console}/metrics`)).text()
}

function atOnceIn(metrics: string): number {
  const lines = metrics.matchAll(/^gengfu_camera_pictures_total\{[^}]*moment="at-once"[^}]*\} (\d+)/gm)
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0)
}
