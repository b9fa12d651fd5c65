// JSON from the wire, with its dangers named: size, depth of nesting, and keys that reach into prototypes.
import { bad, ok, type Result } from './result.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Decodes UTF-8 JSON of at most `maxBytes`; never throws. */
export function parseJson(bytes: Uint8Array, maxBytes: number): Result<unknown> {
  if (bytes.byteLength > maxBytes) return bad(`at most ${maxBytes} bytes, got ${bytes.byteLength}`)
  try {
    return ok(JSON.parse(decoder.decode(bytes)))
  } catch (error) {
    return bad(error instanceof SyntaxError ? 'not JSON' : 'not UTF-8')
  }
}

/** True for `{...}`, false for arrays, null and everything else. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
