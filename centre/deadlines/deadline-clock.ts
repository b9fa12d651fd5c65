// Runs the deadlines of cases by the centre's clock: sleeps until the next one is due, also after a restart, and checks
// again when a case has changed.
import type { Logger } from 'pino'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { CaseEvent } from '../../protocols/domain/case.ts'

/** Longest sleep: a case that changed in the meantime may be due earlier. */
const sleepMsMax = 1000

export interface DeadlineClockOptions {
  passDeadlines: (
    nowMs: number,
  ) => Promise<{ changes: { position: number; json: string }[]; due: { case: string; event: CaseEvent }[] }>
  clock: Clock
  logger: Logger
  push: (changes: { position: number; json: string }[]) => void
  onDue?: (due: { case: string; event: CaseEvent }) => void
}

export class DeadlineClock {
  readonly #options: DeadlineClockOptions
  #stop: (() => void) | undefined
  #running: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: DeadlineClockOptions) {
    this.#options = options
  }

  start(): void {
    this.#arm(0)
  }

  /** Waits for the running check. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stop?.()
    await this.#running
  }

  #arm(delayMs: number): void {
    if (this.#isStopped) return
    this.#stop = this.#options.clock.after(delayMs, () => {
      this.#running = this.#look().finally(() => this.#arm(sleepMsMax))
    })
  }

  async #look(): Promise<void> {
    const { passDeadlines, clock, logger, push, onDue } = this.#options
    try {
      const { changes, due } = await passDeadlines(clock.wallMs())
      if (changes.length > 0) push(changes)
      for (const entry of due) {
        const { what, subject } = entry.event
        logger.info({ case: entry.case, what, step: subject }, 'a deadline of a case has come')
        onDue?.(entry)
      }
    } catch (error) {
      logger.error({ err: error }, 'the deadlines of cases could not be looked at; they are looked at again')
    }
  }
}
