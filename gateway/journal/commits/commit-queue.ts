// Queues the entries that wait for a commit, and decides when a commit starts. Urgent entries commit at once; routine
// records are grouped, which means fewer writes to the flash.
import type { Clock } from '../../../protocols/kit/clock.ts'
import { supersede } from './document-order.ts'
import type { LaneNumbers } from './lane-numbers.ts'
import type { JournalThread } from '../open-worker.ts'
import { commitOf, type Pending } from './pending.ts'
import type { JournalError } from '../port.ts'
import { takeBatch, takeExpress } from './take-batch.ts'
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
  /** Commits that the thread has not answered yet: none, one, or a divisible commit followed by an urgent one. */
  #underWay: CommitRequest[] = []
  #isStarting = false
  #isHastening = false
  #isClosing = false
  #noWaitUntilMs = Number.NEGATIVE_INFINITY
  #cancelWindow: (() => void) | undefined

  constructor(options: CommitQueueOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#underWay.length === 0 && this.#urgent.length === 0 && this.#routine.length === 0
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
    if (this.#underWay.length > 0) this.#options.thread.shorten()
    if (this.#isHastening) return
    this.#isHastening = true
    process.nextTick(() => {
      this.#isHastening = false
      const [running, ...others] = this.#underWay
      if (!running) this.#next()
      // A divisible commit contains only routine records and no documents, so the journal's thread may end it early. An
      // urgent commit can be sent before its answer: nothing in it depends on how much of the first one is written.
      else if (running.isDivisible && others.length === 0) this.#send(takeExpress(this.#urgent))
    })
  }

  #next(): void {
    if (this.#underWay.length > 0) return
    if (this.#urgent.length > 0) this.#sendNext()
    else this.#schedule()
  }

  /** Starts a commit of routine entries now or later. If a commit is running, its answer calls this function again. */
  #schedule(): void {
    const [oldest] = this.#routine
    if (!oldest || this.#isStarting || this.#underWay.length > 0) return
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
        if (this.#underWay.length === 0) this.#sendNext()
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
    this.#send(batch)
  }

  #send(batch: readonly Pending[]): void {
    if (batch.length === 0) return
    const { thread, numbers, isReceiptedDirty } = this.#options
    supersede([...this.#urgent, ...this.#routine], batch)
    const request = commitOf(batch, numbers, isReceiptedDirty())
    this.#underWay.push(request)
    void thread.ask(request).then(
      (taken) => this.#confirm(batch, request, taken as number),
      (error: JournalError) => this.#refuse(batch, request, error),
    )
  }

  #confirm(batch: readonly Pending[], request: CommitRequest, taken: number): void {
    const { numbers, onKept } = this.#options
    const kept = taken < request.bodies.length ? batch.slice(0, taken) : batch
    for (const { stored } of kept) for (const { lane, number } of stored) numbers.keep(lane, number)
    this.#putBack(batch.slice(kept.length))
    this.#underWay = this.#underWay.filter((one) => one !== request)
    // The next commit is sent first, because onKept may have to answer hundreds of callers.
    this.#next()
    onKept(kept, request)
  }

  /** Entries that a shortened commit did not write go back to the front of the routine queue; they get new numbers. */
  #putBack(left: readonly Pending[]): void {
    if (left.length === 0) return
    this.#options.numbers.takeBack()
    this.#routine.unshift(...left)
    this.#routineRecords += left.length
  }

  #refuse(batch: readonly Pending[], request: CommitRequest, error: JournalError): void {
    const refused = [...batch, ...this.#urgent, ...this.#routine]
    this.#urgent = []
    this.#routine = []
    this.#routineRecords = 0
    this.#options.numbers.takeBack()
    this.#underWay = this.#underWay.filter((one) => one !== request)
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
