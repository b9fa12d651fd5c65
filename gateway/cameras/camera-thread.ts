// The cameras' own thread, seen from the gateway's: asks it, gives up with it, and starts it anew when it hangs or dies.
import type { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { Clock } from '../../protocols/kit/clock.ts'
import { startThread } from '../thread.ts'
import type { CameraAccess, PictureSource, RawPicture } from './camera-client.ts'
import { hasEvents, type EventsTold } from './camera-events.ts'
import type { CameraOrder, CameraQuestion, CameraReply, OpenCamera } from './camera-messages.ts'
import type { CertificatePin } from './camera-http.ts'
import { CameraProblem, toProblem } from './camera-problem.ts'
import type { CameraFacts } from './onvif-session.ts'

/** A thread that has said nothing at all for so long, although something was asked of it, hangs. */
const silenceMsMax = 30_000
/** For taking leave of the cameras: each gets half a second. */
const endMsMax = 1000
const resourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 }

interface Asked {
  far: FarCamera | undefined
  resolve: (value: unknown) => void
  reject: (problem: CameraProblem) => void
  settle: () => void
}

export interface CameraThreadOptions {
  clock: Clock
  log: Logger
  ffmpegCommand?: string | undefined
  /** For tests. */
  startWorker?: () => Worker
}

export class CameraThread {
  readonly #options: CameraThreadOptions
  readonly #asked = new Map<number, Asked>()
  readonly #open = new Map<number, FarCamera>()
  #worker: Worker | undefined
  #lastId = 0
  #lastKey = 0
  #heardMs = 0
  #processes = 0

  constructor(options: CameraThreadOptions) {
    this.#options = options
  }

  /** ffmpeg processes that ran when it spoke last. */
  get processes(): number {
    return this.#processes
  }

