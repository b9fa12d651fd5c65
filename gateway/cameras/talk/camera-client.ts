// One camera and the ways to a picture of it: the snapshot address, else the video stream, detected once and
// remembered.
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { CameraSettings } from '../../config/camera-settings.ts'
import { askCamera, type CameraAddress, type CertificatePin } from './http/camera-http.ts'
import { CameraProblem, toProblem } from './camera-problem.ts'
import type { Finished } from '../pictures/picture-processor.ts'
import type { Ffmpeg } from './stream/ffmpeg-run.ts'
import { FirstJpeg } from '../../../platform/jpeg/first-jpeg.ts'
import { pictureKindOf } from './picture-kind.ts'
import { CameraAuth, createSignInMemory, type SignInMemory } from './http/http-auth.ts'
import type { OnvifOptions } from './onvif/onvif-caller.ts'
import { OnvifSession, type CameraFacts } from './onvif/onvif-session.ts'
import { PullPoint } from './onvif/pull-point.ts'
import type { Polygon } from '../pictures/picture-work.ts'
import type { CameraState } from '../port.ts'
import { grabFrame, streamMsMax } from './stream/rtsp-frame.ts'
import { askRtspOptions } from './stream/rtsp-relay.ts'
import type { Slots, Urgency } from '../process/slots.ts'

/**
 * Largest snapshot; longest time without a byte of it; and longest time in all, which 4 MB over a poor radio link need.
 */
export const pictureBytesMax = 4 * 1024 * 1024
export const snapshotMsMax = 5_000
const wholeSnapshotMsMax = 15_000
export const probeMsMax = 8_000
/** How long a snapshot page that refuses the account is not asked again, as after a wrong password. */
const pageRefusedMs = 300_000

/** The way by which a picture was taken. */
export interface Fetched {
  source: PictureSource
  answerMs: number
}

export interface RawPicture extends Fetched {
  bytes: Uint8Array
}

export interface TakenPicture {
  raw: Fetched
  finished: Finished
}

export interface CameraClientOptions {
  settings: CameraSettings
  credentials: { user: string; password: string } | undefined
  pin: CertificatePin
  /** Facts about the camera's sign-in; without them, they are detected again. */
  signIns?: SignInMemory
  clock: Clock
  random: Random
  ffmpeg: Ffmpeg
  streamSlots: Slots
}

export type PictureSource = 'http' | 'rtsp'

/** A camera, as the code that takes its pictures sees it. */
export interface CameraAccess {
  readonly settings: CameraSettings
  readonly facts: CameraFacts | undefined
  /** Detects the camera's services and its ways to a picture; drops earlier results. */
  probe(signal: AbortSignal): Promise<CameraFacts | undefined>
  /** Checks the camera without taking a picture: its clock, and whether it accepts our credentials. */
  check(signal: AbortSignal): Promise<{ state: CameraState; clockSkewMs: number | undefined }>
  /** The ways to a picture, best first; probes if none is known yet. */
  sources(signal: AbortSignal): Promise<PictureSource[]>
  fetch(source: PictureSource, signal: AbortSignal): Promise<RawPicture>
  /** Fetches and processes, in the order of urgency. */
  take(
    source: PictureSource,
    masks: readonly Polygon[],
    signal: AbortSignal,
    urgency: Urgency,
  ): Promise<TakenPicture>
  /** Checks, masks and reduces a fetched picture; if it fails, nothing of the picture may be stored. */
  process(
    bytes: Uint8Array,
    masks: readonly Polygon[],
    signal: AbortSignal,
    urgency: Urgency,
  ): Promise<Finished>
  /** The next picture probes first: addresses may have changed. */
  forgetFacts(): void
}

export class CameraClient implements Omit<CameraAccess, 'take' | 'process'> {
  readonly settings: CameraSettings
  readonly #options: CameraClientOptions
  readonly #memory: SignInMemory
  readonly #auth: CameraAuth
  /** For pages, separate from ONVIF: some snapshot addresses contain a sign-in and refuse a second one. */
  readonly #pageAuth: CameraAuth
  readonly #streamAuth: CameraAuth
  #pageRefusedMs = Number.NEGATIVE_INFINITY
  readonly #session: OnvifSession | undefined
  #facts: CameraFacts | undefined

