// Question: what does a storm of alarms cost a camera, and does every request for a shared picture get an answer?
import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import type { CameraState } from '../../../../gateway/cameras/port.ts'
import type { CameraAccess, TakenPicture } from '../../../../gateway/cameras/talk/camera-client.ts'
import { CameraProblem } from '../../../../gateway/cameras/talk/camera-problem.ts'
import { CameraUnit, type Wanted } from '../../../../gateway/cameras/camera-unit.ts'
import type { Finished } from '../../../../gateway/cameras/pictures/picture-processor.ts'
import { cameraSettingsSchema } from '../../../../gateway/config/camera-settings.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'

const file = { bytes: new Uint8Array(3), sha256: 'f', width: 8, height: 8 }
const finished: Finished = { source: 's', full: file, preview: file, light: { mean: 90, spread: 40 } }

let clock: VirtualClock
let unit: CameraUnit
let takes: number[]
let developed: number
let isPictureProcessorBroken: boolean
let pictures: string[][]
let failed: [string, string][]
let states: unknown[]
let checked: CameraState

beforeEach(() => {
  clock = new VirtualClock()
  takes = []
  developed = 0
  isPictureProcessorBroken = false
  pictures = []
  failed = []
  states = []
  checked = 'up-without-auth'
  const settings = cameraSettingsSchema.parse({
    id: 'cam-1',
    host: '127.0.0.1',
    zone: 'yard',
    ringSeconds: 5,
  })
  const client: CameraAccess = {
    settings,
    facts: undefined,
    probe: async () => undefined,
    check: async () => ({ state: checked, clockSkewMs: 0 }),
    sources: async () => ['http'],
    fetch: async () => ({ source: 'http', answerMs: 5, bytes: new Uint8Array(3) }),
    take: async (): Promise<TakenPicture> => {
      takes.push(clock.monotonicMs())
      return { raw: { source: 'http', answerMs: 5 }, finished }
    },
    process: async () => {
      developed++
      if (isPictureProcessorBroken) throw new CameraProblem('work-failed')
      return finished
    },
    forgetFacts: () => undefined,
  }
  unit = new CameraUnit({
    client,
    clock,
    random: createSeededRandom(1),
    log: pino({ level: 'silent' }),
    now: () => ({ boot: 1, sinceBootMs: clock.monotonicMs(), atMs: clock.wallMs(), clock: 'synced' }),
    onPicture: async (_, wanted) =>
      void pictures.push(wanted.map((one) => `${one.alarm ?? one.askedBy} ${one.moment}`)),
    onFailed: (_, wanted, { code }) => {
      for (const one of wanted) failed.push([one.alarm ?? '', code])
    },
    onCondition: (_, before, after) => {
      if (before.state !== after.state) states.push(after.state)
    },
  })
})

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const want = (alarm: string): Wanted => ({ moment: 'at-once', alarm, wantedAtMs: clock.monotonicMs() })

/** Moves time in steps, so that work started in one step is finished in the next. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    clock.advance(Math.min(100, left))
    await settled()
  }
}

describe('a storm of alarms', () => {
  it('has its first picture at once, and one a second after that, shared by all of that second', async () => {
    unit.shoot(want('a-0'))
    await settled()
    expect(takes).toEqual([0])
    for (let i = 1; i < 20; i++) {
      await pass(100)
      unit.shoot(want(`a-${i}`))
    }
    await pass(1500)
    expect(takes).toEqual([0, 1000, 2000])
    expect(pictures.map((one) => one.length)).toEqual([1, 9, 10])
    expect(failed).toEqual([])
  })

  it('does not keep a person waiting, whose picture serves the alarms that wait', async () => {
    unit.shoot(want('a-0'))
    await settled()
    await pass(200)
    unit.shoot(want('a-1'))
    unit.shoot({ moment: 'on-demand', askedBy: 'li', wantedAtMs: 0 })
    await settled()
    expect(takes).toEqual([0, 200])
    expect(pictures[1]).toEqual(['a-1 at-once', 'li on-demand'])
    await pass(3000)
    expect(takes).toHaveLength(2)
  })

  it('is told when the camera is closed before its second is over', async () => {
    unit.shoot(want('a-0'))
    await pass(200)
    unit.shoot(want('a-1'))
    await unit.stop()
    await settled()
    expect(failed).toEqual([['a-1', 'stopped']])
  })

  it('has the picture from before developed once, and again when that failed', async () => {
    unit.start()
    await pass(12_000)
    const before = developed
    isPictureProcessorBroken = true
    unit.shootBefore(want('a-0'))
    await settled()
    expect(failed).toEqual([['a-0', 'work-failed']])
    isPictureProcessorBroken = false
    for (const alarm of ['a-1', 'a-2', 'a-3']) unit.shootBefore(want(alarm))
    await settled()
    expect(developed - before).toBe(2)
    expect(pictures.flat()).toEqual(['a-1 at-once', 'a-2 at-once', 'a-3 at-once'])
    await unit.stop()
  })
})

it('of a camera that is only known to be there, pictures tell more, and no look takes that back', async () => {
  checked = 'reachable'
  unit.start()
  await pass(300_000)
  expect(states.filter((state) => state === 'reachable').length).toBeLessThanOrEqual(1)
  expect(unit.condition.state).toBe('up-without-auth')
  await unit.stop()
})
