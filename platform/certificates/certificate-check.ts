// Checks what a client certificate proves about a device or box: trusted, within its dates, not revoked.
import { X509Certificate } from 'node:crypto'

export type CertificateFault = 'certificate-expired' | 'certificate-not-yet-valid' | 'certificate-untrusted'

export interface CertificateQuestion {
  certificate: X509Certificate
  /** OpenSSL's error about the chain, as Node reports it; undefined without one. */
  authorizationError: string | undefined
  authorities: readonly X509Certificate[]
  wallMs: number
}

/**
 * Before this date the clock was not set since the power came back: a box has no battery clock and starts in 1970.
 * Refusing every device until the network is back would silence the village, so dates are not checked then.
 */
export const clockIsSetFromMs = Date.UTC(2025, 0, 1)

/** The common name that the certificate proves, or the reason why it proves none. */
export function judgeCertificate(
  question: CertificateQuestion,
): { name: string | undefined } | CertificateFault {
  const { certificate, authorizationError } = question
  if (authorizationError === 'CERT_HAS_EXPIRED') return 'certificate-expired'
  if (authorizationError === 'CERT_NOT_YET_VALID') {
    if (question.wallMs >= clockIsSetFromMs) return 'certificate-not-yet-valid'
    // OpenSSL reports only its last error; the signer must be checked separately.
    const isSigned = question.authorities.some(
      (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    )
    if (!isSigned) return 'certificate-untrusted'
  } else if (authorizationError !== undefined) return 'certificate-untrusted'
  const names = certificate.subject.split('\n').filter((line) => line.startsWith('CN='))
  return { name: names.length === 1 ? names[0]?.slice(3) : undefined }
}

/** Serial number and fingerprint in the form of the revocation list. */
export function certificateMarks(certificate: X509Certificate): string[] {
  return [normalMark(certificate.serialNumber), normalMark(certificate.fingerprint256)]
}

/** Hexadecimal in lower case without colons, blanks and leading zeros. */
export function normalMark(text: string): string {
  return text
    .replaceAll(/[\s:]/g, '')
    .toLowerCase()
    .replace(/^(0x)?0*/, '')
}

/** Every certificate of a PEM file. */
export function parseAuthorities(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => new X509Certificate(block))
}
