// The camera's side of HTTP Digest over the bytes of its realm, for habits about these bytes.
import { createHash } from 'node:crypto'
import { account } from './habit.ts'

const md5 = (text: string): string => createHash('md5').update(text, 'latin1').digest('hex')

/** The answered nonce, when the answer is right; undefined for any other. `realm` is in latin1, byte for byte. */
export function answeredNonce(header: string | undefined, method: string, realm = 'cam'): string | undefined {
  if (!header?.startsWith('Digest ')) return undefined
  const fields = Object.fromEntries(
    [...header.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^,\s]+))/g)].map(([, name, quoted, bare]) => [
      name,
      quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '',
    ]),
  )
  const { username, uri, nonce, nc, cnonce, qop, response } = fields
  if (username !== account.user || fields['realm'] !== realm) return undefined
  const ha1 = md5(`${account.user}:${realm}:${account.password}`)
  const ha2 = md5(`${method}:${uri}`)
  const middle = qop === undefined ? '' : `${nc}:${cnonce}:${qop}:`
  return response === md5(`${ha1}:${nonce}:${middle}${ha2}`) ? nonce : undefined
}
