// Bytes to uplink messages and back. Parsers never throw; gzip is passed in by the programs, because it is I/O-like
// work.
import type { z } from 'zod'
import { fromZod } from '../kit/from-zod.ts'
import { parseJson } from '../kit/parse-json.ts'
import { bad, ok, type Result } from '../kit/result.ts'
import {
  centreCommandResultSchema,
  centreCommandSchema,
  type CentreCommand,
  type CentreCommandResult,
} from './command.ts'
import { decodeDense, isDense } from './dense-decode.ts'
import { heartbeatSchema, type Heartbeat } from './heartbeat.ts'
import { pictureReceiptSchema, type PictureReceipt } from './picture-receipt.ts'
import { receiptSchema, type Receipt } from './receipt.ts'
import { isGzip, reportBytesMax, reportSchema, type Report } from './report.ts'
import { stageNoticeSchema, type StageNotice } from './stage-notice.ts'
import { unstoredCallSchema, type UnstoredCall } from './unstored-call.ts'

/** Largest heartbeat, receipt, stage notice, command, result or unstored call in bytes. */
export const controlBytesMax = 16 * 1024

/** Decompresses gzip to at most `maxBytes`, or throws. */
export type Gunzip = (bytes: Uint8Array, maxBytes: number) => Uint8Array

export function encodeJson(message: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message))
}

/** Decodes a Report, packed or plain, readable or dense. */
export function parseReport(bytes: Uint8Array, gunzip: Gunzip): Result<Report> {
  let plain = bytes
  if (isGzip(bytes)) {
    try {
      plain = gunzip(bytes, reportBytesMax)
    } catch {
      return bad(`gzip that does not unpack to at most ${reportBytesMax} bytes`)
    }
  }
  const json = parseJson(plain, reportBytesMax)
  if (!json.ok) return json
  const readable = readableReport(json.value)
  return readable.ok ? fromZod(reportSchema as never, readable.value) : readable
}

/** The readable form of a Report's JSON, from either form; not yet checked against the schema. */
export function readableReport(json: unknown): Result<unknown> {
  return isDense(json) ? decodeDense(json) : ok(json)
}

export function parseHeartbeat(bytes: Uint8Array): Result<Heartbeat> {
  const json = parseJson(bytes, controlBytesMax)
  return json.ok ? fromZod(heartbeatSchema as never, json.value) : json
}

export function parseReceipt(bytes: Uint8Array): Result<Receipt> {
  const json = parseJson(bytes, controlBytesMax)
  return json.ok ? fromZod(receiptSchema as never, json.value) : json
}

export function parsePictureReceipt(bytes: Uint8Array): Result<PictureReceipt> {
  const json = parseJson(bytes, controlBytesMax)
  return json.ok ? fromZod(pictureReceiptSchema as never, json.value) : json
}

export function parseStageNotice(bytes: Uint8Array): Result<StageNotice> {
  const json = parseJson(bytes, controlBytesMax)
  return json.ok ? fromZod(stageNoticeSchema, json.value) : json
}

export function parseUnstoredCall(bytes: Uint8Array): Result<UnstoredCall> {
  const json = parseJson(bytes, controlBytesMax)
  return json.ok ? fromZod(unstoredCallSchema as never, json.value) : json
}

export function parseCentreCommand(bytes: Uint8Array): Result<CentreCommand> {
  const json = parseJson(bytes, controlBytesMax)
  return json.ok ? fromZod(centreCommandSchema as z.ZodType<CentreCommand>, json.value) : json
}

export function parseCentreCommandResult(bytes: Uint8Array): Result<CentreCommandResult> {
  const json = parseJson(bytes, controlBytesMax)
  return json.ok ? fromZod(centreCommandResultSchema, json.value) : json
}