  constructor(options: CameraClientOptions) {
    this.settings = options.settings
    this.#options = options
    this.#memory = options.signIns ?? createSignInMemory()
    this.#auth = this.#createAuth()
    this.#pageAuth = this.#createAuth()
    this.#streamAuth = this.#createAuth()
    this.#session = options.settings.onvif ? this.#createSession(this.#auth) : undefined
  }

  /** Address of its web server. */
  get address(): CameraAddress {
    const { host, port, tls } = this.settings
    return { host, port: port ?? (tls ? 443 : 80), isTls: tls }
  }

  get facts(): CameraFacts | undefined {
    return this.#facts
  }

  async probe(signal: AbortSignal): Promise<CameraFacts | undefined> {
    if (!this.#session) return undefined
    this.#facts = undefined
    this.#facts = await this.#session.probe(signal, probeMsMax)
    return this.#facts
  }

  async check(signal: AbortSignal): Promise<{ state: CameraState; clockSkewMs: number | undefined }> {
    const hasOwnWay = this.settings.snapshotPath !== undefined || this.settings.streamPath !== undefined
    if (this.#session) {
      try {
        const { clockSkewMs, isKnown } = await this.#session.check(signal, snapshotMsMax)
        // Without that, it is unknown whether it accepts our credentials.
        if (!isKnown) return { state: 'reachable', clockSkewMs }
        return { state: this.#auth.hasCredentials ? 'up-with-auth' : 'up-without-auth', clockSkewMs }
      } catch (error) {
        // Pictures do not need ONVIF if their way is configured.
        if (!hasOwnWay || signal.aborted) throw error
      }
    }
    await this.#checkOwnWay(signal)
    return { state: 'reachable', clockSkewMs: undefined }
  }

  async sources(signal: AbortSignal): Promise<PictureSource[]> {
    const { snapshotPath, streamPath } = this.settings
    if (this.#session && !this.#facts && snapshotPath === undefined && streamPath === undefined) {
      await this.probe(signal)
    }
    const sources: PictureSource[] = []
    if (snapshotPath !== undefined || this.#facts?.snapshot) sources.push('http')
    if (streamPath !== undefined || this.#facts?.stream) sources.push('rtsp')
    if (sources.length === 0) throw new CameraProblem('no-picture-source')
    // A page that refused the account is not asked again soon: that could lock the account.
    const isPageRefused = this.#options.clock.monotonicMs() - this.#pageRefusedMs < pageRefusedMs
    return isPageRefused && sources.length > 1 ? ['rtsp'] : sources
  }

  async fetch(source: PictureSource, signal: AbortSignal, urgency: Urgency = 'routine'): Promise<RawPicture> {
    if (source === 'rtsp') return this.#fetchFrame(signal, urgency)
    try {
      return await this.#fetchSnapshot(signal)
    } catch (error) {
      const problem = toProblem(error, 'bad-http')
      // ONVIF has shown that the password is right: only the page refuses it, and the stream may accept it.
      if (!problem.isSignIn || !this.#facts?.isSignedIn) throw problem
      this.#pageRefusedMs = this.#options.clock.monotonicMs()
      throw new CameraProblem('snapshot-refused', { detail: problem.detail, cause: problem })
    }
  }

  forgetFacts(): void {
    this.#facts = undefined
  }

  /** A connection of its own: a pull of the subscription waits up to a minute. */
  openEvents(): PullPoint {
    return new PullPoint(this.#onvifOptions(this.#createAuth()))
  }

  #onvifOptions(auth: CameraAuth): OnvifOptions {
    const { pin, clock, random } = this.#options
    return { address: this.address, path: this.settings.onvifPath, auth, pin, clock, random }
  }

  #createAuth(): CameraAuth {
    const { settings, credentials, random } = this.#options
    const { user, password } = credentials ?? {}
    return new CameraAuth({ user, password, mode: settings.auth, random, memory: this.#memory })
  }

  #createSession(auth: CameraAuth): OnvifSession {
    return new OnvifSession(this.#onvifOptions(auth))
  }

  async #fetchSnapshot(signal: AbortSignal): Promise<RawPicture> {
    const { settings } = this
    const known = this.#facts?.snapshot
    const first = new FirstJpeg()
    const answer = await askCamera({
      address: settings.snapshotPath === undefined && known ? known.address : this.address,
      method: 'GET',
      path: settings.snapshotPath ?? known?.path ?? '/',
      auth: this.#pageAuth,
      pin: this.#options.pin,
      clock: this.#options.clock,
      deadlineMs: snapshotMsMax,
      wholeMsMax: wholeSnapshotMsMax,
      bodyBytesMax: pictureBytesMax,
      // Motion JPEG never ends, and some servers never close.
      isEnough: ({ body }) => first.end(body) !== undefined,
      // If Content-Length is shorter than the picture, the rest of the picture is read all the same.
      isBeginning: ({ body }) => first.end(body) === undefined && first.start >= 0,
      signal,
    })
    const bytes = pictureIn(answer.body, answer.contentType)
    if (!bytes) {
      if (answer.status === 404) throw new CameraProblem('not-found')
      if (answer.status === 403) throw new CameraProblem('wrong-password', { detail: 'HTTP 403' })
      if (answer.status === 503) throw new CameraProblem('camera-busy', { detail: 'HTTP 503' })
      if (answer.status >= 400) throw new CameraProblem('http-error', { detail: `HTTP ${answer.status}` })
      const other = pictureKindOf(answer.body)
      if (other !== undefined) throw new CameraProblem('picture-kind', { detail: other })
      throw new CameraProblem('not-a-picture', { detail: kindOf(answer.body, answer.contentType) })
    }
    return { bytes, source: 'http', answerMs: answer.answerMs }
  }

  async #fetchFrame(signal: AbortSignal, urgency: Urgency): Promise<RawPicture> {
    const { settings } = this
    const known = this.#facts?.stream
    const { clock, ffmpeg, streamSlots } = this.#options
    const grab = async (): Promise<RawPicture> => {
      const startedMs = clock.monotonicMs()
      const bytes = await grabFrame(
        ffmpeg,
        {
          host: settings.host,
          port: settings.rtspPort ?? known?.port ?? 554,
          path: settings.streamPath ?? known?.path ?? '/',
          auth: this.#streamAuth,
          random: this.#options.random,
        },
        { clock, deadlineMs: streamMsMax, signal },
      )
      return { bytes, source: 'rtsp', answerMs: clock.monotonicMs() - startedMs }
    }
    return streamSlots.use(signal, grab, urgency)
  }

  /** By the configured way: a camera with a stream only needs no web server. */
  async #checkOwnWay(signal: AbortSignal): Promise<void> {
    const { settings } = this
    const { pin, clock } = this.#options
    if (settings.snapshotPath === undefined && settings.streamPath !== undefined) {
      const { host, rtspPort = 554 } = settings
      return askRtspOptions({ host, port: rtspPort, clock, deadlineMs: snapshotMsMax, signal })
    }
    try {
      await askCamera({
        address: this.address,
        method: 'GET',
        path: '/',
        auth: this.#pageAuth,
        pin,
        clock,
        deadlineMs: snapshotMsMax,
        bodyBytesMax: pictureBytesMax,
        signal,
      })
    } catch (error) {
      const problem = toProblem(error, 'no-answer')
      // It answered: the content of its front page does not matter.
      if (!problem.isSignIn && !['too-large', 'foreign-host'].includes(problem.code)) throw problem
    }
  }
}

/** Bytes that some firmware sends before a picture; if the picture starts later, it is a page that contains one. */
const leadBytesMax = 4096

/** The first JPEG inside a body: headers are ignored, bytes around it (multipart, padding) are cut off. */
function pictureIn(body: Buffer, contentType: string): Uint8Array | undefined {
  const found = new FirstJpeg()
  const end = found.end(body)
  const isPage = /^\s*</.test(body.subarray(0, 64).toString('latin1'))
  const isParts = /^multipart\//i.test(contentType)
  if (found.start < 0 || (!isParts && (isPage || found.start > leadBytesMax))) return undefined
  return body.subarray(found.start, end)
}

function kindOf(body: Buffer, contentType: string): string {
  if (body.length === 0) return 'empty'
  if (/<html|<!doctype/i.test(body.subarray(0, 512).toString('latin1'))) return 'HTML'
  const named = /^[\w.+-]+\/[\w.+-]+/.exec(contentType)?.[0]
  return named === undefined ? `${body.length} bytes` : `${named}, ${body.length} bytes`
}
