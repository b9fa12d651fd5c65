// Deletes rows past their term, daily and on command: a few rows per transaction, with a pause after each so that the
// commit of an alarm waits for one of them at most.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import { RepeatedWork } from '../../platform/time/repeated-work.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Storage } from '../storage/port.ts'
import { expiredKinds, type ExpiredKind } from '../storage/retention-port.ts'
import { termsAt, type RetentionSettings } from './terms.ts'

/** Not in the first minutes, when the boxes send the records of the time while the centre was away. */
const firstMs = 30 * 60_000
const everyMs = 24 * 3_600_000
const rowsAtOnce = 200
const pauseMs = 20

export interface SweepOptions {
  storage: Pick<Storage, 'expired' | 'dropExpired'>
  settings: RetentionSettings
  nowMs: number
  /** Only counts. */
  isDryRun?: boolean
  pause: () => Promise<void>
  isStopped?: () => boolean
  onProgress?: (kind: ExpiredKind, deleted: number) => void
}

/** Processes all kinds once; returns how many rows of each were (or would be) deleted. */
export async function sweepExpired(options: SweepOptions): Promise<Record<ExpiredKind, number>> {
  const { storage, settings, nowMs, isDryRun = false, pause, isStopped = () => false } = options
  const terms = termsAt(settings, nowMs)
  const counts = Object.fromEntries(expiredKinds.map((kind) => [kind, 0])) as Record<ExpiredKind, number>
  for (const kind of expiredKinds) {
    for (let [after, isEnd] = [0, false]; !isEnd && !isStopped();) {
      const page = await storage.expired({ kind, beforeMs: terms[kind], after, limit: rowsAtOnce })
      if (page.ids.length > 0) {
        counts[kind] += isDryRun ? page.ids.length : await storage.dropExpired(kind, page.ids)
        options.onProgress?.(kind, counts[kind])
        await pause()
      }
      ;[after, isEnd] = [page.next, page.isEnd]
    }
  }
  return counts
}

export interface RetentionSweepOptions {
  storage: Pick<Storage, 'expired' | 'dropExpired'>
  settings: RetentionSettings
  clock: Clock
  logger: Logger
  registry: Registry
}

export class RetentionSweep {
  readonly #work: RepeatedWork
  readonly #options: RetentionSweepOptions
  readonly #deleted

  constructor(options: RetentionSweepOptions) {
    this.#options = options
    this.#work = new RepeatedWork({ clock: options.clock, pauseMs: everyMs, run: () => this.#sweep() })
    this.#deleted = new Counter({
      name: 'gengfu_centre_expired_total',
      help: 'Rows deleted because their term is over, by kind',
      labelNames: ['kind'],
      registers: [options.registry],
    })
  }

  start(): void {
    this.#work.start(firstMs)
  }

  stop(): Promise<void> {
    return this.#work.stop()
  }

  async #sweep(): Promise<void> {
    const { storage, settings, clock, logger } = this.#options
    try {
      const counts = await sweepExpired({
        storage,
        settings,
        nowMs: clock.wallMs(),
        pause: () => new Promise((resolve) => clock.after(pauseMs, resolve)),
        isStopped: () => this.#work.isStopped,
      })
      for (const kind of expiredKinds) this.#deleted.inc({ kind }, counts[kind])
      if (Object.values(counts).some((count) => count > 0))
        logger.info(counts, 'rows past their term were deleted')
    } catch (error) {
      logger.error({ err: error }, 'rows past their term could not be deleted; it is tried again tomorrow')
    }
  }
}
