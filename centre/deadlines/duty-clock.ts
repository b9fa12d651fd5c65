// Moves cases between people by the clock: from a person who signed out or is silent back to the queue, and for the
// night to another centre and back. The cases to move are in the database, so a restart changes nothing.
import { countCases } from '../cases/case-summary.ts'
import type { Logger } from 'pino'
import { RepeatedWork } from '../../platform/time/repeated-work.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { nightCentre, type NightEntry } from '../cases/night.ts'

const lookEveryMs = 2000
/** A signed-in desk sends a message on its stream every 25 s. */
export const silentAfterMs = 120_000

interface Change {
  position: number
  json: string
}

export interface DutyClockOptions {
  holders: (nowMs: number) => Promise<{ who: string; isSignedIn: boolean }[]>
  silentForMs: (user: string) => number
  redistribute: (who: string, why: string, nowMs: number) => Promise<Change[]>
  night: readonly NightEntry[]
  passNight: (to: string | undefined, nowMs: number) => Promise<Change[]>
  clock: Clock
  logger: Logger
  push: (changes: Change[]) => void
}

export class DutyClock {
  readonly #work: RepeatedWork
  readonly #options: DutyClockOptions

  constructor(options: DutyClockOptions) {
    this.#options = options
    this.#work = new RepeatedWork({ clock: options.clock, pauseMs: lookEveryMs, run: () => this.#look() })
  }

  start(): void {
    this.#work.start()
  }

  /** Waits for the running check. */
  stop(): Promise<void> {
    return this.#work.stop()
  }

  async #look(): Promise<void> {
    const { clock, logger, holders, passNight, night, push } = this.#options
    try {
      const nowMs = clock.wallMs()
      for (const { who, isSignedIn } of await holders(nowMs)) await this.#lookAt(who, isSignedIn, nowMs)
      const changes = await passNight(nightCentre(night, nowMs), nowMs)
      if (changes.length > 0) push(changes)
    } catch (error) {
      logger.error({ err: error }, 'the holders of cases could not be checked; they are checked again')
    }
  }

  async #lookAt(who: string, isSignedIn: boolean, nowMs: number): Promise<void> {
    // Programs (`token:name`) and other centres (`centre:name`) have no shift.
    if (who.includes(':')) return
    const { redistribute, silentForMs, logger, push } = this.#options
    const why = !isSignedIn ? 'signed out' : silentForMs(who) >= silentAfterMs ? 'silent' : undefined
    if (why === undefined) return
    const changes = await redistribute(who, why, nowMs)
    if (changes.length === 0) return
    logger.warn({ who, why, cases: countCases(changes) }, 'cases went back to the queue')
    push(changes)
  }
}
