// Checks repeatedly that both threads of storage answer: this decides /healthz and feeds the supervisor's watchdog.
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { CorruptRow, Storage } from '../storage/port.ts'

export const pulseEveryMs = 5000
/** Longest time without an answer of either; a commit on a slow disk takes seconds, not this. */
export const silentMsMax = 20_000

export interface StoragePulseOptions {
  storage: Pick<Storage, 'writerAnswers' | 'readerAnswers'>
  clock: Clock
  logger: Logger
  registry: Registry
  /** Both answered. */
  onAlive?: () => void
}

export class StoragePulse {
  readonly #options: StoragePulseOptions
  #answeredMs: number
  #isStopped = false
  readonly #spoilt = new Set<string>()
  readonly #rows

  constructor(options: StoragePulseOptions) {
    this.#options = options
    this.#answeredMs = options.clock.monotonicMs()
    this.#rows = new Gauge({
      name: 'gengfu_centre_rows_spoilt',
      help: 'Rows of the database that can not be read and are left out, by table, since the start',
      labelNames: ['table'],
      registers: [options.registry],
    })
  }

  get isAlive(): boolean {
    return this.#options.clock.monotonicMs() - this.#answeredMs < silentMsMax
  }

  start(): void {
    void this.#ask()
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Rows that the threads have left out: each is named once. */
  #note(rows: readonly CorruptRow[]): void {
    for (const { table, row } of rows) {
      const key = `${table} ${row}`
      if (this.#spoilt.has(key)) continue
      this.#spoilt.add(key)
      this.#rows.inc({ table })
      this.#options.logger.error(
        { table, row },
        'a row of the database can not be read and is left out: look at the disk, and at the last backup',
      )
    }
  }

  async #ask(): Promise<void> {
    const { storage, clock, onAlive } = this.#options
    try {
      const spoilt = await Promise.all([storage.writerAnswers(), storage.readerAnswers()])
      this.#note(spoilt.flat())
      this.#answeredMs = clock.monotonicMs()
      onAlive?.()
    } catch {
      // No answer: isAlive reports it in time.
    }
    if (!this.#isStopped) clock.after(pulseEveryMs, () => void this.#ask())
  }
}
