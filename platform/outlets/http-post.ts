// One HTTP request to a receiver: no redirect is followed, and no more of the answer is read than people are shown.
import { readFileSync } from 'node:fs'
import { request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { answerBytesMax } from './answer-bytes.ts'

export interface HttpPost {
  url: string
  method?: 'POST' | 'GET' | undefined
  headers: Readonly<Record<string, string>>
  body: string
  /** Authority of the receiver's certificate, where it is none that the system knows. */
  caFile?: string | undefined
}

export interface HttpAnswer {
  status: number
  /** At most `answerBytesMax` bytes of it. */
  text: string
}

const headerBytesMax = 16 * 1024
/** Answers before the answer (1xx): endless ones would stop the whole program for half a second at a time. */
const earlyAnswersMax = 10

export function httpPost(post: HttpPost, signal: AbortSignal): Promise<HttpAnswer> {
  const { url, method = 'POST', headers, body, caFile } = post
  const isSecure = new URL(url).protocol === 'https:'
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' },
      maxHeaderSize: headerBytesMax,
      agent: false as const,
      signal,
    }
    const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) }
    const sent = isSecure ? requestSecure(url, { ...options, ...ca }) : requestPlain(url, options)
    sent.on('error', reject)
    // An answer that is none, such as 101 Switching Protocols, ends the connection without an error.
    sent.on('close', () => reject(new Error('the connection ended without an answer')))
    let early = 0
    sent.on('information', () => {
      if (++early > earlyAnswersMax) sent.destroy(new Error('answers without end before the answer'))
    })
    sent.on('response', (response) => {
      const parts: Buffer[] = []
      let bytes = 0
      const done = (): void => {
        const text = Buffer.concat(parts).subarray(0, answerBytesMax).toString('utf8')
        resolve({ status: response.statusCode ?? 0, text })
        sent.destroy()
      }
      response.on('data', (part: Buffer) => {
        parts.push(part)
        bytes += part.length
        if (bytes >= answerBytesMax) done()
      })
      response.on('end', done)
      response.on('error', reject)
    })
    sent.end(body)
  })
}

/** Another attempt of the same bytes would be answered the same. */
export const isFinalStatus = (status: number): boolean => [400, 405, 410, 413, 415, 422].includes(status)

/** As text for the test button, without what may be a secret: a robot's key stands in the path or the query. */
export function requestText({ url, method = 'POST', headers, body }: HttpPost): string {
  const { origin, pathname, search } = new URL(url)
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${name.toLowerCase() === 'authorization' ? '...' : value}`,
  )
  const path = `${pathname === '/' ? '/' : '/...'}${search === '' ? '' : '?...'}`
  return [`${method} ${origin}${path}`, ...lines, '', body].join('\n')
}
