// Signatures in the format of minisign (https://jedisct1.github.io/minisign/): Ed25519 over BLAKE2b-512 of the file, and a second one over
// the first and the trusted comment. node:crypto alone; both have to hold. The older form without BLAKE2b ("Ed") is refused.
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'

export interface MinisignKey {
  /** 16 hexadecimal digits, as the minisign program prints them. */
  id: string
  key: KeyObject
}

export interface MinisignProof {
  keyId: string
  trustedComment: string
}

const publicKeyBytes = 2 + 8 + 32
const signatureBytes = 2 + 8 + 64
const edwardsBytes = 64
/** Of SubjectPublicKeyInfo for Ed25519, before the 32 bytes of the key (RFC 8410). */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex')
/** Keys in one file: the one in use and the next one, while keys are changed. */
const keysMax = 8
const linesMax = 64

/** Every key of a file of public keys: those of minisign one after another. Never throws. */
export function parseMinisignKeys(text: string): Result<MinisignKey[]> {
  const lines = plainLines(text).filter((line) => !line.startsWith('untrusted comment:'))
  if (lines.length === 0) return bad('no key of minisign in it')
  if (lines.length > keysMax) return bad(`at most ${keysMax} keys`)
  const keys: MinisignKey[] = []
  for (const line of lines) {
    const bytes = fromBase64(line, publicKeyBytes)
    if (bytes?.toString('latin1', 0, 2) !== 'Ed') return bad('a line that is no public key of minisign')
    const key = createPublicKey({
      key: Buffer.concat([derPrefix, bytes.subarray(10)]),
      format: 'der',
      type: 'spki',
    })
    keys.push({ id: idOf(bytes), key })
  }
  return ok(keys)
}

/** Checks `signature`, the text of a .minisig file, over `bytes`. Never throws. */
export function verifyMinisign(
  keys: readonly MinisignKey[],
  bytes: Uint8Array,
  signature: string,
): Result<MinisignProof> {
  const [untrusted, first = '', comment = '', second = '', ...more] = plainLines(signature)
  if (
    !untrusted?.startsWith('untrusted comment:') ||
    !comment.startsWith('trusted comment: ') ||
    more.length > 0
  )
    return bad('not a signature file of minisign')
  const own = fromBase64(first, signatureBytes)
  const global = fromBase64(second, edwardsBytes)
  if (!own || !global) return bad('not a signature file of minisign')
  const algorithm = own.toString('latin1', 0, 2)
  if (algorithm === 'Ed')
    return bad('signed without BLAKE2b: sign again with minisign 0.11 or newer, or with -H')
  if (algorithm !== 'ED') return bad('a signature of an unknown kind')
  const keyId = idOf(own)
  const signer = keys.find(({ id }) => id === keyId)
  if (!signer) return bad(`signed with the key ${keyId}, which this machine does not trust`)
  const hash = createHash('blake2b512').update(bytes).digest()
  const raw = own.subarray(10)
  if (!verify(null, hash, signer.key, raw)) return bad('the signature does not fit the file')
  const trustedComment = comment.slice('trusted comment: '.length)
  if (!verify(null, Buffer.concat([raw, Buffer.from(trustedComment)]), signer.key, global))
    return bad('the trusted comment was changed')
  return ok({ keyId, trustedComment })
}

/** minisign writes the id as a little-endian number. */
const idOf = (bytes: Buffer): string =>
  Buffer.from(bytes.subarray(2, 10)).reverse().toString('hex').toUpperCase()

const plainLines = (text: string): string[] =>
  text
    .split('\n', linesMax)
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '')

/** Undefined unless it is exactly `length` bytes in canonical Base64. */
function fromBase64(text: string, length: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === length && bytes.toString('base64') === text ? bytes : undefined
}
