// From the bytes of a Report to what the receiver core plans with; whatever a box sends, this never throws.
import { gunzipSync } from 'node:zlib'
import { laneNumberMax } from '../../protocols/domain/limits.ts'
import { isLane } from '../../protocols/uplink/topics.ts'
import { isGzip, reportBytesMax } from '../../protocols/uplink/report.ts'
import { parseJson } from '../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import { decodeDense, isDense } from '../../protocols/uplink/dense-decode.ts'
import { checkReport } from './check-report.ts'
import type { ArrivedReport } from './receiver-core.ts'

function unpack(payload: Uint8Array): Uint8Array | undefined {
  if (!isGzip(payload)) return payload
  try {
    return gunzipSync(payload, { maxOutputLength: reportBytesMax })
  } catch {
    return undefined
  }
}

/** `lane` is the topic's: a Report that claims another one is refused, for the topic decides who waits for whom. */
export function parseArrivedReport(box: string, lane: string, payload: Uint8Array): Result<ArrivedReport> {
  const plain = unpack(payload)
  if (!plain) return bad(`gzip that does not unpack to at most ${reportBytesMax} bytes`)
  const json = parseJson(plain, reportBytesMax)
  if (!json.ok) return json
  const readable = isDense(json.value) ? decodeDense(json.value) : json
  if (!readable.ok) return readable
  const checked = checkReport(readable.value)
  if (!checked.ok) return checked
  const report = checked.value
  if (!isLane(lane) || report.lane !== lane) return bad(`sent on the topic of lane ${lane}`, 'lane')
  for (const { from, to } of report.skipped ?? []) if (from > to) return bad('from above to', 'skipped')
  if (report.first + report.records.length - 1 > laneNumberMax) return bad('too high', 'first')
  try {
    return ok({ box, report, bodies: report.records.map((record) => JSON.stringify(record)) })
  } catch {
    // JSON.stringify recurses: lists inside lists by the thousand end its stack.
    return bad('nested too deeply', 'records')
  }
}
