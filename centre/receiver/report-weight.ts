// What a Report costs the writer, in plain records, and the part of it that a commit may hold.
import { isClockSynced } from '../alarms/boot-time.ts'
import { isAboutPicture } from '../alarms/picture-records.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'
import type { Report } from '../../protocols/uplink/report.ts'
import type { ArrivedReport } from './receiver-core.ts'

/** A record about a picture becomes rows and a message for the desks: it costs as much as this number of others. */
const pictureWeight = 16
/** A record of an alarm changes its row, the search index and the list of changes for the desks. */
const alarmWeight = 4
/** A record about the start of a boot may change the shown times of hundreds of alarms. */
const clockWeight = 50
/** Characters that take as much time to parse and write as one plain record: a long record counts for several. */
const charsPerWeight = 500

const extraOf = (record: JournalRecord): number => {
  if (isAboutPicture(record)) return pictureWeight - 1
  if (isClockSynced(record)) return clockWeight - 1
  return record.type === 'alarm' ? alarmWeight - 1 : 0
}

/** A sum over records, one after the other. */
class Weight {
  #records = 0
  #chars = 0
  #extra = 0

  add(record: JournalRecord, body: string): number {
    this.#records += 1
    this.#chars += body.length
    this.#extra += extraOf(record)
    return this.sum
  }

  get sum(): number {
    return Math.max(this.#records, Math.floor(this.#chars / charsPerWeight)) + this.#extra
  }
}

export function weightOf({ report, bodies }: ArrivedReport): number {
  const weight = new Weight()
  for (const [at, record] of report.records.entries()) weight.add(record, bodies[at] ?? '')
  return weight.sum
}

/** The first records, up to this weight, and the others; undefined when there are no others. */
export function splitReport(
  arrived: ArrivedReport,
  weightMax: number,
): [ArrivedReport, ArrivedReport] | undefined {
  const { box, report, bodies, faulty } = arrived
  const weight = new Weight()
  const over = report.records.findIndex((record, at) => weight.add(record, bodies[at] ?? '') > weightMax)
  if (over < 0 || report.records.length < 2) return undefined
  const count = Math.max(1, over)
  const { skipped, ...more } = report
  const first = report.first + count
  const partOf = (records: JournalRecord[], own: Partial<Report>, start: number): ArrivedReport => {
    const numbers = faulty?.filter(({ number }) => number >= start && number < start + records.length)
    return {
      box,
      report: { ...more, ...own, records },
      bodies: bodies.slice(start - report.first, start - report.first + records.length),
      ...(numbers && numbers.length > 0 ? { faulty: numbers } : {}),
    }
  }
  // Skipped numbers lie below sent ones.
  const head = partOf(report.records.slice(0, count), skipped ? { skipped } : {}, report.first)
  return [head, partOf(report.records.slice(count), { first }, first)]
}
