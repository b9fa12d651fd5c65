// When the certificates in use expire: those in the centre's files, and those that boxes present. Thirty days before,
// the centre reports it: at the desk, in its metrics, and in the answer about villages.
import { forgetOldest } from '../../platform/forget-oldest.ts'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { ExpiringCertificate } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { parseAuthorities } from '../../platform/certificates/certificate-check.ts'
import { watchFiles } from '../../platform/file-watch.ts'
import { centreBox, type OwnAlarms } from './own-alarms.ts'
import { certificateWords } from './own-words.ts'

/** Warned this long before the end. */
export const certificateSoonMs = 30 * 86_400_000
const lookEveryMs = 3_600_000
/** Certificates of boxes that are kept; beyond it the one seen longest ago is removed. */
const boxesMax = 50_000

interface TlsFiles {
  certFile: string
  caFile?: string | undefined
}

export interface CertificateWatchOptions {
  config: {
    http: { tls?: TlsFiles | undefined }
    uplink: { listeners: readonly { port: number; tls?: TlsFiles | undefined }[] }
  }
  alarms: Pick<OwnAlarms, 'set' | 'standing'>
  nameOf: (box: string) => string
  clock: Clock
  logger: Logger
  registry: Registry
}

interface Use {
  /** As in the metric, such as `desk` or `uplink-1`. */
  use: string
  words: BilingualText
  file: string
}

interface End {
  endsAtMs: number
  words: BilingualText
}

export class CertificateWatch {
  readonly #options: CertificateWatchOptions
  readonly #uses: readonly Use[]
  #ofFiles = new Map<string, End>()
  readonly #ofBoxes = new Map<string, End>()
  #cancel: () => void = () => undefined
  #stopWatching: () => void = () => undefined

  constructor(options: CertificateWatchOptions) {
    this.#options = options
    this.#uses = usesOf(options.config)
    const [files, boxes] = [() => this.#ofFiles, this.#ofBoxes]
    new Gauge({
      name: 'gengfu_centre_certificate_ends_seconds',
      help: 'When a certificate in use ends, in seconds since 1970; for boxes the earliest end',
      labelNames: ['use'],
      registers: [options.registry],
      collect() {
        this.reset()
        for (const [use, { endsAtMs }] of files()) this.set({ use }, endsAtMs / 1000)
        const ofBoxes = [...boxes.values()].map(({ endsAtMs }) => endsAtMs)
        if (ofBoxes.length > 0) this.set({ use: 'boxes' }, ofBoxes.reduce((a, b) => Math.min(a, b)) / 1000)
      },
    })
  }

  start(): void {
    const files = this.#uses.map(({ file }) => file)
    this.#stopWatching = watchFiles(files, this.#options.clock, async () => this.look())
    this.#lookNow()
  }

  stop(): void {
    this.#stopWatching()
    this.#cancel()
  }

  /** A box has connected with a certificate that expires then. */
  seen(box: string, endsAtMs: number): void {
    if (this.#ofBoxes.get(box)?.endsAtMs === endsAtMs) return
    const name = this.#options.nameOf(box)
    this.#ofBoxes.delete(box)
    this.#ofBoxes.set(box, { endsAtMs, words: { zh: `网关“${name}”`, en: `box “${name}”` } })
    forgetOldest(this.#ofBoxes, boxesMax)
    this.#judgeBox(box)
  }

  /** Reads the files again and compares every end with today's date. */
  look(): void {
    const { alarms } = this.#options
    this.#ofFiles = this.#read()
    for (const { variant } of alarms
      .standing('certificate-expires')
      .filter(({ box }) => box === centreBox.id))
      if (variant !== undefined && !this.#uses.some(({ use }) => use === variant))
        alarms.set({ box: centreBox.id, kind: 'certificate-expires', variant }, undefined)
    for (const [use, end] of this.#ofFiles)
      alarms.set({ box: centreBox.id, kind: 'certificate-expires', variant: use }, this.#wordsOf(end))
    for (const box of this.#ofBoxes.keys()) this.#judgeBox(box)
  }

  /** Those that expire within thirty days, or have expired. */
  get soon(): ExpiringCertificate[] {
    const uses = [...this.#ofFiles].map(([use, end]) => ({ use, end }))
    const boxes = [...this.#ofBoxes].map(([box, end]) => ({ use: box, end }))
    return [...uses, ...boxes]
      .filter(({ end }) => this.#isSoon(end))
      .map(({ use, end: { words, endsAtMs } }) => ({ use, name: words, endsAtMs }))
      .toSorted((one, other) => one.endsAtMs - other.endsAtMs)
  }

  #lookNow(): void {
    this.look()
    this.#cancel = this.#options.clock.after(lookEveryMs, () => this.#lookNow())
  }

  #judgeBox(box: string): void {
    const end = this.#ofBoxes.get(box)
    if (end) this.#options.alarms.set({ box, kind: 'certificate-expires' }, this.#wordsOf(end))
  }

  #isSoon({ endsAtMs }: End): boolean {
    return endsAtMs - this.#options.clock.wallMs() < certificateSoonMs
  }

  #wordsOf(end: End) {
    return this.#isSoon(end)
      ? certificateWords(end.words, end.endsAtMs, this.#options.clock.wallMs())
      : undefined
  }

  /** For an unreadable file the last content stays: the listener does the same. */
  #read(): Map<string, End> {
    const ends = new Map<string, End>()
    for (const { use, words, file } of this.#uses) {
      const known = this.#ofFiles.get(use)
      if (known) ends.set(use, known)
      try {
        const found = parseAuthorities(readFileSync(file, 'utf8')).map(({ validTo }) => Date.parse(validTo))
        if (found.length > 0) ends.set(use, { words, endsAtMs: Math.min(...found) })
      } catch (error) {
        this.#options.logger.error({ err: error, file: basename(file) }, 'a certificate can not be read')
      }
    }
    return ends
  }
}

function usesOf({ http, uplink }: CertificateWatchOptions['config']): Use[] {
  const uses: Use[] = []
  if (http.tls)
    uses.push({ use: 'desk', words: { zh: '值守台网页', en: 'the desk' }, file: http.tls.certFile })
  uplink.listeners.forEach(({ port, tls }, i) => {
    if (!tls) return
    const [zh, en] = [`上行端口 ${port}`, `the uplink at port ${port}`]
    uses.push({ use: `uplink-${i}`, words: { zh, en }, file: tls.certFile })
    if (tls.caFile === undefined) return
    const words = { zh: `${zh} 的签发机构`, en: `the authority behind ${en}` }
    uses.push({ use: `authority-${i}`, words, file: tls.caFile })
  })
  return uses
}
