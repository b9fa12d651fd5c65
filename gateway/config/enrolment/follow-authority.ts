// Follows the centre to another authority: the new one counts when the old one, which this box trusts, has signed its key.
import { verify, X509Certificate } from 'node:crypto'
import { parseAuthorities } from '../../../platform/certificates/certificate-check.ts'
import { authorityListSchema, type AuthorityStatement } from '../../../protocols/enrolment/messages.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { parseJson } from '../../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'
import type { Enrolled } from './enrolled-file.ts'

const statementCharsMax = 32 * 1024

const isSameKey = (one: X509Certificate, other: X509Certificate): boolean =>
  one.publicKey
    .export({ type: 'spki', format: 'der' })
    .equals(other.publicKey.export({ type: 'spki', format: 'der' }))

const hasIssued = (authority: X509Certificate, one: X509Certificate): boolean =>
  one.checkIssued(authority) && one.verify(authority.publicKey)

/** `isOwnOf`: the box's present certificate is of the authority that signs now. */
export interface Followed {
  authority: string
  isOwnOf: boolean
  /** Its certificate is of one of these. */
  isTrusted: boolean
}

/** Undefined when nothing changes. */
export function followAuthority(
  { authority, certificate }: Pick<Enrolled, 'authority' | 'certificate'>,
  given: AuthorityStatement,
): Result<Followed | undefined> {
  try {
    const json = parseJson(given.statement, statementCharsMax)
    const list = json.ok ? fromZod(authorityListSchema, json.value) : json
    if (!list.ok) return list
    const next = list.value.authorities.map((pem) => new X509Certificate(pem))
    const [first] = next
    if (!first?.ca) return bad('the centre names no authority')
    const trusted = parseAuthorities(authority)
    if (!trusted.some((one) => isSameKey(one, first)) && !isProven(first, given.cross, trusted))
      return bad('the centre names an authority that the one before has not signed: nothing was taken')
    const signature = Buffer.from(given.signature, 'base64')
    if (!verify('sha256', Buffer.from(given.statement), first.publicKey, signature))
      return bad('the list of authorities is not signed by the first of them')
    const text = next.map((one) => one.toString()).join('')
    const own = new X509Certificate(certificate)
    const isOwnOf = hasIssued(first, own)
    const isSame = text === trusted.map((one) => one.toString()).join('')
    if (isSame && isOwnOf) return ok(undefined)
    return ok({ authority: text, isOwnOf, isTrusted: next.some((one) => hasIssued(one, own)) })
  } catch {
    return bad('the list of authorities can not be read')
  }
}

/** The new key, signed by one that is trusted. */
function isProven(
  first: X509Certificate,
  cross: string | undefined,
  trusted: readonly X509Certificate[],
): boolean {
  if (cross === undefined) return false
  const proof = new X509Certificate(cross)
  return proof.ca && isSameKey(proof, first) && trusted.some((one) => hasIssued(one, proof))
}
