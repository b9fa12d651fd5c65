// Verifies the trail at the start and daily, and stores its head outside the database: in the log, in a file beside it, and
// at the boxes. Each of them can prove the database later.
import { appendFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import { RepeatedWork } from '../../platform/time/repeated-work.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { AuditHead } from '../../protocols/uplink/receipt.ts'
import type { AuditFinding } from '../cases/trail.ts'

const everyMs = 24 * 3_600_000

export interface AuditWatchOptions {
  verify: () => Promise<AuditFinding>
  /** `audit-heads.jsonl`: one line a day. */
  headsFile: string
  /** Kept at the boxes too: they are out of reach of a person who changes this machine. */
  anchor: (head: AuditHead) => void
  clock: Clock
  logger: Logger
  registry: Registry
}

export class AuditWatch {
  readonly #work: RepeatedWork
  readonly #options: AuditWatchOptions
  readonly #isGood

  constructor(options: AuditWatchOptions) {
    this.#options = options
    this.#work = new RepeatedWork({ clock: options.clock, pauseMs: everyMs, run: () => this.#look() })
    this.#isGood = new Gauge({
      name: 'gengfu_centre_audit_good',
      help: '1: the trail was read whole and every entry follows from the one before it; 0: an entry was changed or is missing',
      registers: [options.registry],
    })
    this.#isGood.set(1)
  }

  start(): void {
    this.#work.start(0)
  }

  stop(): Promise<void> {
    return this.#work.stop()
  }

  async #look(): Promise<void> {
    const { verify, headsFile, anchor, clock, logger } = this.#options
    try {
      const finding = await verify()
      this.#isGood.set(finding.isGood ? 1 : 0)
      if (!finding.isGood) {
        logger.error({ ...finding }, 'the audit trail does not hold: an entry was changed or taken out')
        return
      }
      const line = { atMs: Math.round(clock.wallMs()), entries: finding.entries, head: finding.head }
      logger.info(line, 'the audit trail holds')
      if (finding.head !== undefined) anchor({ entries: finding.entries, head: finding.head })
      await appendFile(headsFile, `${JSON.stringify(line)}\n`, { mode: 0o600 })
    } catch (error) {
      logger.error({ err: error }, 'the audit trail could not be verified; it is tried again tomorrow')
    }
  }
}
