// Who may not have a stream and why, and the first message of a program that signs in by it.
import type { RawData } from 'ws'
import { isObject, parseJson } from '../../protocols/kit/parse-json.ts'

/** Of one message of a program; it sends no other than this one. */
export const messageBytesMax = 4096
const tokenPattern = /^[0-9a-f]{64}$/

export type RefusalReason =
  | 'bad-request'
  | 'not-found'
  | 'foreign-origin'
  | 'no-valid-token'
  | 'full'
  | 'made-room'
  | 'no-sign-in'
  | 'failed'

export const statusOf: Record<RefusalReason, string> = {
  'bad-request': '400 Bad Request',
  'not-found': '404 Not Found',
  'foreign-origin': '403 Forbidden',
  'no-valid-token': '401 Unauthorized',
  full: '503 Service Unavailable',
  'made-room': '503 Service Unavailable',
  'no-sign-in': '401 Unauthorized',
  failed: '503 Service Unavailable',
}

/** The token of `{"type":"auth","token":"..."}`; undefined for any other message. */
export function tokenOf(data: RawData): string | undefined {
  const bytes = Array.isArray(data)
    ? Buffer.concat(data)
    : data instanceof ArrayBuffer
      ? Buffer.from(data)
      : data
  const json = parseJson(bytes, messageBytesMax)
  if (!json.ok || !isObject(json.value) || json.value['type'] !== 'auth') return undefined
  const { token } = json.value
  return typeof token === 'string' && tokenPattern.test(token) ? token : undefined
}
