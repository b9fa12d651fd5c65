// What certificates of this centre's authority have in common.
import { randomBytes, webcrypto } from 'node:crypto'
import type { X509Certificate } from '@peculiar/x509'

export const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
/** A box without a clock takes them too. */
export const validFrom = new Date(0)

export const importKey = (pem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey(
    'pkcs8',
    Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64'),
    algorithm,
    false,
    ['sign'],
  )

export const createSerial = (): string => {
  const bytes = randomBytes(12)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

export const pemOf = (certificate: X509Certificate): string => `${certificate.toString('pem')}\n`
