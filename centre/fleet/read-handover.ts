// Reads a handover sheet as a box sent it: gzip of JSON, bounded, and checked before any page shows it.
import { gunzipSync } from 'node:zlib'
import { handoverBytesMax, handoverSchema, type Handover } from '../../protocols/enrolment/handover.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import { parseJson } from '../../protocols/kit/parse-json.ts'
import type { z } from 'zod'

/** Undefined for anything else; never throws. */
export function readHandover(bytes: Uint8Array): Handover | undefined {
  try {
    const text = gunzipSync(bytes, { maxOutputLength: handoverBytesMax }).toString('utf8')
    const json = parseJson(text, handoverBytesMax)
    const read = json.ok ? fromZod(handoverSchema as z.ZodType<Handover>, json.value) : json
    return read.ok ? read.value : undefined
  } catch {
    return undefined
  }
}
