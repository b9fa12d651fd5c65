// Runs the deadlines of cases by the centre's clock: sleeps until the next one is due, also after a restart, and checks
// again when a case has changed.
import type { Logger } from 'pino'
import { RepeatedWork } from '../../platform/time/repeated-work.ts'
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
  readonly #work: RepeatedWork
  readonly #options: DeadlineClockOptions

  constructor(options: DeadlineClockOptions) {
    this.#options = options
    this.#work = new RepeatedWork({ clock: options.clock, pauseMs: sleepMsMax, run: () => this.#look() })
  }

  start(): void {
    this.#work.start(0)
  }

  /** Waits for the running check. */
  stop(): Promise<void> {
    return this.#work.stop()
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
