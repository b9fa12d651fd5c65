// Checks a centre's certificate without its dates: for a box whose clock was not set since it started.
import type { X509Certificate } from 'node:crypto'
import net from 'node:net'
import { parseAuthorities } from '../../../platform/certificates/certificate-check.ts'

const serverUse = '1.3.6.1.5.5.7.3.1'
const chainMax = 5

/**
 * True when `leaf` is for `host`, may be used by a server, and is signed, over at most five steps, by an authority in
 * `caFile`'s text. It checks what TLS checks except the dates, which are useless while the clock is at 1970.
 */
export function isTrustedDateless(leaf: X509Certificate, host: string, caText: string): boolean {
  const isForHost = net.isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)
  if (isForHost === undefined) return false
  // Node's types call it key usage; it is the extended key usage.
  const uses = leaf.keyUsage as readonly string[] | undefined
  if (uses && !uses.includes(serverUse)) return false
  const authorities = parseAuthorities(caText)
  let certificate: X509Certificate | undefined = leaf
  for (let step = 0; certificate && step < chainMax; step++) {
    const child: X509Certificate = certificate
    if (authorities.some((authority) => isSignedBy(child, authority))) return true
    const next: X509Certificate | undefined = child.issuerCertificate
    certificate = next && next.ca && isSignedBy(child, next) ? next : undefined
  }
  return false
}

function isSignedBy(child: X509Certificate, parent: X509Certificate): boolean {
  return parent.ca && child.checkIssued(parent) && child.verify(parent.publicKey)
}
