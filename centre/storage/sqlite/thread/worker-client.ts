// The program's side of a storage thread: calls out, answers back; every open call fails when the thread ends.
import type { Worker } from 'node:worker_threads'
import { ThreadCalls } from '../../../../platform/thread-calls.ts'
import { StorageFailure } from '../../storage-failure.ts'
import type { Answer } from './worker-messages.ts'

/** Calls waiting at one thread; further ones are refused, so that a stuck disk can not exhaust the memory. */
export const openCallsMax = 20_000

export class WorkerClient {
  #worker: Worker
  readonly #calls = new ThreadCalls()
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

  /** Waits until the thread has its database open. */
  static async open(thread: Worker, onEnded: (failure: StorageFailure) => void): Promise<WorkerClient> {
    const client = new WorkerClient(thread, onEnded)
    // The thread answers its start as call 0.
    await client.#calls.call(() => undefined)
    client.#isOpen = true
    return client
  }

  call(name: string, args: unknown[]): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended)
    if (this.#calls.size >= openCallsMax)
      return Promise.reject(
        new StorageFailure('SQLITE_BUSY', `${openCallsMax} calls wait for storage already`),
      )
    return this.#calls.call((id) => this.#worker.postMessage({ id, call: name, args }))
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
    if (answer.ok) this.#calls.resolve(answer.id, answer.value)
    else this.#calls.reject(answer.id, new StorageFailure(answer.code, answer.message))
  }

  #end(failure: StorageFailure): void {
    if (!this.#ended && this.#isOpen && !this.#isClosing) this.#onEnded(failure)
    this.#ended ??= failure
    this.#calls.rejectAll(failure)
  }
}
