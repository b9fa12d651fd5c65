// Shared parts of the camera tests: cameras under test with recorded outlets, and a temporary folder.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import type { DeviceEvent } from '../../../protocols/domain/event.ts'
import type { Alarm } from '../../../protocols/domain/alarm.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import type { BoxFact } from '../../../gateway/alarms/port.ts'
import { createCameras } from '../../../gateway/cameras/cameras.ts'
import type { CameraFact, Cameras, Snapshot } from '../../../gateway/cameras/port.ts'
import { camerasSettingsSchema, pictureSettingsSchema } from '../../../gateway/config/camera-settings.ts'

export interface CameraBench {
  cameras: Cameras
  folder: string
  dataDir: string
  snapshots: Snapshot[]
  facts: CameraFact[]
  boxFacts: BoxFact[]
  events: DeviceEvent[]
  /** Every log line. */
  log: string[]
  registry: Registry
  stop(): Promise<void>
}

export async function openCameraBench(
  cameras: readonly Record<string, unknown>[],
  options: { pictures?: Record<string, unknown>; folder?: string } = {},
): Promise<CameraBench> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'gengfu-camera-')))
  const dataDir = join(folder, 'data')
  const clock = createSystemClock()
  const bench = {
    folder,
    dataDir,
    snapshots: [] as Snapshot[],
    facts: [] as CameraFact[],
    boxFacts: [] as BoxFact[],
    events: [] as DeviceEvent[],
    log: [] as string[],
    registry: new Registry(),
  }
  const all = createCameras({
    cameras: camerasSettingsSchema.parse(cameras),
    pictures: pictureSettingsSchema.parse(options.pictures ?? {}),
    dataDir,
    clock,
    random: createSystemRandom(),
    log: pino({ level: 'trace' }, { write: (line: string) => void bench.log.push(line) }),
    registry: bench.registry,
    now: () => ({ boot: 1, sinceBootMs: clock.monotonicMs(), atMs: clock.wallMs(), clock: 'synced' }),
    outlets: {
      onSnapshot: (snapshot, taken) => {
        bench.snapshots.push(snapshot)
        bench.facts.push(taken)
      },
      onFact: (fact) => void bench.facts.push(fact),
      onBoxFact: (fact) => void bench.boxFacts.push(fact),
      onEvent: (event) => void bench.events.push(event),
    },
  })
  await all.start()
  return {
    ...bench,
    cameras: all,
    stop: async () => {
      await all.stop()
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

export function redAlarm(id: string, zone: string, change: Partial<Alarm> = {}): Alarm {
  return {
    id,
    device: 'button-1',
    kind: 'sos',
    colour: 'red',
    latchedColour: 'red',
    state: 'unacknowledged',
    occurrences: 1,
    zone,
    text: { zh: '求助', en: 'help' },
    ...change,
  }
}

/** Waits until `isTrue`, or throws with `what` after `maxMs`. */
export async function until(isTrue: () => boolean, what: string, maxMs = 10_000): Promise<void> {
  const endsAt = performance.now() + maxMs
  while (!isTrue()) {
    if (performance.now() > endsAt) throw new Error(`not within ${maxMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
