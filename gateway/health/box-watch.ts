// Checks the box itself with every tick: its clock, its journal and the free space, its certificates. The results
// become box facts.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import { parseAuthorities } from '../../platform/certificates/certificate-check.ts'
import { commonNameOf } from '../../platform/certificates/certificate-files.ts'
import type { BoxTime } from '../../protocols/domain/event.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { Journal } from '../journal/port.ts'
import type { BoxFacts } from './box-facts.ts'

/** The time between two looks; after a renewal the alarm ends within it. */
const certificateLookMs = 60_000
/** A certificate that expires within this time must be renewed. */
const certificateSoonMs = 30 * 86_400_000
const dayMs = 86_400_000

export interface BoxWatchOptions {
  facts: BoxFacts
  journal: Journal
  now: () => BoxTime & { steadyMs: number }
  certificateFiles: readonly string[]
  metrics?: Registry
  logger: Logger
}

/** The end of one certificate in use. */
interface CertificateEnd {
  file: string
  /** Its common name, or its subject. */
  holder: string
  endsMs: number
}

export class BoxWatch {
  readonly #options: BoxWatchOptions
  #certificatesAtMs = Number.NEGATIVE_INFINITY
  #unreadable = new Set<string>()

  constructor(options: BoxWatchOptions) {
    this.#options = options
    if (!options.metrics) return
    const endOfAll = (): CertificateEnd[] => this.#ends()
    new Gauge({
      name: 'gengfu_certificate_ends_timestamp_seconds',
      help: 'When each certificate in use ends, by file and holder',
      labelNames: ['file', 'holder'],
      registers: [options.metrics],
      collect() {
        this.reset()
        for (const { file, holder, endsMs } of endOfAll()) this.set({ file, holder }, endsMs / 1000)
      },
    })
  }

  look(): void {
    const { facts, journal, now } = this.#options
    const time = now()
    facts.set('clock-unsynced', time.clock === 'unsynced')
    const { spoilt, salvaged, rewound, space } = journal.facts()
    facts.set('box-disk-full', space.state !== 'sound')
    facts.set('box-dropping', space.state === 'dropping', { dropped: space.dropped })
    if (spoilt > 0 || salvaged) {
      const folder = salvaged ? { folder: salvaged.from } : {}
      facts.set('journal-damaged', true, { salvaged: salvaged?.records ?? 0, spoilt, ...folder })
    }
    if (rewound) facts.set('journal-rewound', true, { renumbered: rewound.records, folder: rewound.from })
    // Without a known date it is unknown which certificates have expired.
    if (time.clock === 'unsynced' || time.steadyMs - this.#certificatesAtMs < certificateLookMs) return
    this.#certificatesAtMs = time.steadyMs
    const [first] = this.#ends().toSorted((one, other) => one.endsMs - other.endsMs)
    const leftMs = first ? first.endsMs - time.atMs : Number.POSITIVE_INFINITY
    facts.set(
      'certificate-expires',
      leftMs < certificateSoonMs,
      first ? { days: Math.floor(leftMs / dayMs), file: basename(first.file), holder: first.holder } : {},
    )
  }

  /** Of every certificate in every file, chains and authorities too. */
  #ends(): CertificateEnd[] {
    return this.#options.certificateFiles.flatMap((file) => {
      try {
        const found = parseAuthorities(readFileSync(file, 'utf8'))
        this.#unreadable.delete(file)
        return found.map((certificate) => ({
          file,
          holder: commonNameOf(certificate) ?? certificate.subject,
          endsMs: Date.parse(certificate.validTo),
        }))
      } catch (error) {
        if (!this.#unreadable.has(file)) {
          const { message: reason } = error as Error
          this.#options.logger.warn({ file, reason }, 'a certificate can not be read')
        }
        this.#unreadable.add(file)
        return []
      }
    })
  }
}

/** The certificates that this box presents or trusts. */
export function certificateFilesOf({ uplink, mqtt }: Pick<GatewayConfig, 'uplink' | 'mqtt'>): string[] {
  const ofListeners = mqtt.listeners.flatMap(({ tls }) => [tls?.certFile, tls?.caFile])
  const files = [uplink?.certFile, uplink?.caFile, ...ofListeners]
  return [...new Set(files.filter((file) => file !== undefined))]
}
