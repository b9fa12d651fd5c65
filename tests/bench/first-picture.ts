// How long from a press until its first picture is on the desk, compared with the camera's own answer and one round
// trip of the uplink, both measured in the same run? The picture counts once its bytes have arrived, not when it is
// announced.
import { WebSocket } from 'ws'
import { SimulatedCamera } from '../../firmware-sim/camera/simulated-camera.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { snapshotTaken } from '../../protocols/domain/snapshot.ts'
import type { EventsAnswer, StreamMessage } from '../../protocols/desk/api.ts'
import { createTown, type TestTown } from '../kits/system/programs.ts'
import { openDelayedLink } from './link/delayed-link.ts'
import { median, percentile, printTable, printVerdict, short } from './figures/figures.ts'
import { openMqttPing } from './load/mqtt-ping.ts'
import { pause, readOptions } from './options.ts'
import { RawDevice } from './load/raw-device.ts'

const pictureMsMax = 60_000
/** The series of the press before has ended. */
const betweenMs = 6500
const warmUpPresses = 2

async function fetchWhole(url: string, headers: Record<string, string> = {}): Promise<number> {
  const startMs = performance.now()
  const answer = await fetch(url, { headers })
  const bytes = await answer.arrayBuffer()
  if (!answer.ok || bytes.byteLength === 0) throw new Error(`${url}: ${answer.status}`)
  return performance.now() - startMs
}

/** Presses; resolves with the milliseconds until the preview of its first picture has arrived. */
function press(town: TestTown, token: string, stream: WebSocket, device: RawDevice): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no picture came')), pictureMsMax)
    const headers = { Authorization: `Bearer ${token}` }
    let raised: string | undefined
    const hear = (data: Buffer): void => {
      const message = JSON.parse(data.toString()) as StreamMessage
      if (message.type === 'alarm.raised' && message.alarm.device === device.id) raised = message.alarm.id
      if (message.type !== 'picture.arrived' || message.picture.alarm !== raised) return
      const { moment, preview } = message.picture
      if (moment !== 'at-once' || preview.state !== 'here') return
      stream.off('message', hear)
      clearTimeout(timer)
      fetchWhole(`http://127.0.0.1:${town.ports.http}/api/v1/pictures/${preview.sha256}`, headers).then(
        () => resolve(performance.now() - startMs),
        reject,
      )
    }
    stream.on('message', hear)
    const startMs = performance.now()
    device.publish('{"id":"1-1","button":"pressed"}')
  })
}

export async function runFirstPicture(args: readonly string[]): Promise<void> {
  const { presses, cameraMs, oneWayMs, kbit, grain } = readOptions(args, {
    presses: 10,
    cameraMs: 250,
    oneWayMs: 30,
    kbit: 2000,
    grain: 40,
  })
  // The camera's picture is drawn before it is requested: a real camera has a chip for that.
  const clock = createSystemClock()
  let drawnAtMs = Math.floor(clock.wallMs() / 1000) * 1000
  const camera = new SimulatedCamera({
    clock: {
      wallMs: () => drawnAtMs,
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs, run) => clock.after(delayMs, run),
    },
  })
  camera.knobs.slowMs = cameraMs
  camera.scene.grain = grain
  await camera.start()
  const link = await openDelayedLink({ oneWayMs, bytesPerSecond: (kbit * 1000) / 8 })
  const ids = Array.from({ length: presses + warmUpPresses }, (_, i) => `button-${i}`)
  const town = await createTown({
    zones: [{ id: 'yard' }],
    devices: ids.map((id) => ({ id, kind: 'button', zone: 'yard' })),
    cameras: [
      {
        id: 'cam-1',
        host: '127.0.0.1',
        port: camera.port,
        zone: 'yard',
        ringSeconds: 0,
        healthSeconds: 3600,
        onvif: false,
        snapshotPath: '/snapshot.jpg',
      },
    ],
    uplink: { url: `mqtt://127.0.0.1:${link.port}` },
  })
  link.target = town.ports.uplink
  const undos: (() => void)[] = []
  try {
    await town.startCentre()
    await town.startGateway()
    const token = await town.token()
    const stream = new WebSocket(`ws://127.0.0.1:${town.ports.http}/api/v1/stream`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    undos.push(() => stream.terminate())
    await new Promise<void>((resolve, reject) => {
      stream.once('message', () => resolve())
      stream.once('error', reject)
    })
    const ping = await openMqttPing(link.port, 'bench-ping')
    undos.push(() => ping.close())
    const [pictureMs, floorMs, cameraAnswersMs, tripsMs]: number[][] = [[], [], [], []]
    for (const [i, id] of ids.entries()) {
      const device = new RawDevice(id)
      await device.connect(town.ports.mqtt)
      undos.push(() => device.end())
      drawnAtMs += 1000
      camera.picture()
      const answerMs = await fetchWhole(`http://127.0.0.1:${camera.port}/snapshot.jpg`)
      const tripMs = await ping.roundTripMs()
      const ms = await press(town, token, stream, device)
      if (i >= warmUpPresses) {
        cameraAnswersMs?.push(answerMs)
        tripsMs?.push(tripMs)
        floorMs?.push(answerMs + tripMs)
        pictureMs?.push(ms)
      }
      await pause(betweenMs)
    }
    // The box's own time until the picture was stored there, from its records.
    const { events } = await town.get<EventsAnswer>('/api/v1/events?limit=1000')
    const readyMs = events.flatMap(({ record }) =>
      record.type === 'log' && record.what === snapshotTaken && record.facts?.['moment'] === 'at-once'
        ? [record.facts['readyMs'] as number]
        : [],
    )
    const row = (name: string, values: readonly number[]): string[] => [
      name,
      short(median(values)),
      short(percentile(values, 0.9)),
    ]
    printTable(
      `first-picture: ${presses} presses, camera ${cameraMs} ms, ${oneWayMs} ms each way, ${kbit === 0 ? 'no limit' : `${kbit} kbit/s`}`,
      ['ms', 'p50', 'p90'],
      [
        row("the camera's own answer", cameraAnswersMs ?? []),
        row('one round trip of the uplink', tripsMs ?? []),
        row('press to picture stored at the box', readyMs.slice(warmUpPresses)),
        row('press to first picture on the desk', pictureMs ?? []),
      ],
    )
    const ratio = median(pictureMs ?? []) / median(floorMs ?? [])
    printVerdict('p50 beside the camera and one round trip', ratio, ratio <= 1.3, 'at most 1.3')
  } finally {
    for (const undo of undos) undo()
    await town.close()
    link.close()
    await camera.stop()
  }
}
