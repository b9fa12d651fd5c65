// Sends bytes to the centre that enrolled this box, signed with the box's key, over a connection whose certificate is checked: what goes
// out here says much about the village.
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { rootCertificates } from 'node:tls'
import { uploadHeaders, type UploadPurpose } from '../../../platform/certificates/signed-upload.ts'
import { messageOf } from '../../../platform/failure.ts'
import { isLoopback } from '../../../platform/loopback.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'
import type { Enrolled } from './enrolled-file.ts'

const answerMsMax = 120_000
const answerCharsMax = 2000

export async function sendSigned(
  enrolled: Enrolled,
  purpose: UploadPurpose,
  bytes: Uint8Array,
  nowMs: number,
): Promise<Result<void>> {
  const url = new URL(`${enrolled.centreUrl}/enrol/${purpose}`)
  const isTls = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!isTls && host !== 'localhost' && !isLoopback(host))
    return bad('the address of the centre has no TLS: nothing was sent')
  const headers = {
    ...uploadHeaders(purpose, Math.round(nowMs), bytes, enrolled),
    'content-type': 'application/octet-stream',
    'content-length': bytes.length,
  }
  return new Promise((resolve) => {
    const fail = (why: string): void => resolve(bad(why))
    const asked = (isTls ? httpsRequest : httpRequest)(
      url,
      {
        method: 'POST',
        headers,
        signal: AbortSignal.timeout(answerMsMax),
        // A public authority, or the town's own.
        ...(isTls ? { ca: [...rootCertificates, enrolled.authority] } : {}),
      },
      (reply) => {
        let text = ''
        reply.setEncoding('utf8')
        reply.on('error', (error) => fail(messageOf(error)))
        reply.on('data', (part: string) => (text = (text + part).slice(0, answerCharsMax)))
        reply.on('end', () =>
          reply.statusCode === 200
            ? resolve(ok(undefined))
            : fail(`the centre answered ${reply.statusCode}: ${text}`),
        )
      },
    )
    asked.on('error', (error) => fail(`${enrolled.centreUrl}: ${messageOf(error)}`))
    // After an answer it changes nothing; without one, such as after 101 Switching Protocols, no error follows.
    asked.on('close', () => fail('the connection ended without an answer'))
    asked.end(bytes)
  })
}
