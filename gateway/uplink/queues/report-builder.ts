// Builds a Report from records: joins their JSON, compresses it, and cuts it to the size that the link carries in a
// tenth of a second.
import type { Lane } from '../../../protocols/domain/colour.ts'
import { encodeDense } from '../../../protocols/uplink/dense-report.ts'
import { reportBytesMax, reportRecordsMax, type Skipped } from '../../../protocols/uplink/report.ts'
import type { StoredRecord } from '../../journal/port.ts'
import type { CompressText } from '../link.ts'

/** How far a compressed Report may exceed its target size before it is cut once more. */
const overshoot = 1.1
/** Compressed bytes per character, until a Report was compressed. */
const unknownRatio = 0.3
/** Bodies stay well below the receiver's limit, which counts UTF-8 bytes: three for each Chinese character. */
const bodyCharsMax = Math.floor(reportBytesMax / 3) - 4096

/** Compressed bytes of a Report without records. */
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

/** Parameters of a Report. */
export interface ReportParameters {
  wireBytes: number
  /** Speed is more important than size. */
  isFast: boolean
  /** The centre can read the dense form. */
  isDense: boolean
}

export class ReportBuilder {
  readonly #epoch: string
  readonly #pack: CompressText
  /** Recent compressed bytes per character, per lane. */
  readonly #ratios = new Map<Lane, number>()

  constructor(epoch: string, pack: CompressText) {
    this.#epoch = epoch
    this.#pack = pack
  }

  /** True if these records would make a Report of the target size, by the recent ratio. */
  isFull(lane: Lane, records: readonly StoredRecord[], wireBytes: number): boolean {
    return this.#fitting(lane, records, wireBytes) < records.length || records.length >= reportRecordsMax
  }

  /** A Report of about the target size, with at least one record if there is one. */
  build(parts: Omit<ReportParts, 'epoch'>, parameters: ReportParameters): BuiltReport {
    let count = this.#fitting(parts.lane, parts.records, parameters.wireBytes)
    let payload = this.#make(parts, count, parameters)
    if (payload.length > parameters.wireBytes * overshoot && count > 1) {
      count = this.#fitting(parts.lane, parts.records.slice(0, count - 1), parameters.wireBytes)
      payload = this.#make(parts, count, parameters)
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

  #make(parts: Omit<ReportParts, 'epoch'>, count: number, parameters: ReportParameters): Uint8Array {
    const cut: ReportParts = { ...parts, epoch: this.#epoch, records: parts.records.slice(0, count) }
    const dense = parameters.isDense && !parameters.isFast && count > 1 ? denseText(cut) : undefined
    const payload = this.#pack(dense ?? reportText(cut), parameters.isFast)
    const chars = cut.records.reduce((sum, { body }) => sum + body.length, 0)
    if (chars > 0) {
      const seen = Math.max(0.01, (payload.length - envelopeBytes) / chars)
      const known = this.#ratios.get(parts.lane) ?? seen
      // A Report that was too large corrects the ratio at once, one that was too small slowly.
      this.#ratios.set(parts.lane, Math.max(seen, known * 0.8 + seen * 0.2))
    }
    return payload
  }
}

/** The dense form, or undefined when a body is not JSON: then the centre gets it unchanged. */
function denseText(parts: ReportParts): string | undefined {
  try {
    const records = parts.records.map(({ body }): unknown => JSON.parse(body))
    return JSON.stringify(encodeDense({ ...parts, records, skipped: parts.skipped ? [parts.skipped] : [] }))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The readable form of a Report. Bodies are already JSON: they are joined, never parsed. */
export function reportText({ epoch, lane, first, records, skipped }: ReportParts): string {
  const tail = skipped ? `,"skipped":${JSON.stringify([skipped])}` : ''
  const bodies = records.map((record) => record.body).join(',')
  return `{"v":1,"epoch":"${epoch}","lane":"${lane}","first":${first},"records":[${bodies}]${tail}}`
}
