// Hands pictures to the worker thread and returns the results that may be stored; if a picture breaks the thread, other
// pictures are not affected.
import type { Worker } from 'node:worker_threads'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { startThread } from '../../../platform/thread.ts'
import { CameraProblem } from '../talk/camera-problem.ts'
import { Slots, type Urgency } from '../process/slots.ts'
import type { BadPicture, Light, Polygon } from './picture-work.ts'

/**
 * Pictures given to the thread at once: one is processed while the next is handed over. And the longest time for one,
 * on a busy box.
 */
const atOnceMax = 2
const workMsMax = 30_000
/** Each camera waits with the pictures of one alarm at most (before, at once, and two later); beyond that `busy`. */
const waitingMax = 256
const resourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 }

export interface PictureProcessorJob {
  id: number
  bytes: Uint8Array
  masks: readonly Polygon[]
}

export interface FinishedFile {
  bytes: Uint8Array
  sha256: string
  width: number
  height: number
}

export interface Finished {
  /** SHA-256 of the camera's bytes: equal hashes mean the same picture. */
  source: string
  full: FinishedFile
  preview: FinishedFile
  light: Light
}

export type PictureProcessorReply =
  | ({ id: number; ok: true } & Finished)
  | { id: number; ok: false; code: BadPicture }

interface Waiting {
  resolve: (reply: PictureProcessorReply) => void
  reject: (problem: CameraProblem) => void
  cancel: () => void
}

/** Converts an unusual JPEG to a baseline one. */
export type ToBaseline = (bytes: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>

export class PictureProcessor {
  readonly #clock: Clock
  readonly #toBaseline: ToBaseline
  readonly #onTrouble: (error: Error) => void
  readonly #waiting = new Map<number, Waiting>()
  readonly #slots = new Slots({ atOnceMax, waitingMax })
  #worker: Worker | undefined
  #lastId = 0
  #isStopped = false

  /** `onTrouble` is called when the thread failed. */
  constructor(options: { clock: Clock; toBaseline: ToBaseline; onTrouble: (error: Error) => void }) {
    this.#clock = options.clock
    this.#toBaseline = options.toBaseline
    this.#onTrouble = options.onTrouble
  }

  /** Starts the thread before the first picture, so that the first picture does not wait for it. */
  start(): void {
    this.#isStopped = false
    this.#worker ??= this.#open()
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#isStopped = true
    this.#failAll(new CameraProblem('stopped'))
    await worker?.terminate()
  }

  get waiting(): number {
    return this.#waiting.size + this.#slots.waiting
  }

  /**
   * Checks, masks and reduces a picture, in its turn; if it rejects with a CameraProblem, nothing of the picture may be
   * stored.
   */
  async process(
    bytes: Uint8Array,
    masks: readonly Polygon[],
    signal: AbortSignal,
    urgency: Urgency = 'routine',
  ): Promise<Finished> {
    const ask = (picture: Uint8Array): Promise<PictureProcessorReply> =>
      this.#slots.use(signal, () => this.#ask(picture, masks), urgency)
    let reply = await ask(bytes)
    if (!reply.ok && (reply.code === 'not-baseline' || reply.code === 'too-many-pixels'))
      reply = await ask(await this.#toBaseline(bytes, signal))
    if (reply.ok) return reply
    const isOdd = reply.code === 'not-baseline' || reply.code === 'too-many-pixels'
    throw new CameraProblem(isOdd ? 'broken-picture' : (reply.code as 'not-a-picture' | 'broken-picture'))
  }

  #ask(bytes: Uint8Array, masks: readonly Polygon[]): Promise<PictureProcessorReply> {
    // A picture that was on its way here opens no thread again.
    if (this.#isStopped) return Promise.reject(new CameraProblem('stopped'))
    const worker = (this.#worker ??= this.#open())
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(workMsMax, () => this.#restart(worker))
      this.#waiting.set(id, { resolve, reject, cancel })
      worker.postMessage({ id, bytes, masks } satisfies PictureProcessorJob)
    })
  }

  #open(): Worker {
    const worker = startThread(import.meta.url, 'gateway/cameras/pictures/picture-worker', { resourceLimits })
    // The program may end while the thread is idle.
    worker.unref()
    worker.on('message', (reply: PictureProcessorReply) => {
      const entry = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      entry?.cancel()
      entry?.resolve(reply)
    })
    worker.on('error', (error) => {
      this.#onTrouble(error)
      this.#restart(worker)
    })
    worker.on('exit', () => this.#restart(worker))
    return worker
  }

  /** All pictures given to a thread that hangs or died are refused; the next picture gets a new thread. */
  #restart(worker: Worker): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#failAll(new CameraProblem('work-failed'))
    worker.terminate().catch(this.#onTrouble)
  }

  #failAll(problem: CameraProblem): void {
    for (const { reject, cancel } of this.#waiting.values()) {
      cancel()
      reject(problem)
    }
    this.#waiting.clear()
  }
}
