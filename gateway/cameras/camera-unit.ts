// One camera at work: pictures on request, a ring buffer, health checks; one attempt at a time, each failure with its
// reason.
import type { Logger } from 'pino'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { BoxTime } from '../../protocols/domain/event.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { AttemptLine } from './attempt-line.ts'
import { CameraCondition, type Condition } from './camera-condition.ts'
import type { CameraAccess, Fetched, PictureSource, TakenPicture } from './talk/camera-client.ts'
import { CameraProblem, toProblem } from './talk/camera-problem.ts'
import type { Finished } from './pictures/picture-processor.ts'
import { PictureRing, type RingPicture } from './pictures/picture-ring.ts'
import type { Polygon } from './pictures/picture-work.ts'
import type { Moment, PictureState, Taken } from './port.ts'
import type { Urgency } from './process/slots.ts'

/** Most alarms and requests that share one picture. */
export const wantedMax = 32
/**
 * Alarms of one second share a picture: a storm of alarms must not take one picture each. A person's request does not
 * wait.
 */
const sharedMs = 1000
/**
 * A camera without a ring is checked for health by a picture this often; with a ring, light and freezing are evaluated
 * this often.
 */
const healthPictureMs = 600_000
const lightMs = 60_000
/** After a wrong password the camera is not asked for this long: many cameras lock an account after a few attempts. */
const lockedMs = 300_000
const lockedRetryMs = 30_000

/** Why a picture is wanted; one picture may serve several requests. */
export interface Wanted {
  moment: Moment
  alarm?: string | undefined
  colour?: Colour | undefined
  askedBy?: string | undefined
  command?: string | undefined
  wantedAtMs: number
  done?: (taken: Taken) => void
}

export interface ProcessedPicture {
  raw: Fetched
  finished: Finished
  picture: PictureState
  fetchedAt: BoxTime
}

export interface CameraUnitOptions {
  client: CameraAccess
  clock: Clock
  random: Random
  log: Logger
  now: () => BoxTime
  /** Stores the picture for all its requests; rejects with a CameraProblem. */
  onPicture: (unit: CameraUnit, wanted: readonly Wanted[], processed: ProcessedPicture) => Promise<void>
  onFailed: (unit: CameraUnit, wanted: readonly Wanted[], problem: CameraProblem) => void
  onCondition: (unit: CameraUnit, before: Condition, after: Condition) => void
}

export class CameraUnit {
  readonly client: CameraAccess
  readonly #options: CameraUnitOptions
  readonly #line = new AttemptLine()
  readonly #ring = new PictureRing()
  readonly #condition = new CameraCondition()
  readonly #cancels = new Map<string, () => void>()
  readonly #processed = new WeakMap<RingPicture, Promise<Finished>>()
  #waiting: Wanted[] | undefined
  /** Starts the picture that waits for the end of its second. */
  #startNow: (() => void) | undefined
  #lastPictureMs = Number.NEGATIVE_INFINITY
  #lastGood: PictureSource | undefined
  #lastPicturedMs = Number.NEGATIVE_INFINITY
  #locked: { problem: CameraProblem; atMs: number } | undefined
  #clockSkewMs: number | undefined
  /** The running attempt has no picture yet. There is at most one. */
  #isLooking = false
  #isRunning = false

  constructor(options: CameraUnitOptions) {
    this.#options = options
    this.client = options.client
  }

  get id(): string {
    return this.client.settings.id
  }

  get condition(): Condition {
    return this.#condition.current
  }

  get clockSkewMs(): number | undefined {
    return this.#clockSkewMs ?? this.client.facts?.clockSkewMs
  }

  /** 0 without a ring. */
  get ringMs(): number {
    const { ringSeconds, isPrivate } = this.client.settings
    return (ringSeconds ?? (isPrivate ? 0 : 10)) * 1000
  }

  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    const { healthSeconds, scheduleMinutes } = this.client.settings
    // Spread, so that eight cameras are not asked in the same second.
    const early = (): number => this.#options.random.next() * 2000
    this.#every('health', early(), healthSeconds * 1000, () => this.#look())
    if (this.ringMs > 0) this.#every('ring', early() + 1000, this.ringMs, () => this.#fillRing())
    if (scheduleMinutes > 0) {
      this.#every('schedule', scheduleMinutes * 60_000, scheduleMinutes * 60_000, async () => {
        this.shoot({ moment: 'schedule', wantedAtMs: this.#options.clock.monotonicMs() })
      })
    }
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    for (const cancel of this.#cancels.values()) cancel()
    this.#cancels.clear()
    const stopped = this.#line.stop()
    // Callers that wait for it get an answer.
    this.#startNow?.()
    await stopped
    this.#ring.clear()
  }

