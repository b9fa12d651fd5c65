// Turns the bytes of a Report into the input of the receiver core; never throws, whatever a box sends.
import { gunzipSync } from 'node:zlib'
import { isWallMs, laneNumberMax, recordCharsMax } from '../../protocols/domain/limits.ts'
import { mayHideText, withPlainText } from '../../protocols/domain/plain-text.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'
import { isLane } from '../../protocols/uplink/topics.ts'
import { isGzip, reportBytesMax, type Report } from '../../protocols/uplink/report.ts'
import { parseJson } from '../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import { decodeDense, isDense } from '../../protocols/uplink/dense-decode.ts'
import { checkReport } from './check-report.ts'
import { setFaultyAside, type FaultyRecord } from './faulty-records.ts'
import type { ArrivedReport } from './receiver-core.ts'

function unpack(payload: Uint8Array): Uint8Array | undefined {
  if (!isGzip(payload)) return payload
  try {
    return gunzipSync(payload, { maxOutputLength: reportBytesMax })
  } catch {
    return undefined
  }
}

/**
 * `lane` is that of the topic: a Report with another lane is refused, because the topic decides the order of waiting.
 */
export function parseArrivedReport(box: string, lane: string, payload: Uint8Array): Result<ArrivedReport> {
  try {
    return parse(box, lane, payload)
  } catch {
    // Nested beyond the stack, or a mistake of ours: the Report is kept in quarantine, and others are not blocked by
    // it.
    return bad('a Report that this program fails to read')
  }
}

function parse(box: string, lane: string, payload: Uint8Array): Result<ArrivedReport> {
  const plain = unpack(payload)
  if (!plain) return bad(`gzip that does not unpack to at most ${reportBytesMax} bytes`)
  const json = parseJson(plain, reportBytesMax)
  if (!json.ok) return json
  const readable = isDense(json.value) ? decodeDense(json.value) : json
  if (!readable.ok) return readable
  const checked = checkReport(readable.value)
  const whole = checked.ok ? arrivedOf(box, lane, checked.value) : checked
  if (whole.ok) return whole
  const aside = setFaultyAside(readable.value)
  return aside && aside.faulty.length > 0 ? arrivedOf(box, lane, aside.report, aside.faulty) : whole
}

function arrivedOf(
  box: string,
  lane: string,
  report: Report,
  faulty: readonly FaultyRecord[] = [],
): Result<ArrivedReport> {
  if (!isLane(lane) || report.lane !== lane) return bad(`sent on the topic of lane ${lane}`, 'lane')
  const last = report.first + report.records.length - 1
  if (last > laneNumberMax) return bad('too high', 'first')
  for (const { from, to } of report.skipped ?? []) {
    if (from > to) return bad('from above to', 'skipped')
    // Skipped numbers lie below sent ones.
    if (report.records.length > 0 && to >= report.first && from <= last)
      return bad('skips what it sends', 'skipped')
  }
  const bodies: string[] = []
  for (const [i, record] of report.records.entries()) {
    let body = JSON.stringify(record)
    if (body.length > recordCharsMax) return bad(`at most ${recordCharsMax} characters`, `records.${i}`)
    if (mayHideText(body) || !isSound(record)) {
      const sound = soundRecord(record)
      report.records[i] = sound
      body = JSON.stringify(sound)
    }
    bodies.push(body)
  }
  return ok({ box, report, bodies, ...(faulty.length > 0 ? { faulty } : {}) })
}

const isSound = (record: JournalRecord): boolean =>
  record.type !== 'event' || record.deviceAtMs === undefined || isWallMs(record.deviceAtMs)

/** Texts without control characters; a device time beyond the year 9999 is removed, the event stays. */
function soundRecord(record: JournalRecord): JournalRecord {
  const plain = withPlainText(record) as JournalRecord
  if (plain.type === 'event' && !isSound(plain)) delete plain.deviceAtMs
  return plain
}
