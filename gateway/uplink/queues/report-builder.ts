// Makes one Report out of records: joins their JSON, packs it, and cuts it to the size the link can carry in a tenth of a second.
import type { Lane } from '../../../protocols/domain/colour.ts'
import { encodeDense } from '../../../protocols/uplink/dense-report.ts'
import { reportBytesMax, reportRecordsMax, type Skipped } from '../../../protocols/uplink/report.ts'
import type { StoredRecord } from '../../journal/port.ts'
import type { Pack } from '../link.ts'

/** How far a packed Report may exceed its wished size before it is cut once more. */
const overshoot = 1.1
/** Packed bytes per character, until something was packed. */
const unknownRatio = 0.3
/** Bodies are kept well under the receiver's limit, which counts UTF-8 bytes: three for each Chinese character. */
const bodyCharsMax = Math.floor(reportBytesMax / 3) - 4096

/** What a Report costs before its first record, packed. */
const envelopeBytes = 60

export interface BuiltReport {
  payload: Uint8Array
  /** How many of the records are in it, from the first on. */
  count: number
}

export interface ReportParts {
  epoch: string
  lane: Lane
  first: number
  records: readonly StoredRecord[]
  skipped?: Skipped | undefined
}

/** How a Report is to be made. */
export interface ReportWish {
  wireBytes: number
  /** Speed matters more than size. */
  isFast: boolean
  /** The centre reads the dense form. */
  isDense: boolean
}

export class ReportBuilder {
  readonly #epoch: string
  readonly #pack: Pack
  /** Packed bytes per character, as lately seen per lane. */
  readonly #ratios = new Map<Lane, number>()

  constructor(epoch: string, pack: Pack) {
    this.#epoch = epoch
    this.#pack = pack
  }

  /** Whether these records would make a Report of the wished size, by what was seen lately. */
  isFull(lane: Lane, records: readonly StoredRecord[], wireBytes: number): boolean {
    return this.#fitting(lane, records, wireBytes) < records.length || records.length >= reportRecordsMax
  }

  /** A Report of about the wished size, of at least one record where there is one. */
  build(parts: Omit<ReportParts, 'epoch'>, wish: ReportWish): BuiltReport {
    let count = this.#fitting(parts.lane, parts.records, wish.wireBytes)
    let payload = this.#make(parts, count, wish)
    if (payload.length > wish.wireBytes * overshoot && count > 1) {
      count = this.#fitting(parts.lane, parts.records.slice(0, count - 1), wish.wireBytes)
      payload = this.#make(parts, count, wish)
    }
    return { payload, count }
  }

  #fitting(lane: Lane, records: readonly StoredRecord[], wireBytes: number): number {
    const ratio = this.#ratios.get(lane) ?? unknownRatio
    const charsMax = Math.min(bodyCharsMax, Math.max(0, wireBytes - envelopeBytes) / ratio)
    let chars = 0
    let count = 0
    while (count < records.length && count < reportRecordsMax) {
      chars += records[count]?.body.length ?? 0
      if (count > 0 && chars > charsMax) break
      count++
    }
    return count
  }

  #make(parts: Omit<ReportParts, 'epoch'>, count: number, wish: ReportWish): Uint8Array {
    const cut: ReportParts = { ...parts, epoch: this.#epoch, records: parts.records.slice(0, count) }
    const dense = wish.isDense && !wish.isFast && count > 1 ? denseText(cut) : undefined
    const payload = this.#pack(dense ?? reportText(cut), wish.isFast)
    const chars = cut.records.reduce((sum, { body }) => sum + body.length, 0)
    if (chars > 0) {
      const seen = Math.max(0.01, (payload.length - envelopeBytes) / chars)
      const known = this.#ratios.get(parts.lane) ?? seen
      // What was too large counts at once, what was too small by and by.
      this.#ratios.set(parts.lane, Math.max(seen, known * 0.8 + seen * 0.2))
    }
    return payload
  }
}

/** The dense form, or undefined when a body is not JSON: then the centre is to see it as it is. */
function denseText(parts: ReportParts): string | undefined {
  try {
    const records = parts.records.map(({ body }): unknown => JSON.parse(body))
    return JSON.stringify(encodeDense({ ...parts, records, skipped: parts.skipped ? [parts.skipped] : [] }))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The readable form of a Report. Bodies are JSON already: they are joined, never parsed. */
export function reportText({ epoch, lane, first, records, skipped }: ReportParts): string {
  const tail = skipped ? `,"skipped":${JSON.stringify([skipped])}` : ''
  const bodies = records.map((record) => record.body).join(',')
  return `{"v":1,"epoch":"${epoch}","lane":"${lane}","first":${first},"records":[${bodies}]${tail}}`
}
