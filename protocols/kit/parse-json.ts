// JSON and words from the network, with their dangers named: size, depth of nesting, and keys that change prototypes.
import { bad, ok, type Result } from './result.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Decodes UTF-8 JSON of at most `maxBytes`, or plain ASCII that is text already; never throws. */
export function parseJson(source: Uint8Array | string, maxBytes: number): Result<unknown> {
  const { length } = source
  if (length > maxBytes) return bad(`at most ${maxBytes} bytes, got ${length}`)
  try {
    return ok(JSON.parse(typeof source === 'string' ? source : decoder.decode(source)))
  } catch (error) {
    return bad(error instanceof SyntaxError ? 'not JSON' : 'not UTF-8')
  }
}

/**
 * True when arrays and objects are nested more than `levelsMax` deep: later code that walks through them uses the
 * stack.
 */
export function isNestedDeeper(value: unknown, levelsMax: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levelsMax === 0 || Object.values(value).some((inner) => isNestedDeeper(inner, levelsMax - 1))
}

/**
 * The value with null for every list and object that is nested more than `levelsMax` deep: the rest of a
 * message with one such part is still read. Returns `value` itself if nothing is nested that deep.
 */
export function cutNesting(value: unknown, levelsMax: number): unknown {
  return isNestedDeeper(value, levelsMax) ? withoutDeeper(value, levelsMax) : value
}

function withoutDeeper(value: unknown, levelsLeft: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (levelsLeft === 0) return null
  if (Array.isArray(value)) return value.map((inner) => withoutDeeper(inner, levelsLeft - 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutDeeper(inner, levelsLeft - 1)]),
  )
}

/** True for `{...}`, false for arrays, null and everything else. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A single value as text. Lists and objects have none: their own conversion may throw, and its result would be
 * meaningless.
 */
export function scalarText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'boolean':
      return `${value}`
    default:
      return undefined
  }
}

/**
 * A table that is read by words of others: it has its own entries alone, so `constructor` and `__proto__` find nothing
 * in it.
 */
export function lookup<T>(entries: Record<string, T>): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, entries)
}
