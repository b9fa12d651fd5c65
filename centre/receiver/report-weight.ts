// What a Report costs the writer, in plain records.
import { isClockSynced } from '../alarms/boot-time.ts'
import { isAboutPicture } from '../alarms/picture-records.ts'
import type { ArrivedReport } from './receiver-core.ts'

/** A record about a picture becomes rows and a message for the desks: it costs as much as this number of others. */
const pictureWeight = 16
/** A record of an alarm changes its row, the search index and the list of changes for the desks. */
const alarmWeight = 4
/** A record about the start of a boot may change the shown times of hundreds of alarms. */
const clockWeight = 50
/** Characters that take as much time to parse and write as one plain record: a long record counts for several. */
const charsPerWeight = 500

export function weightOf({ report, bodies }: ArrivedReport): number {
  let chars = 0
  for (const body of bodies) chars += body.length
  let weight = Math.max(report.records.length, Math.floor(chars / charsPerWeight))
  for (const record of report.records)
    if (isAboutPicture(record)) weight += pictureWeight - 1
    else if (isClockSynced(record)) weight += clockWeight - 1
    else if (record.type === 'alarm') weight += alarmWeight - 1
  return weight
}
