// Hours of a quiet camera in virtual time: is every event received, and is no subscription left behind?
import { expect, it } from 'vitest'
import { notification } from '../../../../firmware-sim/camera/onvif-answers.ts'
import { Subscriptions, subscriptionHabits } from '../../../../firmware-sim/camera/habits/subscriptions.ts'
import { CameraProblem } from '../../../../gateway/cameras/talk/camera-problem.ts'
import { CameraEvents, type EventSource } from '../../../../gateway/cameras/talk/onvif/camera-events.ts'
import { parseSoapXml } from '../../../../gateway/cameras/talk/onvif/soap-xml.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'

const hourMs = 3_600_000
const eventEveryMs = 11 * 60_000 + 7000
const place = { address: { host: 'camera', port: 80, isTls: false }, path: '/', to: undefined }

/** The camera's subscriptions as seen on the network. */
function sourceOf(camera: Subscriptions, ids: Map<object, number>): EventSource {
  const idOf = (subscription: object): number => ids.get(subscription) ?? 0
  return {
    subscribe: async () => {
      const opened = camera.open()
      if (!opened) throw new CameraProblem('onvif-fault', { detail: 'too many subscriptions' })
      const subscription = { place, lifeMs: opened.lifeMs }
      ids.set(subscription, opened.id)
      return subscription
    },
    pull: async (subscription, waitMs) => {
      const pulled = await camera.pull(idOf(subscription), waitMs)
      if (pulled === 'closed') throw new CameraProblem('reset')
      if (pulled === 'unknown') throw new CameraProblem('onvif-fault')
      const messages = pulled.events.map((xml) => parseSoapXml(xml)).filter((one) => one !== undefined)
      return { messages, lifeMs: pulled.leftMs }
    },
    renew: async (subscription) => {
      const done = camera.renew(idOf(subscription))
      if (done !== 'done') throw new CameraProblem(done === 'closed' ? 'reset' : 'onvif-fault')
    },
    unsubscribe: async (subscription) => camera.end(idOf(subscription)),
  }
}

it.each(subscriptionHabits)('eight hours of a camera that $name', async (habit) => {
  const clock = new VirtualClock()
  const camera = new Subscriptions(habit, clock)
  const source = sourceOf(camera, new Map())
  const heard: unknown[] = []
  const lost: string[] = []
  const events = new CameraEvents({
    camera: 'cam-1',
    openSession: () => source,
    clock,
    random: createSeededRandom(7),
    tell: (told) => {
      if (told.is === 'event') heard.push(told.event.readings)
      if (told.is === 'lost') lost.push(told.code)
    },
  })
  events.start()
  const expected: unknown[] = []
  for (let atMs = 0; atMs < 8 * hourMs; atMs += 500) {
    if (atMs % eventEveryMs === 0 && atMs > 0) {
      const isOn = expected.length % 2 === 0
      expected.push({ motion: isOn })
      camera.happen(notification('RuleEngine/CellMotionDetector/Motion', 'IsMotion', isOn, atMs))
    }
    clock.advance(500)
    for (let i = 0; i < 12; i++) await Promise.resolve()
  }
  expect(expected.length).toBeGreaterThan(40)
  expect(heard).toEqual(expected)
  expect(lost).toEqual([])
  expect(camera.most).toBeLessThanOrEqual(Math.min(habit.most, 2))
  const stopped = events.stop()
  for (let i = 0; i < 100; i++) {
    clock.advance(1000)
    await Promise.resolve()
  }
  await stopped
  expect(camera.live).toBe(0)
})
