// A box's key, made on the box, and the request for a certificate of it.
import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** ECDSA on P-256, PKCS#8 in PEM. */
export const createKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()

/** PKCS#10 of this key. */
export async function createRequest(keyPem: string): Promise<{ pem: string; der: Uint8Array }> {
  // Loaded only for this.
  await import('reflect-metadata')
  const { cryptoProvider, Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509')
  cryptoProvider.set(webcrypto)
  const der = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' })
  const spki = createPublicKey(keyPem).export({ type: 'spki', format: 'der' })
  const { subtle } = webcrypto
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=box',
    keys: {
      privateKey: await subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
      publicKey: await subtle.importKey('spki', spki, algorithm, true, ['verify']),
    },
    signingAlgorithm: algorithm,
  })
  return { pem: made.toString('pem'), der: new Uint8Array(made.rawData) }
}
