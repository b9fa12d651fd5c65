// What a box sends to its centre outside of the uplink: bytes, signed with the key of its certificate, for one purpose and one moment.
import { createHash, sign } from 'node:crypto'

export const uploadPurposes = ['copy', 'bundle', 'plan', 'handover'] as const
export type UploadPurpose = (typeof uploadPurposes)[number]

export const certificateHeader = 'x-gengfu-certificate'
export const signatureHeader = 'x-gengfu-signature'
export const timeHeader = 'x-gengfu-time'

/** The bytes that the box signs: purpose, time and hash of the upload. */
export const uploadDigest = (purpose: UploadPurpose, atMs: number, bytes: Uint8Array): Buffer =>
  Buffer.from(`gengfu ${purpose}\n${atMs}\n${createHash('sha256').update(bytes).digest('hex')}`)

export function uploadHeaders(
  purpose: UploadPurpose,
  atMs: number,
  bytes: Uint8Array,
  { certificate, key }: { certificate: string; key: string },
): Record<string, string> {
  return {
    [certificateHeader]: Buffer.from(certificate).toString('base64'),
    [signatureHeader]: sign('sha256', uploadDigest(purpose, atMs, bytes), key).toString('base64'),
    [timeHeader]: `${atMs}`,
  }
}
