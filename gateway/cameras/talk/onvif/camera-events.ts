// Keeps one pull-point subscription to a camera alive and turns what it tells into device events.
import type { DeviceEvent } from '../../../../protocols/domain/event.ts'
import type { Clock } from '../../../../protocols/kit/clock.ts'
import type { Random } from '../../../../protocols/kit/random.ts'
import type { CameraSettings } from '../../../config/camera-settings.ts'
import { toProblem, type ProblemCode } from '../camera-problem.ts'
import { readingsOf } from './event-readings.ts'
import type { OnvifSession } from './onvif-session.ts'

/** The camera may keep a pull for a minute; a little more is silence, and cameras do fall silent. */
const pullMsMax = 75_000
const askMsMax = 8_000
const retryMsMin = 5_000
const retryMsMax = 300_000
/** Most events taken of one pull: a camera that sends more repeats itself. */
const eventsMax = 50
/** A camera that answers every pull at once would keep us busy: this long between two, longer when there was nothing. */
const restMs = 250
const emptyRestMs = 1000
/** Events of one camera that go on to be judged and kept: so many at once, and then so many a minute. */
const burstMax = 60
const perMinuteMax = 60

/** Whether to subscribe at all. */
export const hasEvents = ({ events, onvif }: CameraSettings): boolean => events && onvif

export type EventsTold =
  | { is: 'subscribed' }
  /** Told once for each reason until it is subscribed again. */
  | { is: 'lost'; code: ProblemCode }
  | { is: 'event'; event: DeviceEvent }
  /** Beyond the bound, and so not handed on. */
  | { is: 'dropped'; isFirst: boolean }

export interface CameraEventsOptions {
  camera: string
  openSession: () => OnvifSession
  clock: Clock
  random: Random
  tell: (told: EventsTold) => void
}

/** A standing subscription beside the camera's line of attempts: it waits nearly all of its time. */
export class CameraEvents {
  readonly #options: CameraEventsOptions
  #abort: AbortController | undefined
  #ended: Promise<void> = Promise.resolve()
  #count = 0
  #allowance = { left: burstMax, atMs: Number.NEGATIVE_INFINITY }
  #isDropping = false

  constructor(options: CameraEventsOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#abort) return
    this.#abort = new AbortController()
    this.#ended = this.#run(this.#abort.signal)
  }

  async stop(): Promise<void> {
    this.#abort?.abort()
    await this.#ended
    this.#abort = undefined
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random, tell } = this.#options
    let retryMs = retryMsMin
    let lastCode = ''
    while (!signal.aborted) {
      try {
        const session = this.#options.openSession()
        await session.subscribe(signal, askMsMax)
        tell({ is: 'subscribed' })
        lastCode = ''
        await this.#pullOn(session, signal, () => {
          retryMs = retryMsMin
        })
      } catch (error) {
        if (signal.aborted) return
        const { code } = toProblem(error, 'onvif-fault')
        if (code !== lastCode) tell({ is: 'lost', code })
        lastCode = code
      }
      await pause(clock, retryMs * (0.5 + random.next() / 2), signal)
      retryMs = Math.min(retryMsMax, retryMs * 2)
    }
  }

  async #pullOn(session: OnvifSession, signal: AbortSignal, onAnswer: () => void): Promise<void> {
    let canRenew = true
    try {
      while (!signal.aborted) {
        const notifications = await session.pull(signal, pullMsMax)
        onAnswer()
        for (const notification of notifications.slice(0, eventsMax)) this.#hand(notification)
        if (canRenew) canRenew = await session.renew(signal, askMsMax)
        await pause(this.#options.clock, notifications.length === 0 ? emptyRestMs : restMs, signal)
      }
    } finally {
      if (signal.aborted) {
        // On the way out: the subscription ends by itself if the camera does not hear this.
        await session.unsubscribe(AbortSignal.timeout(500), 500).catch(() => {})
      }
    }
  }

  #hand(notification: unknown): void {
    const readings = readingsOf(notification)
    if (!readings) return
    const { camera, random, tell } = this.#options
    const wasDropping = this.#isDropping
    this.#isDropping = !this.#isAllowed()
    if (this.#isDropping) return tell({ is: 'dropped', isFirst: !wasDropping })
    // Unique over restarts without a counter on disk: the wall clock may step, chance does not repeat.
    const messageId = `onvif-${++this.#count}-${random.hex(8)}`
    tell({ is: 'event', event: { device: camera, messageId, readings } })
  }

  /** A camera gone wild (a branch in the wind, a firmware gone mad) must not fill the journal. */
  #isAllowed(): boolean {
    const nowMs = this.#options.clock.monotonicMs()
    const { left, atMs } = this.#allowance
    const refilled = Math.min(burstMax, left + ((nowMs - atMs) * perMinuteMax) / 60_000)
    const isAllowed = refilled >= 1
    this.#allowance = { left: isAllowed ? refilled - 1 : refilled, atMs: nowMs }
    return isAllowed
  }
}

/** Waits, or stops waiting when asked to stop. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    signal.addEventListener('abort', end, { once: true })
  })
}
