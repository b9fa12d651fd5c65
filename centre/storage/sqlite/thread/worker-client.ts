// The program's side of a storage thread: calls out, answers back; every open call fails when the thread ends.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { StorageFailure } from '../../storage-failure.ts'
import type { Answer, WorkerStart } from './worker-messages.ts'

/** Calls waiting at one thread; further ones are refused, so that a stuck disk can not exhaust the memory. */
export const openCallsMax = 20_000

interface Open {
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

export class WorkerClient {
  #worker: Worker
  #open = new Map<number, Open>()
  #lastId = 0
  #ended: StorageFailure | undefined
  #isOpen = false
  #isClosing = false
  readonly #onEnded: (failure: StorageFailure) => void

  private constructor(worker: Worker, onEnded: (failure: StorageFailure) => void) {
    this.#worker = worker
    this.#onEnded = onEnded
    worker.on('message', (answer: Answer) => this.#settle(answer))
    worker.on('error', (error) =>
      this.#end(
        new StorageFailure(
          'ended',
          `the storage thread failed: ${error instanceof Error ? error.message : 'unknown'}`,
          error,
        ),
      ),
    )
    worker.on('exit', () => this.#end(new StorageFailure('ended', 'the storage thread has ended')))
  }

  /** Starts the thread and waits until its file is open. */
  static async open(start: WorkerStart, onEnded: (failure: StorageFailure) => void): Promise<WorkerClient> {
    const client = new WorkerClient(startWorker(start), onEnded)
    await new Promise((resolve, reject) => {
      client.#open.set(0, { resolve, reject })
    })
    client.#isOpen = true
    return client
  }

  call(name: string, args: unknown[]): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended)
    if (this.#open.size >= openCallsMax)
      return Promise.reject(
        new StorageFailure('SQLITE_BUSY', `${openCallsMax} calls wait for storage already`),
      )
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      this.#open.set(id, { resolve, reject })
      this.#worker.postMessage({ id, call: name, args })
    })
  }

  /** Closes the file and lets the thread end by itself: ending a thread by force can crash the process. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#isClosing = true
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve))
    await this.call('close', [])
    await exited
  }

  #settle(answer: Answer): void {
    const open = this.#open.get(answer.id)
    this.#open.delete(answer.id)
    if (answer.ok) open?.resolve(answer.value)
    else open?.reject(new StorageFailure(answer.code, answer.message))
  }

  #end(failure: StorageFailure): void {
    if (!this.#ended && this.#isOpen && !this.#isClosing) this.#onEnded(failure)
    this.#ended ??= failure
    for (const { reject } of this.#open.values()) reject(failure)
    this.#open.clear()
  }
}

/** Compiled, the worker is a file like any other; from sources, it is gathered into one script first. */
function startWorker(start: WorkerStart): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./storage-worker.js', import.meta.url), { workerData: start })
  const require = createRequire(import.meta.url)
  const { gatherSources } = require('../../../../bin/gather-sources.cjs') as {
    gatherSources: (file: string) => string
  }
  const script = gatherSources(fileURLToPath(new URL('./storage-worker.ts', import.meta.url)))
  return new Worker(script, { eval: true, workerData: start })
}
