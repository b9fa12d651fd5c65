// The page's side of the centre's HTTP contract: an answer, a refusal with its words, or anything else, which is tried again.
import type { ErrorAnswer } from '../../protocols/desk/api.ts'
import { deviceHeader, type PhotoAnswer, type ResponderAnswer } from '../../protocols/desk/responder.ts'
import { Refused, type CentreCalls } from './outbox.ts'

/** A piece of a photo takes this long on a link of some 16 kbit/s. */
const requestTimeoutMs = 20_000
/** The link itself is of no use: nothing that waits can be sent by it. */
const finalCodes = ['no-link', 'link-expired', 'link-used']

export function createResponderCalls(token: string, fetchIt: typeof fetch): CentreCalls {
  async function ask<T>(path: string, device: string, type: string, body: BodyInit): Promise<T> {
    const aborter = new AbortController()
    const timer = setTimeout(() => aborter.abort(), requestTimeoutMs)
    try {
      const response = await fetchIt(`../api/v1/respond${path}`, {
        method: 'POST',
        cache: 'no-store',
        credentials: 'omit',
        signal: aborter.signal,
        headers: { authorization: `Bearer ${token}`, [deviceHeader]: device, 'content-type': type },
        body,
      })
      const text = await response.text()
      if (!response.ok) throw refusalOf(response.status, text)
      return JSON.parse(text) as T
    } finally {
      clearTimeout(timer)
    }
  }
  const json = 'application/json'
  return {
    open: (device) => ask<ResponderAnswer>('', device, json, '{}'),
    step: (device, entry) => ask<ResponderAnswer>('/step', device, json, JSON.stringify(entry)),
    piece: (device, { id, bytes, offset }, piece) =>
      ask<PhotoAnswer>(
        `/photo?id=${id}&offset=${offset}&bytes=${bytes}`,
        device,
        'application/octet-stream',
        new Blob([piece.slice()]),
      ),
  }
}

/** Only the centre's own words are a refusal: a proxy in between may answer anything. */
function refusalOf(status: number, text: string): Error {
  if (status >= 500 || status === 429 || status === 408) return new Error(`HTTP ${status}`)
  try {
    const { error } = JSON.parse(text) as Partial<ErrorAnswer>
    if (error) return new Refused(error.message, finalCodes.includes(error.code))
  } catch {
    // Not JSON: not of the centre.
  }
  return new Error(`HTTP ${status}`)
}
