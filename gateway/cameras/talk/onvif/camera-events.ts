// Keeps one pull-point subscription to a camera alive and turns its notifications into device events.
import type { DeviceEvent } from '../../../../protocols/domain/event.ts'
import type { Clock } from '../../../../protocols/kit/clock.ts'
import type { Random } from '../../../../protocols/kit/random.ts'
import type { CameraSettings } from '../../../config/camera-settings.ts'
import { toProblem, type ProblemCode } from '../camera-problem.ts'
import { pause } from '../../../../platform/time/pause.ts'
import { readingsOf } from './event-readings.ts'
import type { PullPoint, Subscription } from './pull-point.ts'
import { xmlOf, type XmlElement } from './soap-xml.ts'

const askMsMax = 8_000
const leaveMsMax = 2_000
const retryMsMin = 5_000
const retryMsMax = 300_000
/** How long a pull waits at the camera. */
const pullMsMax = 60_000
/**
 * A pull that ends without an answer is repeated; if it ends sooner than this, this many times in a row, the
 * subscription is lost.
 */
const quickMs = 2_000
const quickMax = 3
/** Renewals that may fail in a row; a camera without Renew refuses the first one. */
const renewFailuresMax = 3
/** A subscription without an announced lifetime is renewed this often. */
const renewMs = 50_000
/**
 * How long before its end a subscription that can not be renewed is replaced by a new one, at most a quarter of its
 * lifetime.
 */
const followMsMax = 10_000
/** Most events processed per pull: a camera that sends more repeats itself. */
const eventsMax = 50
/**
 * A camera that answers every pull at once would keep the box busy: pause between two pulls, longer after an empty
 * answer.
 */
const restMs = 250
const emptyRestMs = 1000
/** Events of one camera that are judged and stored: this many at once, and then this many per minute. */
const burstMax = 60
const perMinuteMax = 60

/** True when the box subscribes. */
export const hasEvents = ({ events, onvif }: CameraSettings): boolean => events && onvif

export type CameraEventReport =
  | { is: 'subscribed' }
  /** Called once for each reason until the subscription works again. */
  | { is: 'lost'; code: ProblemCode }
  | { is: 'event'; event: DeviceEvent }
  /** Beyond the limit, and so not handed on. */
  | { is: 'dropped'; isFirst: boolean }

export type EventSource = Pick<PullPoint, 'subscribe' | 'pull' | 'renew' | 'unsubscribe'>

export interface CameraEventsOptions {
  camera: string
  openSession: () => EventSource
  clock: Clock
  random: Random
  tell: (report: CameraEventReport) => void
}

