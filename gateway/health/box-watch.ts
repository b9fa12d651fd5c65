// Looks at the box itself with every tick: its clock, its journal and the room for it, its certificates. What it sees becomes box facts.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { BoxTime } from '../../protocols/domain/event.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { Journal } from '../journal/port.ts'
import type { BoxFacts } from './box-facts.ts'

const certificateLookMs = 3_600_000
/** A certificate that ends within this wants somebody to renew it. */
const certificateSoonMs = 30 * 86_400_000
const dayMs = 86_400_000

export interface BoxWatchOptions {
  facts: BoxFacts
  journal: Journal
  now: () => BoxTime & { steadyMs: number }
  certificateFiles: readonly string[]
  logger: Logger
}

export class BoxWatch {
  readonly #options: BoxWatchOptions
  #certificatesAtMs = Number.NEGATIVE_INFINITY

  constructor(options: BoxWatchOptions) {
    this.#options = options
  }

  look(): void {
    const { facts, journal, now } = this.#options
    const time = now()
    facts.set('clock-unsynced', time.clock === 'unsynced')
    const { spoilt, salvaged, space } = journal.facts()
    facts.set('box-disk-full', space.state !== 'sound')
    facts.set('box-dropping', space.state === 'dropping', { dropped: space.dropped })
    if (spoilt > 0 || salvaged) {
      const folder = salvaged ? { folder: salvaged.from } : {}
      facts.set('journal-damaged', true, { salvaged: salvaged?.records ?? 0, spoilt, ...folder })
    }
    // Without a known date nobody can say what has expired.
    if (time.clock === 'unsynced' || time.steadyMs - this.#certificatesAtMs < certificateLookMs) return
    this.#certificatesAtMs = time.steadyMs
    const untilMs = this.#earliestEnd()
    const days = Math.floor((untilMs - time.atMs) / dayMs)
    facts.set(
      'certificate-expires',
      untilMs - time.atMs < certificateSoonMs,
      Number.isFinite(days) ? { days } : {},
    )
  }

  /** When the first of the certificates ends; Infinity without any. */
  #earliestEnd(): number {
    let earliestMs = Number.POSITIVE_INFINITY
    for (const file of this.#options.certificateFiles)
      try {
        earliestMs = Math.min(earliestMs, Date.parse(new X509Certificate(readFileSync(file)).validTo))
      } catch (error) {
        this.#options.logger.warn({ file, reason: (error as Error).message }, 'a certificate can not be read')
      }
    return earliestMs
  }
}

/** The certificates that this box shows or trusts. */
export function certificateFilesOf({ uplink, mqtt }: GatewayConfig): string[] {
  const files = [uplink?.certFile, uplink?.caFile, ...mqtt.listeners.map(({ tls }) => tls?.certFile)]
  return files.filter((file) => file !== undefined)
}
