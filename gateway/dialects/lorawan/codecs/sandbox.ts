// Runs vendors' codecs in a worker thread, one call after the other. If a call does not return, its worker is ended;
// the next call gets a new one. A codec that fails five times in a row is switched off.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { startThread } from '../../../../platform/thread.ts'
import type { WorkerReply } from './codec-worker.ts'
import type { CodecCall, CodecOutcome } from './engine.ts'

/**
 * The engine ends a call itself; a call that it can not end (work inside one of its own functions) is ended after this.
 */
export const watchdogMs = 10_000
/** Failures in a row after which a codec is switched off, until its file changes or the program starts again. */
export const failuresMax = 5
/** Calls that wait; beyond it a call fails at once, which does not count as a failure of its codec. */
export const callsMax = 512
/** Heap outside WebAssembly: the worker's own few lines. */
const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 }

export type SandboxAnswer =
  | { json: string }
  /** `isOff`: the codec is switched off, by this failure or before. */
  | { failure: string; isOff: boolean }

interface Waiting {
  call: CodecCall
  done: (outcome: CodecOutcome) => void
}

/** In a build it is beside the bundle; when run from sources, in its package. */
function wasmFile(): string {
  const beside = fileURLToPath(new URL('./quickjs.wasm', import.meta.url))
  return existsSync(beside)
    ? beside
    : createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm')
}

export class CodecSandbox {
  readonly #failures = new Map<string, number>()
  readonly #queue: Waiting[] = []
  readonly #watchdogMs: number
  #current: Waiting | undefined
  #worker: Worker | undefined
  #isReady = false
  /** The worker before is still ending: two at once would need twice the memory. */
  #isEnding = false
  #watchdog: NodeJS.Timeout | undefined

  constructor(options: { watchdogMs?: number } = {}) {
    this.#watchdogMs = options.watchdogMs ?? watchdogMs
  }

  /** `codec` identifies the code: failures are counted by it. */
  async run(codec: string, call: CodecCall): Promise<SandboxAnswer> {
    if (this.isOff(codec))
      return { failure: `switched off after ${failuresMax} failures in a row`, isOff: true }
    if (this.#queue.length >= callsMax) return { failure: 'too many frames wait for a codec', isOff: false }
    const outcome = await new Promise<CodecOutcome>((done) => {
      this.#queue.push({ call, done })
      this.#next()
    })
    if ('json' in outcome) {
      this.#failures.delete(codec)
      return outcome
    }
    this.#failures.set(codec, (this.#failures.get(codec) ?? 0) + 1)
    return { failure: outcome.failure, isOff: this.isOff(codec) }
  }

  isOff(codec: string): boolean {
    return (this.#failures.get(codec) ?? 0) >= failuresMax
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    for (const { done } of this.#queue.splice(0)) done({ failure: 'stopped' })
    this.#end({ failure: 'stopped' })
    await worker?.terminate()
  }

  #next(): void {
    if (this.#current || this.#isEnding || this.#queue.length === 0) return
    if (!this.#worker) return this.#start()
    if (!this.#isReady) return
    this.#current = this.#queue.shift()
    this.#worker.ref()
    this.#watch()
    this.#worker.postMessage({ id: 0, call: this.#current?.call })
  }

  #watch(): void {
    this.#watchdog = setTimeout(() => {
      this.#end({ failure: `it did not come back within ${this.#watchdogMs} ms` })
      this.#next()
    }, this.#watchdogMs)
  }

  #start(): void {
    const worker = startThread(import.meta.url, 'gateway/dialects/lorawan/codecs/codec-worker', {
      workerData: { wasmFile: wasmFile() },
      resourceLimits,
    })
    this.#worker = worker
    this.#isReady = false
    worker.on('message', (reply: WorkerReply) => {
      if (worker === this.#worker) this.#take(reply)
    })
    const failed = (why: string): void => {
      if (worker !== this.#worker) return
      // A worker that does not start leaves no call waiting: the queued ones fail.
      const first = this.#current ? undefined : this.#queue.shift()
      this.#end({ failure: why })
      first?.done({ failure: why })
      this.#next()
    }
    worker.on('error', (error) => failed(`its thread ended: ${error.message.slice(0, 200)}`))
    worker.on('exit', (code) => failed(`its thread ended with ${code}`))
  }

  #take(reply: WorkerReply): void {
    if ('ready' in reply) this.#isReady = true
    else {
      clearTimeout(this.#watchdog)
      const { outcome } = reply
      const current = this.#current
      this.#current = undefined
      current?.done(outcome)
    }
    // An idle worker keeps no program alive.
    if (this.#queue.length === 0) this.#worker?.unref()
    this.#next()
  }

  #end(outcome: CodecOutcome): void {
    clearTimeout(this.#watchdog)
    const [worker, current] = [this.#worker, this.#current]
    this.#worker = undefined
    this.#current = undefined
    this.#isReady = false
    if (worker) {
      this.#isEnding = true
      void worker.terminate().finally(() => {
        this.#isEnding = false
        this.#next()
      })
    }
    current?.done(outcome)
  }
}
