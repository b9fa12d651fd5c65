// The text of a caught value: any value can be thrown, also one without a message.
import { isObject } from '../protocols/kit/parse-json.ts'

export function messageOf(thrown: unknown): string {
  if (isObject(thrown) && typeof thrown['message'] === 'string') return thrown['message']
  return typeof thrown === 'string' ? thrown : `something without a message was thrown: ${typeof thrown}`
}

/** The code from the system, SQLite or this program; '' when there is none. */
export function codeOf(thrown: unknown): string {
  return isObject(thrown) && typeof thrown['code'] === 'string' ? thrown['code'] : ''
}
