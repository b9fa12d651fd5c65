// What a caught value says: anything can be thrown, also what has no text of its own.
import { isObject } from '../protocols/kit/parse-json.ts'

export function messageOf(thrown: unknown): string {
  if (isObject(thrown) && typeof thrown['message'] === 'string') return thrown['message']
  return typeof thrown === 'string' ? thrown : `something without a message was thrown: ${typeof thrown}`
}

/** The code that the system, SQLite or we gave it; '' when there is none. */
export function codeOf(thrown: unknown): string {
  return isObject(thrown) && typeof thrown['code'] === 'string' ? thrown['code'] : ''
}
