// Queues the entries that wait for a commit, and decides when a commit starts. Urgent entries commit at once; routine
// records are grouped, which means fewer writes to the flash.
import type { Clock } from '../../../protocols/kit/clock.ts'
import { supersede } from './document-order.ts'
import type { LaneNumbers } from './lane-numbers.ts'
import type { JournalThread } from '../open-worker.ts'
import { commitOf, type Pending } from './pending.ts'
import type { JournalError } from '../port.ts'
import { takeBatch } from './take-batch.ts'
import type { CommitRequest } from '../worker-messages.ts'

/** With this many waiting routine records a commit starts before its window ends. */
const worthCommitting = 32

export interface CommitQueueOptions {
  clock: Clock
  /** The commit window: how long routine entries may wait to be grouped, ms. */
  windowMs: number
  thread: JournalThread
  numbers: LaneNumbers
  /** True when the receipted positions have changed since they were last written. */
  isReceiptedDirty: () => boolean
  onKept: (batch: readonly Pending[], request: CommitRequest) => void
  /**
   * The commit failed: the batch and all waiting entries are refused, because no uncommitted entry may keep its
   * numbers.
   */
  onRefused: (refused: readonly Pending[], error: JournalError) => void
}

export class CommitQueue {
  readonly #options: CommitQueueOptions
  #urgent: Pending[] = []
  #routine: Pending[] = []
  #routineRecords = 0
  /** The thread has not answered the last commit yet. */
  #isCommitting = false
  #isStarting = false
  #isHastening = false
  #isClosing = false
  #noWaitUntilMs = Number.NEGATIVE_INFINITY
  #cancelWindow: (() => void) | undefined

  constructor(options: CommitQueueOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return !this.#isCommitting && this.#urgent.length === 0 && this.#routine.length === 0
  }

  push(pending: Pending): void {
    if (pending.isUrgent) {
      this.#urgent.push(pending)
      this.#hasten()
    } else {
      this.#routine.push(pending)
      this.#routineRecords += pending.stored.length
      this.#schedule()
    }
  }

  /** From now on no entry waits for the commit window. */
  close(): void {
    this.#isClosing = true
    this.#next()
  }

  /** Sends the urgent entries after the socket chunk is read, so that all alarms of one chunk share a commit. */
  #hasten(): void {
    if (this.#isHastening) return
    this.#isHastening = true
    process.nextTick(() => {
      this.#isHastening = false
      this.#next()
    })
  }

  #next(): void {
    if (this.#isCommitting) return
    if (this.#urgent.length > 0) this.#sendNext()
    else this.#schedule()
  }

  /** Starts a commit of routine entries now or later. If a commit is running, its answer calls this function again. */
  #schedule(): void {
    const [oldest] = this.#routine
    if (!oldest || this.#isStarting || this.#isCommitting) return
    const nowMs = this.#options.clock.monotonicMs()
    const leftMs = this.#options.windowMs - (nowMs - oldest.sinceMs)
    const isDue = this.#routineRecords >= worthCommitting || leftMs <= 0 || nowMs < this.#noWaitUntilMs
    if (isDue || this.#isClosing) {
      this.#cancelWindow?.()
      this.#cancelWindow = undefined
      // One turn of the event loop later, so that everything that arrived in this turn shares the commit.
      this.#isStarting = true
      setImmediate(() => {
        this.#isStarting = false
        if (!this.#isCommitting) this.#sendNext()
      })
    } else
      this.#cancelWindow ??= this.#options.clock.after(leftMs, () => {
        this.#cancelWindow = undefined
        this.#schedule()
      })
  }

  #sendNext(): void {
    const batch = takeBatch(this.#urgent, this.#routine)
    this.#routineRecords = this.#routine.reduce((sum, { stored }) => sum + stored.length, 0)
    this.#judgeWaiting(batch)
    if (batch.length === 0) return
    const { thread, numbers, isReceiptedDirty } = this.#options
    supersede([...this.#urgent, ...this.#routine], batch)
    const request = commitOf(batch, numbers, isReceiptedDirty())
    this.#isCommitting = true
    void thread.ask(request).then(
      () => this.#confirm(batch, request),
      (error: JournalError) => this.#refuse(batch, error),
    )
  }

  #confirm(batch: readonly Pending[], request: CommitRequest): void {
    const { numbers, onKept } = this.#options
    for (const { stored } of batch) for (const { lane, number } of stored) numbers.keep(lane, number)
    this.#isCommitting = false
    // The next commit is sent first, because onKept may have to answer hundreds of callers.
    this.#next()
    onKept(batch, request)
  }

  #refuse(batch: readonly Pending[], error: JournalError): void {
    const refused = [...batch, ...this.#urgent, ...this.#routine]
    this.#urgent = []
    this.#routine = []
    this.#routineRecords = 0
    this.#options.numbers.takeBack()
    this.#isCommitting = false
    this.#options.onRefused(refused, error)
  }

  /**
   * If a commit window closed with one entry, its sender is probably waiting for the answer: skip the wait for the
   * next window.
   */
  #judgeWaiting(batch: readonly Pending[]): void {
    const { clock, windowMs } = this.#options
    const [only] = batch
    if (batch.length !== 1 || !only || only.isUrgent || windowMs === 0) return
    const nowMs = clock.monotonicMs()
    if (nowMs - only.sinceMs >= windowMs) this.#noWaitUntilMs = nowMs + windowMs
  }
}
