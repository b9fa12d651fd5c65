// Do all cameras together start without any, answer for one that there is not, and stop once, whatever came before?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCameras } from '../../../../gateway/cameras/cameras.ts'
import type { CameraFact, Cameras } from '../../../../gateway/cameras/port.ts'
import { camerasSettingsSchema, pictureSettingsSchema } from '../../../../gateway/config/camera-settings.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'
import { redAlarm } from '../../../kits/system/camera-bench.ts'

let folder: string
let facts: CameraFact[]
let cameras: Cameras
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-cameras-'))
  facts = []
  cameras = createCameras({
    cameras: camerasSettingsSchema.parse([]),
    pictures: pictureSettingsSchema.parse({}),
    dataDir: folder,
    clock: createSystemClock(),
    random: createSeededRandom(7),
    log: pino({ level: 'silent' }),
    registry: new Registry(),
    now: () => ({ boot: 1, sinceBootMs: 1, atMs: 1, clock: 'synced' }),
    outlets: {
      onSnapshot: () => expect.unreachable(),
      onFact: (fact) => void facts.push(fact),
      onBoxFact: () => expect.unreachable(),
      onEvent: () => expect.unreachable(),
    },
  })
})
afterEach(async () => {
  await cameras.stop()
  rmSync(folder, { recursive: true, force: true })
})

it('answers for a camera that there is not, at once and in words', async () => {
  await cameras.start()
  expect(await cameras.take('cam-9', 'li')).toMatchObject({ ok: false, reason: { code: 'unknown-camera' } })
  expect(await cameras.look({ snapshot: 's-9', size: 'full', by: 'li' } as never)).toBeUndefined()
  expect(await cameras.erase('s-9', 'li')).toBe(false)
  expect(await cameras.verify('0'.repeat(64))).toBe(false)
})

it('takes alarms, stages and urgent entries without any camera, and has nothing to show', async () => {
  await cameras.start()
  cameras.onAlarm('raised', redAlarm('a-1', 'bridge'))
  cameras.onStage('a-1', 'accepted')
  cameras.onStage('a-1', 'closed')
  cameras.pauseForAlarm()
  cameras.markReached('0'.repeat(64))
  expect([cameras.health(), cameras.snapshots(), cameras.unreached(), facts]).toEqual([[], [], [], []])
})

it('stops before and after it was started, each as often as it is asked to', async () => {
  await cameras.stop()
  await cameras.start()
  await cameras.start()
  await cameras.stop()
  await cameras.stop()
  expect(facts).toEqual([])
})
