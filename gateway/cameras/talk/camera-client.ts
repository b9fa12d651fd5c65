// One camera and the ways to a picture of it: the snapshot address, else the video stream, found out once and remembered.
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { CameraSettings } from '../../config/camera-settings.ts'
import { askCamera, type CameraAddress, type CertificatePin } from './http/camera-http.ts'
import { CameraProblem, toProblem } from './camera-problem.ts'
import type { Finished } from '../pictures/darkroom.ts'
import type { Ffmpeg } from './stream/ffmpeg-run.ts'
import { CameraAuth } from './http/http-auth.ts'
import { OnvifSession, type CameraFacts } from './onvif/onvif-session.ts'
import type { Polygon } from '../pictures/picture-work.ts'
import type { CameraState } from '../port.ts'
import { grabFrame } from './stream/rtsp-frame.ts'
import type { Slots } from '../process/slots.ts'

/** Largest snapshot, and the time for each way to one. */
export const pictureBytesMax = 4 * 1024 * 1024
export const snapshotMsMax = 5_000
export const streamMsMax = 8_000
export const probeMsMax = 8_000

/** How a picture was had. */
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
  clock: Clock
  random: Random
  ffmpeg: Ffmpeg
  streamSlots: Slots
}

export type PictureSource = 'http' | 'rtsp'

/** A camera as whoever takes its pictures sees it. */
export interface CameraAccess {
  readonly settings: CameraSettings
  readonly facts: CameraFacts | undefined
  /** Finds out what the camera is and where its pictures are; forgets what was known before. */
  probe(signal: AbortSignal): Promise<CameraFacts | undefined>
  /** Asks how the camera is without taking a picture: its clock, and whether it takes our credentials. */
  check(signal: AbortSignal): Promise<{ state: CameraState; clockSkewMs: number | undefined }>
  /** Ways to a picture, best first; probes where nothing is known yet. */
  sources(signal: AbortSignal): Promise<PictureSource[]>
  fetch(source: PictureSource, signal: AbortSignal): Promise<RawPicture>
  /** Fetches and develops. */
  take(source: PictureSource, masks: readonly Polygon[], signal: AbortSignal): Promise<TakenPicture>
  /** Checks, masks and reduces a picture that was fetched; when it fails nothing of it may be kept. */
  develop(bytes: Uint8Array, masks: readonly Polygon[], signal: AbortSignal): Promise<Finished>
  /** The next picture probes first: addresses may have changed with whatever went wrong. */
  forgetFacts(): void
}

export class CameraClient implements Omit<CameraAccess, 'take' | 'develop'> {
  readonly settings: CameraSettings
  readonly #options: CameraClientOptions
  readonly #auth: CameraAuth
  readonly #streamAuth: CameraAuth
  readonly #session: OnvifSession | undefined
  #facts: CameraFacts | undefined

  constructor(options: CameraClientOptions) {
    this.settings = options.settings
    this.#options = options
    this.#auth = this.#createAuth()
    this.#streamAuth = this.#createAuth()
    this.#session = options.settings.onvif ? this.#createSession(this.#auth) : undefined
  }

  /** Where its web server is. */
  get address(): CameraAddress {
    const { host, port, tls } = this.settings
    return { host, port: port ?? (tls ? 443 : 80), isTls: tls }
  }

  get facts(): CameraFacts | undefined {
    return this.#facts
  }

  get authScheme(): 'none' | 'basic' | 'digest' {
    return this.#auth.scheme
  }

  async probe(signal: AbortSignal): Promise<CameraFacts | undefined> {
    if (!this.#session) return undefined
    this.#facts = undefined
    this.#facts = await this.#session.probe(signal, probeMsMax)
    return this.#facts
  }

  async check(signal: AbortSignal): Promise<{ state: CameraState; clockSkewMs: number | undefined }> {
    if (!this.#session) {
      await this.#checkPlain(signal)
      return { state: 'reachable', clockSkewMs: undefined }
    }
    const { clockSkewMs, isKnown } = await this.#session.check(signal, snapshotMsMax)
    // Without that it was not seen whether it takes our credentials.
    if (!isKnown) return { state: 'reachable', clockSkewMs }
    return { state: this.#auth.hasCredentials ? 'up-with-auth' : 'up-without-auth', clockSkewMs }
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
    return sources
  }

  async fetch(source: PictureSource, signal: AbortSignal): Promise<RawPicture> {
    return source === 'http' ? this.#fetchSnapshot(signal) : this.#fetchFrame(signal)
  }

  forgetFacts(): void {
    this.#facts = undefined
  }

  /** A session of its own for events: a subscription waits for a minute at a time, and says little. */
  openEvents(): OnvifSession {
    return this.#createSession(this.#createAuth())
  }

  #createAuth(): CameraAuth {
    const { settings, credentials, random } = this.#options
    const { user, password } = credentials ?? {}
    return new CameraAuth({ user, password, mode: settings.auth, random })
  }

  #createSession(auth: CameraAuth): OnvifSession {
    const { pin, clock } = this.#options
    return new OnvifSession({ address: this.address, path: this.settings.onvifPath, auth, pin, clock })
  }