  /** Takes a picture as soon as the camera is free, at most one a second for alarms; returns at once. */
  shoot(wanted: Wanted): void {
    const { clock, onFailed } = this.#options
    if (this.#waiting && this.#waiting.length >= wantedMax)
      return onFailed(this, [wanted], new CameraProblem('busy', { detail: `${wantedMax}` }))
    if (this.#waiting) this.#waiting.push(wanted)
    else {
      this.#waiting = [wanted]
      this.#shootAfter(this.#lastPictureMs + sharedMs - clock.monotonicMs(), this.#waiting)
    }
    if (wanted.moment === 'on-demand') this.#startNow?.()
  }

  #shootAfter(restMs: number, everyone: Wanted[]): void {
    if (restMs <= 0) return void this.#shootFor(everyone)
    const start = (): void => {
      cancel()
      this.#startNow = undefined
      void this.#shootFor(everyone)
    }
    const cancel = this.#options.clock.after(restMs, start)
    this.#startNow = start
  }

  /** The picture directly before now, from the ring, if there is one. */
  shootBefore(wanted: Wanted): void {
    const before = this.#ring.newest(this.#options.now().sinceBootMs, this.ringMs * 2 + 5000)
    if (!before) return
    this.#processOnce(before)
      .then((finished) =>
        this.#options.onPicture(this, [wanted], {
          raw: before,
          finished,
          picture: this.condition.picture,
          fetchedAt: before.fetchedAt,
        }),
      )
      .catch((error: unknown) => this.#options.onFailed(this, [wanted], toProblem(error, 'work-failed')))
  }

  /** Once for all alarms to which it belongs. */
  #processOnce(before: RingPicture): Promise<Finished> {
    const known = this.#processed.get(before)
    if (known) return known
    const never = new AbortController().signal
    const processed = this.client.process(before.bytes, this.client.settings.masks, never, 'before')
    this.#processed.set(before, processed)
    processed.catch(() => this.#processed.delete(before))
    return processed
  }

