// How box and centre prove to each other that they know a one-time code, without sending it. The code has 60 random bits, so that
// it can not be found from what goes over the network in the days for which it counts.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** The name of a code in a request: it says nothing of the code. */
export const codeId = (code: string): string =>
  createHash('sha256').update(`gengfu enrolment id ${code}`).digest('hex')

/** What both sides sign with. The centre stores this, and not the code. */
export const codeKey = (code: string): string =>
  createHash('sha256').update(`gengfu enrolment key ${code}`).digest('hex')

/** HMAC-SHA256 in hexadecimal. */
export const proofOf = (key: string, what: string | Uint8Array): string =>
  createHmac('sha256', Buffer.from(key, 'hex')).update(what).digest('hex')

export function isProof(key: string, what: string | Uint8Array, proof: string): boolean {
  const [right, given] = [proofOf(key, what), proof].map((one) => Buffer.from(one, 'hex'))
  return (
    right?.length === given?.length && timingSafeEqual(right ?? Buffer.alloc(0), given ?? Buffer.alloc(0))
  )
}
