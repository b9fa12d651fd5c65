// Makes one Report out of records: joins their JSON, packs it, and cuts it to the size the link can carry in a tenth of a second.
import type { Lane } from '../../protocols/domain/colour.ts'
import { reportBytesMax, reportRecordsMax, type Skipped } from '../../protocols/uplink/report.ts'
import type { StoredRecord } from '../journal/port.ts'
import type { Pack } from './link.ts'

/** How far a packed Report may exceed its wished size before it is cut once more. */
const overshoot = 1.25
/** Bodies are kept well under the receiver's limit, which counts UTF-8 bytes: three for each Chinese character. */
const bodyCharsMax = Math.floor(reportBytesMax / 3) - 4096

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

  /** A Report of about `wireBytes` packed, of at least one record where there is one. */
  build(parts: Omit<ReportParts, 'epoch'>, wireBytes: number, isFast: boolean): BuiltReport {
    let count = this.#fitting(parts.lane, parts.records, wireBytes)
    let payload = this.#make(parts, count, isFast)
    if (payload.length > wireBytes * overshoot && count > 1) {
      count = Math.max(1, Math.floor((count * wireBytes) / payload.length))
      payload = this.#make(parts, count, isFast)
    }
    return { payload, count }
  }

  #fitting(lane: Lane, records: readonly StoredRecord[], wireBytes: number): number {
    const charsMax = Math.min(bodyCharsMax, wireBytes / (this.#ratios.get(lane) ?? 0.3))
    let chars = 0
    let count = 0
    while (count < records.length && count < reportRecordsMax) {
      chars += records[count]?.body.length ?? 0
      if (count > 0 && chars > charsMax) break
      count++
    }
    return count
  }

  #make(parts: Omit<ReportParts, 'epoch'>, count: number, isFast: boolean): Uint8Array {
    const records = parts.records.slice(0, count)
    const text = reportText({ ...parts, epoch: this.#epoch, records })
    const payload = this.#pack(text, isFast)
    if (count > 0) {
      const seen = payload.length / text.length
      const known = this.#ratios.get(parts.lane) ?? seen
      this.#ratios.set(parts.lane, Math.max(0.01, known * 0.7 + seen * 0.3))
    }
    return payload
  }
}

/** The readable form of a Report. Bodies are JSON already: they are joined, never parsed. */
export function reportText({ epoch, lane, first, records, skipped }: ReportParts): string {
  const tail = skipped ? `,"skipped":${JSON.stringify([skipped])}` : ''
  const bodies = records.map((record) => record.body).join(',')
  return `{"v":1,"epoch":"${epoch}","lane":"${lane}","first":${first},"records":[${bodies}]${tail}}`
}