  async #shootFor(everyone: Wanted[]): Promise<void> {
    try {
      const processed = await this.#line.runUrgent((signal) => {
        // From here on the picture is being taken: a later request needs the next one.
        if (this.#waiting === everyone) this.#waiting = undefined
        this.#lastPictureMs = this.#options.clock.monotonicMs()
        return this.#capture(signal, urgencyOf(everyone))
      })
      await this.#options.onPicture(this, everyone, processed)
    } catch (error) {
      if (this.#waiting === everyone) this.#waiting = undefined
      this.#options.onFailed(this, everyone, toProblem(error, 'work-failed'))
    }
  }

  async #capture(signal: AbortSignal, urgency: Urgency): Promise<ProcessedPicture> {
    const { clock, now } = this.#options
    if (this.#locked && clock.monotonicMs() - this.#locked.atMs < lockedRetryMs) throw this.#locked.problem
    return this.#judged(async () => {
      const taken = await this.#takeAny(this.client.settings.masks, signal, urgency)
      return { ...taken, picture: this.#pictured(taken.finished), fetchedAt: now() }
    })
  }

  async #takeAny(
    masks: readonly Polygon[],
    signal: AbortSignal,
    urgency: Urgency = 'routine',
  ): Promise<TakenPicture> {
    return this.#tryAll(signal, async (source) => {
      const taken = await this.client.take(source, masks, signal, urgency)
      return { ...taken, answerMs: taken.raw.answerMs }
    })
  }

  /** Tries the ways to a picture until one succeeds; the way that worked last comes first. */
  async #tryAll<T extends { answerMs: number }>(
    signal: AbortSignal,
    attempt: (source: PictureSource) => Promise<T>,
  ): Promise<T> {
    const found = await this.client.sources(signal)
    const sources = found.toSorted((a, b) => Number(b === this.#lastGood) - Number(a === this.#lastGood))
    let first: CameraProblem | undefined
    let last: CameraProblem | undefined
    for (const source of sources) {
      try {
        const result = await attempt(source)
        this.#lastGood = source
        const before = this.condition
        const state = this.client.settings.user === undefined ? 'up-without-auth' : 'up-with-auth'
        this.#options.onCondition(this, before, this.#condition.answered(state, result.answerMs))
        return result
      } catch (error) {
        const problem = toProblem(error, 'work-failed')
        first ??= problem
        last = problem
        if (!problem.isRetryable || signal.aborted) throw problem
      }
    }
    this.client.forgetFacts()
    if (!first) throw new CameraProblem('no-picture-source')
    if (!last || last.code === first.code) throw first
    // An installer needs both reasons: one of the ways may be unsupported.
    const { code, detail, facts } = first
    throw new CameraProblem(code, { detail, facts, cause: first, also: last })
  }

  #pictured(finished: Finished): PictureState {
    const { clock } = this.#options
    this.#lastPicturedMs = clock.monotonicMs()
    const before = this.condition
    const state = this.#condition.pictured(
      finished.source,
      finished.light,
      clock.monotonicMs(),
      clock.wallMs(),
    )
    this.#options.onCondition(this, before, this.condition)
    return state
  }

  /** Runs an attempt and records its failure in the camera's condition; an abort is no failure of the camera. */
  async #judged<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      const result = await attempt()
      this.#locked = undefined
      return result
    } catch (error) {
      const problem = toProblem(error, 'work-failed')
      if (!['busy', 'stopped', 'work-failed', 'disk-full'].includes(problem.code)) {
        const before = this.condition
        if (problem.isSignIn && problem.code !== 'no-password')
          this.#locked = { problem, atMs: this.#options.clock.monotonicMs() }
        this.#options.onCondition(
          this,
          before,
          this.#condition.failed(problem, this.#isLooking ? 'look' : 'picture'),
        )
      }
      throw problem
    } finally {
      this.#isLooking = false
    }
  }

  async #look(): Promise<void> {
    const { clock } = this.#options
    const { isPrivate, onvif } = this.client.settings
    if (this.#locked && clock.monotonicMs() - this.#locked.atMs < lockedMs) return
    await this.#line.runRoutine((signal) =>
      this.#judged(async () => {
        const before = this.condition
        this.#isLooking = true
        if (onvif && !this.client.facts) await this.#probe(signal)
        const { state, clockSkewMs } = await this.client.check(signal)
        this.#clockSkewMs = clockSkewMs
        this.#isLooking = false
        this.#options.onCondition(this, before, this.#condition.looked(state, isPrivate))
        if (isPrivate || this.ringMs > 0) return
        if (clock.monotonicMs() - this.#lastPicturedMs < healthPictureMs) return
        const { finished } = await this.#takeAny([], signal)
        this.#pictured(finished)
      }),
    )
  }

  /** Pictures need no probe if their way is configured. */
  async #probe(signal: AbortSignal): Promise<void> {
    const { snapshotPath, streamPath } = this.client.settings
    try {
      await this.client.probe(signal)
    } catch (error) {
      if (signal.aborted || (snapshotPath === undefined && streamPath === undefined)) throw error
    }
  }

  async #fillRing(): Promise<void> {
    const { clock, now } = this.#options
    if (this.#locked && clock.monotonicMs() - this.#locked.atMs < lockedMs) return
    await this.#line.runRoutine((signal) =>
      this.#judged(async () => {
        const isDue = clock.monotonicMs() - this.#lastPicturedMs >= lightMs
        if (!isDue) {
          const raw = await this.#tryAll(signal, (source) => this.client.fetch(source, signal))
          return this.#ring.add({ ...raw, fetchedAt: now() })
        }
        const { raw, finished } = await this.#takeAny([], signal)
        this.#ring.add({ ...raw, bytes: finished.full.bytes, fetchedAt: now() })
        this.#pictured(finished)
      }),
    )
  }

  #every(name: string, firstMs: number, intervalMs: number, run: () => Promise<void>): void {
    const { clock, log } = this.#options
    const tick = (): void => {
      this.#cancels.set(name, clock.after(intervalMs, tick))
      run().catch((error: unknown) => {
        // Failures of the camera are already recorded; any other failure is an error of the program.
        if (!(error instanceof CameraProblem))
          log.error({ err: error, camera: this.id }, 'camera routine failed')
      })
    }
    this.#cancels.set(name, clock.after(firstMs, tick))
  }
}

/** The most urgent colour among the requests of a picture. */
function urgencyOf(everyone: readonly Wanted[]): Urgency {
  const isNow = ({ moment }: Wanted): boolean => moment === 'at-once'
  if (everyone.some((one) => isNow(one) && one.colour === 'red')) return 'red'
  if (everyone.some(({ moment }) => moment === 'on-demand')) return 'person'
  if (everyone.some(isNow)) return 'orange'
  return everyone.some(({ moment }) => moment === 'schedule') ? 'routine' : 'later'
}
