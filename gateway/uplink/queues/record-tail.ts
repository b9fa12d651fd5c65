// The newest records of one lane, kept in memory from the commit on, so that a new alarm needs no read from disk.
import type { StoredRecord } from '../../journal/port.ts'

/** Most records and bytes of bodies kept per lane; older ones are read from the journal. */
export const tailRecordsMax = 1024
export const tailBytesMax = 256 * 1024

export class RecordTail {
  #records: StoredRecord[] = []
  #start = 0
  #bytes = 0

  /** Adds the next committed record. A gap in the numbers empties the tail first: it holds one run without gaps. */
  push(record: StoredRecord): void {
    const last = this.#records.at(-1)
    if (last && record.number !== last.number + 1) this.clear()
    this.#records.push(record)
    this.#bytes += record.body.length
    while (this.length > 1 && (this.length > tailRecordsMax || this.#bytes > tailBytesMax)) this.#shift()
  }

  get length(): number {
    return this.#records.length - this.#start
  }

  /** Removes everything up to `number`. */
  dropTo(number: number): void {
    while (this.length > 0 && (this.#records[this.#start]?.number ?? 0) <= number) this.#shift()
  }

  /** The records above `after`, if the tail holds the next one; otherwise undefined. */
  after(after: number, recordsMax: number): StoredRecord[] | undefined {
    const first = this.#records[this.#start]
    if (!first || this.length === 0) return undefined
    const from = after + 1 - first.number
    if (from < 0 || from >= this.length) return undefined
    return this.#records.slice(this.#start + from, this.#start + from + recordsMax)
  }

  clear(): void {
    this.#records = []
    this.#start = 0
    this.#bytes = 0
  }

  #shift(): void {
    const record = this.#records[this.#start]
    if (!record) return
    this.#bytes -= record.body.length
    this.#start++
    if (this.#start > 256 && this.#start * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#start)
      this.#start = 0
    }
  }
}