/** A standing subscription, outside the camera's one attempt at a time: it waits nearly all of its time. */
export class CameraEvents {
  readonly #options: CameraEventsOptions
  #abort: AbortController | undefined
  #ended: Promise<void> = Promise.resolve()
  #count = 0
  #allowance = { left: burstMax, atMs: Number.NEGATIVE_INFINITY }
  #isDropping = false
  readonly #seen = new Set<string>()

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
      let openedMs = Number.POSITIVE_INFINITY
      try {
        const source = this.#options.openSession()
        const subscription = await source.subscribe(signal, askMsMax)
        tell({ is: 'subscribed' })
        lastCode = ''
        openedMs = clock.monotonicMs()
        await this.#follow(source, subscription, signal, () => {
          retryMs = retryMsMin
        })
      } catch (error) {
        if (signal.aborted) return
        const { code } = toProblem(error, 'onvif-fault')
        if (code !== lastCode) tell({ is: 'lost', code })
        lastCode = code
      }
      // A subscription that worked for a while is opened again at once: events in between are lost.
      const hasWorked = clock.monotonicMs() - openedMs >= retryMsMin
      await pause(clock, hasWorked ? restMs : retryMs * (0.5 + random.next() / 2), signal)
      if (!hasWorked) retryMs = Math.min(retryMsMax, retryMs * 2)
    }
  }

  /** Pulls until the subscription is lost; in every case it is ended at the camera. */
  async #follow(
    source: EventSource,
    first: Subscription,
    signal: AbortSignal,
    onAnswer: () => void,
  ): Promise<void> {
    const { clock } = this.#options
    let held = this.#hold(first)
    let quickEnds = 0
    try {
      while (!signal.aborted) {
        if (!held.canRenew && this.#leftMs(held) <= marginMs(held))
          held = await this.#replace(source, held, signal)
        const startedMs = clock.monotonicMs()
        const messages = await this.#pull(source, held, signal).catch((error: unknown) => {
          const { code } = toProblem(error, 'not-onvif')
          // Many cameras close a pull without events, or answer it with nothing: the subscription continues.
          const isSilent = code === 'reset' || code === 'not-onvif' || code === 'bad-http'
          quickEnds = clock.monotonicMs() - startedMs < quickMs ? quickEnds + 1 : 0
          if (signal.aborted || !isSilent || quickEnds >= quickMax) throw error
          return undefined
        })
        if (messages) {
          quickEnds = 0
          onAnswer()
          this.#handAll(messages)
        }
        await this.#renew(source, held, signal)
        await pause(clock, messages && messages.length > 0 ? restMs : emptyRestMs, signal)
      }
    } finally {
      await this.#leave(source, held, signal)
    }
  }

  #hold(subscription: Subscription): Held {
    const nowMs = this.#options.clock.monotonicMs()
    const { lifeMs } = subscription
    return {
      subscription,
      lifeMs,
      endsAtMs: lifeMs === undefined ? undefined : nowMs + lifeMs,
      // At once after the first pull: whether it can be renewed decides how it is replaced.
      renewedMs: Number.NEGATIVE_INFINITY,
      canRenew: true,
      renewFailures: 0,
    }
  }

  #leftMs({ endsAtMs }: Held): number {
    return endsAtMs === undefined ? Number.POSITIVE_INFINITY : endsAtMs - this.#options.clock.monotonicMs()
  }

  async #pull(source: EventSource, held: Held, signal: AbortSignal): Promise<XmlElement[]> {
    const waitMs = Math.max(1000, Math.min(pullMsMax, this.#leftMs(held) - marginMs(held)))
    const { messages, lifeMs } = await source.pull(held.subscription, waitMs, signal)
    // With most cameras a pull extends the life of its subscription, and the answer shows it.
    held.lifeMs ??= lifeMs
    if (lifeMs !== undefined) held.endsAtMs = this.#options.clock.monotonicMs() + lifeMs
    return messages
  }

  /**
   * Some makes let a subscription expire in spite of pulls unless it is renewed. A failed renewal is no reason to
   * subscribe again.
   */
  async #renew(source: EventSource, held: Held, signal: AbortSignal): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs()
    const everyMs = held.lifeMs === undefined ? renewMs : Math.min(renewMs, held.lifeMs / 2)
    if (!held.canRenew || signal.aborted || nowMs - held.renewedMs < everyMs) return
    held.renewedMs = nowMs
    try {
      await source.renew(held.subscription, signal, askMsMax)
      held.renewFailures = 0
      if (held.lifeMs !== undefined) held.endsAtMs = this.#options.clock.monotonicMs() + held.lifeMs
    } catch (error) {
      const isUnknown = toProblem(error, 'not-onvif').code === 'onvif-fault'
      held.canRenew = !isUnknown && ++held.renewFailures < renewFailuresMax
    }
  }

  /**
   * Opens the next subscription before this one ends, so that no event falls between the two, then pulls the last
   * events of the old one. A camera with room for one subscription gives it only after the old one has ended.
   */
  async #replace(source: EventSource, old: Held, signal: AbortSignal): Promise<Held> {
    try {
      const next = await source.subscribe(signal, askMsMax)
      const last = await source.pull(old.subscription, 1000, signal).catch(() => undefined)
      this.#handAll(last?.messages ?? [])
      for (const message of last?.messages ?? []) this.#seen.add(xmlOf(message))
      await this.#leave(source, old, signal)
      return this.#hold(next)
    } catch (error) {
      if (signal.aborted || toProblem(error, 'not-onvif').code !== 'onvif-fault') throw error
      await this.#leave(source, old, signal)
      return this.#hold(await source.subscribe(signal, askMsMax))
    }
  }

  /** At the end of the program: the subscription expires if the camera does not get this. */
  async #leave(source: EventSource, { subscription }: Held, signal: AbortSignal): Promise<void> {
    const stop = signal.aborted ? AbortSignal.timeout(500) : signal
    await source.unsubscribe(subscription, stop, signal.aborted ? 500 : leaveMsMax).catch(() => undefined)
  }

  #handAll(messages: readonly XmlElement[]): void {
    const taken = messages.slice(0, eventsMax)
    // Events in the last pull of the old subscription are in the first pull of the next, too.
    for (const message of taken) if (!this.#seen.delete(xmlOf(message))) this.#hand(message)
    if (taken.length > 0) this.#seen.clear()
  }

  #hand(notification: XmlElement): void {
    const readings = readingsOf(notification)
    if (!readings) return
    const { camera, random, tell } = this.#options
    const wasDropping = this.#isDropping
    this.#isDropping = !this.#isAllowed()
    if (this.#isDropping) return tell({ is: 'dropped', isFirst: !wasDropping })
    // Unique across restarts without a counter on disk: the wall clock may step, a random value does not repeat.
    const messageId = `onvif-${++this.#count}-${random.hex(8)}`
    tell({ is: 'event', event: { device: camera, messageId, readings } })
  }

  /** A camera that sends without end (a branch in the wind, faulty firmware) must not fill the journal. */
  #isAllowed(): boolean {
    const nowMs = this.#options.clock.monotonicMs()
    const { left, atMs } = this.#allowance
    const refilled = Math.min(burstMax, left + ((nowMs - atMs) * perMinuteMax) / 60_000)
    const isAllowed = refilled >= 1
    this.#allowance = { left: isAllowed ? refilled - 1 : refilled, atMs: nowMs }
    return isAllowed
  }
}

interface Held {
  subscription: Subscription
  lifeMs: number | undefined
  /** Undefined if the camera does not report it. */
  endsAtMs: number | undefined
  renewedMs: number
  canRenew: boolean
  renewFailures: number
}

const marginMs = ({ lifeMs }: Held): number => Math.min(followMsMax, (lifeMs ?? 0) / 4)
