// One camera whose communication runs in the cameras' process: its requests and answers are those of `CameraClient`.
import type { CameraAccess, PictureSource, RawPicture, TakenPicture } from '../talk/camera-client.ts'
import type { CameraEventReport } from '../talk/onvif/camera-events.ts'
import type { CameraQuestion, OpenCamera } from './camera-messages.ts'
import type { CertificatePin } from '../talk/http/camera-http.ts'
import type { SignInMemory } from '../talk/http/http-auth.ts'
import type { Finished } from '../pictures/picture-processor.ts'
import type { CameraFacts } from '../talk/onvif/onvif-session.ts'
import type { Polygon } from '../pictures/picture-work.ts'
import type { Urgency } from './slots.ts'

/** The process as its cameras see it. */
export interface CameraProcessCalls {
  readonly isThere: boolean
  ask(far: RemoteCamera | undefined, question: CameraQuestion, signal?: AbortSignal): Promise<unknown>
  process(
    bytes: Uint8Array,
    masks: readonly Polygon[],
    signal: AbortSignal,
    urgency: Urgency,
  ): Promise<Finished>
}

/** One camera as a `CameraClient`; each request runs in the cameras' process. */
export class RemoteCamera implements CameraAccess {
  readonly key: number
  readonly camera: Omit<OpenCamera, 'pinned' | 'hasDigest'>
  readonly pin: CertificatePin
  readonly signIns: SignInMemory
  readonly onEvents: (report: CameraEventReport) => void
  /** As of its last answer. */
  facts: CameraFacts | undefined
  readonly #process: CameraProcessCalls

  constructor(
    process: CameraProcessCalls,
    options: Pick<RemoteCamera, 'key' | 'camera' | 'pin' | 'signIns' | 'onEvents'>,
  ) {
    this.#process = process
    this.key = options.key
    this.camera = options.camera
    this.pin = options.pin
    this.signIns = options.signIns
    this.onEvents = options.onEvents
  }

  get settings(): OpenCamera['settings'] {
    return this.camera.settings
  }

  probe(signal: AbortSignal): Promise<CameraFacts | undefined> {
    return this.#process.ask(this, { ask: 'probe' }, signal) as Promise<CameraFacts | undefined>
  }

  check(signal: AbortSignal): ReturnType<CameraAccess['check']> {
    return this.#process.ask(this, { ask: 'check' }, signal) as ReturnType<CameraAccess['check']>
  }

  sources(signal: AbortSignal): Promise<PictureSource[]> {
    return this.#process.ask(this, { ask: 'sources' }, signal) as Promise<PictureSource[]>
  }

  fetch(source: PictureSource, signal: AbortSignal): Promise<RawPicture> {
    return this.#process.ask(this, { ask: 'fetch', source }, signal) as Promise<RawPicture>
  }

  take(
    source: PictureSource,
    masks: readonly Polygon[],
    signal: AbortSignal,
    urgency: Urgency,
  ): Promise<TakenPicture> {
    return this.#process.ask(this, { ask: 'take', source, masks, urgency }, signal) as Promise<TakenPicture>
  }

  process(
    bytes: Uint8Array,
    masks: readonly Polygon[],
    signal: AbortSignal,
    urgency: Urgency,
  ): Promise<Finished> {
    return this.#process.process(bytes, masks, signal, urgency)
  }

  forgetFacts(): void {
    this.facts = undefined
    // A process that has ended has forgotten them already.
    if (!this.#process.isThere) return
    this.#process.ask(this, { ask: 'forget-facts' }).catch(() => undefined)
  }
}