  open(
    camera: Omit<OpenCamera, 'pinned'>,
    pin: CertificatePin,
    onEvents: (told: EventsTold) => void = () => undefined,
  ): FarCamera {
    const far = new FarCamera(this, { key: ++this.#lastKey, camera, pin, onEvents })
    this.#open.set(far.key, far)
    if (this.#worker) this.#introduce(this.#worker, far)
    else if (hasEvents(camera.settings)) this.#worker = this.#start()
    return far
  }

  close(far: FarCamera): void {
    this.#open.delete(far.key)
    if (this.#worker) tell(this.#worker, { do: 'close', key: far.key })
  }

  /** Decodes a progressive or otherwise unusual JPEG and writes it as a baseline one; rejects with a CameraProblem. */
  toBaseline(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.ask(undefined, { ask: 'baseline', bytes }, signal) as Promise<Uint8Array>
  }

  /** Rejects with a CameraProblem; when `signal` gives up, as soon as the thread has. */
  ask(far: FarCamera | undefined, question: CameraQuestion, signal?: AbortSignal): Promise<unknown> {
    const reason = (): CameraProblem => toProblem(signal?.reason, 'stopped')
    if (signal?.aborted) return Promise.reject(reason())
    const worker = (this.#worker ??= this.#start())
    const id = ++this.#lastId
    const askedMs = this.#options.clock.monotonicMs()
    return new Promise((resolve, reject) => {
      const onAbort = (): void => tell(worker, { do: 'abort', id, code: reason().code })
      signal?.addEventListener('abort', onAbort, { once: true })
      const cancel = this.#options.clock.after(silenceMsMax, () => {
        if (this.#heardMs <= askedMs) this.#fail(worker, new Error('the camera thread hangs'))
      })
      const settle = (): void => {
        cancel()
        signal?.removeEventListener('abort', onAbort)
        this.#asked.delete(id)
      }
      this.#asked.set(id, { far, resolve, reject, settle })
      tell(worker, { do: 'ask', key: far?.key ?? 0, id, question })
    })
  }

  /** Ends it with all that it runs: who starts its ffmpeg processes hears no more of it, and ends with them. */
  async stop(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#refuseAll(new CameraProblem('stopped'))
    if (!worker) return
    if ([...this.#open.values()].some(({ settings }) => hasEvents(settings))) await this.#takeLeave(worker)
    await worker.terminate()
  }

  #takeLeave(worker: Worker): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(endMsMax, resolve)
      worker.once('exit', () => {
        cancel()
        resolve()
      })
      tell(worker, { do: 'end' })
    })
  }

  #start(): Worker {
    const { startWorker, ffmpegCommand } = this.#options
    const options = { resourceLimits, workerData: { ffmpegCommand } }
    const worker = startWorker?.() ?? startThread(import.meta.url, 'camera-worker', options)
    // The process may end while the thread idles.
    worker.unref()
    worker.on('message', (reply: CameraReply) => {
      if (this.#worker === worker) this.#hear(reply)
    })
    worker.on('error', (error) => this.#fail(worker, error))
    worker.on('exit', () => this.#fail(worker, new Error('the camera thread ended')))
    for (const far of this.#open.values()) this.#introduce(worker, far)
    return worker
  }

  #introduce(worker: Worker, far: FarCamera): void {
    tell(worker, { do: 'open', key: far.key, camera: { ...far.camera, pinned: far.pin.get() } })
  }

  #hear(reply: CameraReply): void {
    this.#heardMs = this.#options.clock.monotonicMs()
    if (reply.say === 'pinned') {
      const pin = this.#open.get(reply.key)?.pin
      if (pin?.get() === undefined) pin?.set(reply.fingerprint)
      return
    }
    if (reply.say === 'events') return this.#open.get(reply.key)?.onEvents(reply.told)
    this.#processes = reply.processes
    const asked = this.#asked.get(reply.id)
    if (!asked) return
    asked.settle()
    if (asked.far) asked.far.facts = reply.facts
    if (reply.say === 'answer') asked.resolve(reply.value)
    else {
      const { code, detail, facts } = reply.problem
      asked.reject(new CameraProblem(code, { detail, facts }))
    }
  }

  /** Everything asked of a thread that hangs or died is refused; the next question gets a new one. */
  #fail(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return
    this.#options.log.error({ err: error }, 'camera thread failed')
    this.#worker = undefined
    this.#processes = 0
    this.#refuseAll(new CameraProblem('work-failed'))
    worker.terminate().catch((failure: unknown) => {
      this.#options.log.error({ err: failure }, 'camera thread did not end')
    })
  }

  #refuseAll(problem: CameraProblem): void {
    for (const { settle, reject } of this.#asked.values()) {
      settle()
      reject(problem)
    }
  }
}

/** One camera as `CameraClient` shows it, asked over there. */
export class FarCamera implements CameraAccess {
  readonly key: number
  readonly camera: Omit<OpenCamera, 'pinned'>
  readonly pin: CertificatePin
  readonly onEvents: (told: EventsTold) => void
  /** As of its last answer. */
  facts: CameraFacts | undefined
  readonly #thread: CameraThread

  constructor(thread: CameraThread, options: Pick<FarCamera, 'key' | 'camera' | 'pin' | 'onEvents'>) {
    this.#thread = thread
    this.key = options.key
    this.camera = options.camera
    this.pin = options.pin
    this.onEvents = options.onEvents
  }

  get settings(): OpenCamera['settings'] {
    return this.camera.settings
  }

  probe(signal: AbortSignal): Promise<CameraFacts | undefined> {
    return this.#thread.ask(this, { ask: 'probe' }, signal) as Promise<CameraFacts | undefined>
  }

  check(signal: AbortSignal): ReturnType<CameraAccess['check']> {
    return this.#thread.ask(this, { ask: 'check' }, signal) as ReturnType<CameraAccess['check']>
  }

  sources(signal: AbortSignal): Promise<PictureSource[]> {
    return this.#thread.ask(this, { ask: 'sources' }, signal) as Promise<PictureSource[]>
  }

  fetch(source: PictureSource, signal: AbortSignal): Promise<RawPicture> {
    return this.#thread.ask(this, { ask: 'fetch', source }, signal) as Promise<RawPicture>
  }

  forgetFacts(): void {
    this.facts = undefined
    // A thread that is not there has forgotten them already.
    this.#thread.ask(this, { ask: 'forget-facts' }).catch(() => undefined)
  }
}

function tell(worker: Worker, order: CameraOrder): void {
  worker.postMessage(order)
}