  async #fetchSnapshot(signal: AbortSignal): Promise<RawPicture> {
    const { settings } = this
    const known = this.#facts?.snapshot
    const answer = await askCamera({
      address: settings.snapshotPath === undefined && known ? known.address : this.address,
      method: 'GET',
      path: settings.snapshotPath ?? known?.path ?? '/',
      auth: this.#auth,
      pin: this.#options.pin,
      clock: this.#options.clock,
      deadlineMs: snapshotMsMax,
      bodyBytesMax: pictureBytesMax,
      // A snapshot address that is really motion JPEG.
      isEnough: (parts) => firstPartEnd(parts) !== undefined,
      signal,
    })
    const bytes = pictureIn(answer.body)
    if (!bytes) {
      if (answer.status === 404) throw new CameraProblem('not-found')
      if (answer.status === 403) throw new CameraProblem('wrong-password', { detail: 'HTTP 403' })
      if (answer.status >= 400) throw new CameraProblem('http-error', { detail: `HTTP ${answer.status}` })
      throw new CameraProblem('not-a-picture', { detail: kindOf(answer.body, answer.contentType) })
    }
    return { bytes, source: 'http', answerMs: answer.answerMs }
  }

  async #fetchFrame(signal: AbortSignal): Promise<RawPicture> {
    const { settings } = this
    const known = this.#facts?.stream
    const { clock, ffmpeg, streamSlots } = this.#options
    return streamSlots.use(signal, async () => {
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
        { deadlineMs: streamMsMax, signal },
      )
      return { bytes, source: 'rtsp', answerMs: clock.monotonicMs() - startedMs }
    })
  }

  async #checkPlain(signal: AbortSignal): Promise<void> {
    try {
      await askCamera({
        address: this.address,
        method: 'GET',
        path: '/',
        auth: this.#auth,
        pin: this.#options.pin,
        clock: this.#options.clock,
        deadlineMs: snapshotMsMax,
        bodyBytesMax: pictureBytesMax,
        signal,
      })
    } catch (error) {
      const { code } = toProblem(error, 'no-answer')
      // It answered: what it answered on its front page is of no interest.
      if (!['no-password', 'wrong-password', 'unknown-auth', 'too-large', 'foreign-host'].includes(code))
        throw error
    }
  }
}

const pictureStart = Buffer.from([0xff, 0xd8, 0xff])

/** Where the first of several parts ends, by the boundary that it began with; undefined while that has not come again. */
function firstPartEnd(body: Buffer): number | undefined {
  const from = body[0] === 0x0d && body[1] === 0x0a ? 2 : 0
  const lineEnd = body.subarray(from, from + 200).indexOf('\r\n')
  if (lineEnd < 3 || body[from] !== 0x2d || body[from + 1] !== 0x2d) return undefined
  const next = body.indexOf(body.subarray(from, from + lineEnd), from + lineEnd)
  return next < 0 ? undefined : next
}

/** The JPEG inside a body: headers are not believed, leading and trailing bytes (multipart, padding) are cut. */
function pictureIn(whole: Buffer): Uint8Array | undefined {
  const body = whole.subarray(0, firstPartEnd(whole) ?? whole.length)
  const start = body.indexOf(pictureStart)
  // Further in, it is a page that happens to hold a picture.
  if (start < 0 || start > 512) return undefined
  const end = body.lastIndexOf(Buffer.from([0xff, 0xd9]))
  return end < start ? body.subarray(start) : body.subarray(start, end + 2)
}

function kindOf(body: Buffer, contentType: string): string {
  if (body.length === 0) return 'empty'
  if (/<html|<!doctype/i.test(body.subarray(0, 512).toString('latin1'))) return 'HTML'
  const named = /^[\w.+-]+\/[\w.+-]+/.exec(contentType)?.[0]
  return named === undefined ? `${body.length} bytes` : `${named}, ${body.length} bytes`
}
