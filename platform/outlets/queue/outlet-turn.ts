// One receiver's turn at the queue: takes the messages that are due, tries once, and stores the result. Urgent messages and the others have a
// turn each, so that a red message does not wait behind the time-out of a blue one.
import type { Logger } from 'pino'
import { messageOf as failureText } from '../../failure.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { OutletCommon } from '../settings/outlet-rules.ts'
import type { DeliveryQueue, StoredDelivery } from './queue-port.ts'
import { plainWords } from '../answer-bytes.ts'
import { parseMessage, type OutletMessage } from '../message.ts'
import type { Outlet, OutletAnswer } from '../port.ts'

const firstRetryMs = 1000
/** Between two attempts of a message; urgent ones wait less. */
const retryMsMax = { urgent: 15_000, other: 120_000 }
/** A failing storage is asked again after this. */
const storageRetryMs = 1000
/** How long a stop waits for the answer to what was sent: without it, the next start would send the same again. */
export const stopGraceMs = 1500

export interface OutletTurnOptions<Change> {
  settings: OutletCommon
  outlet: Outlet
  isUrgent: boolean
  storage: DeliveryQueue<Change>
  clock: Clock
  random: Random
  logger: Logger
  onChanges: (changes: Change[]) => void
  /** After each attempt; `isGivenUp`: no further one follows. */
  onAttempt: (answer: OutletAnswer, tookMs: number, madeAtMs: number, isGivenUp: boolean) => void
}

export class OutletTurn<Change> {
  readonly #options: OutletTurnOptions<Change>
  readonly #abort = new AbortController()
  #cancel: () => void = () => undefined
  #isRunning = false
  #isStopping = false
  #mustLook = false
  #running: Promise<void> = Promise.resolve()

  constructor(options: OutletTurnOptions<Change>) {
    this.#options = options
  }

  /** Something may be due. */
  look(): void {
    this.#mustLook = true
    if (this.#isRunning || this.#isStopping) return
    this.#isRunning = true
    this.#cancel()
    this.#running = this.#run().finally(() => (this.#isRunning = false))
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.#cancel()
    const cancelGrace = this.#options.clock.after(stopGraceMs, () => this.#abort.abort())
    await this.#running
    cancelGrace()
    this.#abort.abort()
  }

  async #run(): Promise<void> {
    const { settings, isUrgent, storage, clock, logger } = this.#options
    try {
      while (!this.#isStopping) {
        this.#mustLook = false
        const due = await this.#due()
        if (due.length > 0) {
          await this.#try(due)
          continue
        }
        const nextMs = await storage.nextDelivery(settings.name, isUrgent)
        if (this.#mustLook) continue
        if (nextMs !== undefined) this.#lookAfter(Math.max(0, nextMs - clock.wallMs()))
        return
      }
    } catch (error) {
      if (this.#isStopping) return
      logger.error(
        { err: error, outlet: settings.name },
        'the queue of an outlet can not be used; it is tried again',
      )
      this.#lookAfter(storageRetryMs)
    }
  }

  #lookAfter(delayMs: number): void {
    // A clock that was set back must not hold a message.
    this.#cancel = this.#options.clock.after(Math.min(delayMs, retryMsMax.other), () => this.look())
  }

  async #due(): Promise<StoredDelivery[]> {
    const { settings, outlet, isUrgent, storage, clock } = this.#options
    const query = { outlet: settings.name, isUrgent, nowMs: clock.wallMs() }
    const limit = outlet.batchMax ?? 1
    const due = await storage.dueDeliveries({ ...query, limit })
    // A group whose time has come takes along what was collected after it.
    if (due.length === 0 || isUrgent || (outlet.groupMs ?? 0) === 0) return due
    return storage.dueDeliveries({ ...query, limit, isAll: true })
  }

  async #try(due: readonly StoredDelivery[]): Promise<void> {
    const { storage, clock, onChanges, onAttempt } = this.#options
    const messages = due.flatMap(({ body, number }) => parseMessage(body, number) ?? [])
    const startedMs = clock.monotonicMs()
    const answer: OutletAnswer =
      messages.length < due.length
        ? { state: 'refused', words: 'the stored message is damaged', isFinal: true }
        : await this.#attempt(messages)
    // An attempt that the stop has ended is no refusal of the receiver.
    if (this.#abort.signal.aborted && answer.state === 'refused') return
    const atMs = clock.wallMs()
    const words = plainWords(answer.words)
    const tookMs = clock.monotonicMs() - startedMs
    const numbers = (some: readonly StoredDelivery[]): number[] => some.map(({ number }) => number)
    if (answer.state !== 'refused') {
      const move = { numbers: numbers(due), state: answer.state, words, atMs, isAttempt: true }
      onChanges(await storage.moveDeliveries(move))
      onAttempt(answer, tookMs, due[0]?.madeAtMs ?? atMs, false)
      return
    }
    const isOver = ({ endsAtMs }: StoredDelivery): boolean => answer.isFinal === true || endsAtMs <= atMs
    const over = due.filter(isOver)
    const again = due.filter((one) => !isOver(one))
    if (over.length > 0)
      onChanges(
        await storage.moveDeliveries({
          numbers: numbers(over),
          state: 'failed',
          words,
          atMs,
          isAttempt: true,
        }),
      )
    if (again.length > 0) {
      const dueAtMs = atMs + this.#retryMs(Math.min(...again.map(({ attempts }) => attempts)))
      const move = {
        numbers: numbers(again),
        state: 'waiting' as const,
        words,
        atMs,
        dueAtMs,
        isAttempt: true,
      }
      onChanges(await storage.moveDeliveries(move))
    }
    onAttempt(answer, tookMs, due[0]?.madeAtMs ?? atMs, over.length > 0)
  }

  #attempt(messages: readonly OutletMessage[]): Promise<OutletAnswer> {
    const { outlet, settings, clock } = this.#options
    return attemptWithin(outlet, messages, settings.timeoutSeconds * 1000, clock, this.#abort.signal)
  }

  /** Doubles, with chance between half and all of it: receivers that come back are not met by all outlets at once. */
  #retryMs(attempts: number): number {
    const { isUrgent, random } = this.#options
    const most = Math.min(
      firstRetryMs * 2 ** Math.min(attempts, 20),
      retryMsMax[isUrgent ? 'urgent' : 'other'],
    )
    return most * (0.5 + random.next() / 2)
  }
}

/** Never throws. An outlet that ignores its signal holds nothing up: its answer is dropped. */
export async function attemptWithin(
  outlet: Outlet,
  messages: readonly OutletMessage[],
  timeoutMs: number,
  clock: Clock,
  stopped: AbortSignal,
): Promise<OutletAnswer> {
  const within = new AbortController()
  const stop = (): void => within.abort()
  stopped.addEventListener('abort', stop, { once: true })
  let cancel: () => void = () => undefined
  const late = new Promise<OutletAnswer>((resolve) => {
    const words = `no answer within ${Math.round(timeoutMs / 1000)} s`
    within.signal.addEventListener('abort', () => resolve({ state: 'refused', words }), { once: true })
    cancel = clock.after(timeoutMs, stop)
  })
  try {
    const sent = outlet.send(messages, within.signal)
    // After the time-out its failure has no receiver any more.
    sent.catch(() => undefined)
    return await Promise.race([sent, late])
  } catch (error) {
    return { state: 'refused', words: plainWords(failureText(error)) }
  } finally {
    cancel()
    stopped.removeEventListener('abort', stop)
  }
}
