// The centre as certificate authority of its boxes: it signs the key of a box, always under the name for which the code was made.
// The key lies in a file of its own, readable by the centre alone.
import 'reflect-metadata'
import {
  createHash,
  createPrivateKey,
  randomBytes,
  sign,
  webcrypto,
  X509Certificate as NodeCertificate,
} from 'node:crypto'
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const clientUsage = '1.3.6.1.5.5.7.3.2'
/** A box has no battery clock: on the first day after a power cut it may believe that it is 1970. */
const validFrom = new Date(0)

export interface SignedCertificate {
  pem: string
  /** Hexadecimal in lower case. */
  serial: string
  /** SHA-256 of the public key. */
  key: string
  notAfterMs: number
}

/** A request whose own signature is right. */
export interface BoxRequest {
  der: Uint8Array
  /** SHA-256 of its public key (SPKI), in hexadecimal. */
  key: string
}

export interface Authority {
  pem: string
  /** SHA-256 of its public key, in hexadecimal: boxes pin it. */
  hash: string
  sign(request: BoxRequest, box: string, notAfterMs: number): Promise<SignedCertificate>
  /** The common name in a certificate that this authority has signed, and its key; undefined for any other. */
  nameIn(pem: string): IssuedTo | undefined
  /** Its signature of a text: ECDSA with SHA-256, DER in Base64. */
  prove(text: string): string
}

export interface IssuedTo {
  box: string
  serial: string
  endsMs: number
  publicKey: NodeCertificate['publicKey']
}

/** The holder of a certificate that `authority` has signed; undefined for any other. */
export function readIssued(authority: NodeCertificate, pem: string): IssuedTo | undefined {
  const given = new NodeCertificate(pem)
  if (given.ca || !given.checkIssued(authority) || !given.verify(authority.publicKey)) return undefined
  const names = given.subject.split('\n').filter((line) => line.startsWith('CN='))
  const [box] = names.length === 1 ? names.map((line) => line.slice(3)) : []
  if (box === undefined) return undefined
  const { publicKey, validTo } = given
  return { box, serial: given.serialNumber.toLowerCase(), endsMs: Date.parse(validTo), publicKey }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
/** Positive, as RFC 5280 wants it, and without a leading zero byte. */
function createSerial(): string {
  const bytes = randomBytes(12)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

/** Throws when the files are no authority, or do not belong together. */
export async function openAuthority(certificatePem: string, keyPem: string): Promise<Authority> {
  cryptoProvider.set(webcrypto)
  const own = new NodeCertificate(certificatePem)
  const certificate = new X509Certificate(certificatePem)
  const der = Buffer.from(keyPem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  if (!own.ca) throw new Error('the certificate is no authority')
  const authority: Authority = {
    pem: own.toString(),
    hash: sha256(own.publicKey.export({ type: 'spki', format: 'der' })),
    sign: async (request, box, notAfterMs) => {
      const serial = createSerial()
      const signed = await X509CertificateGenerator.create({
        serialNumber: serial,
        subject: [{ CN: [box] }],
        issuer: certificate.subjectName,
        notBefore: validFrom,
        notAfter: new Date(notAfterMs),
        publicKey: new Pkcs10CertificateRequest(request.der).publicKey,
        signingKey,
        signingAlgorithm: algorithm,
        extensions: [
          new BasicConstraintsExtension(false),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([clientUsage]),
        ],
      })
      return { pem: `${signed.toString('pem')}\n`, serial, key: request.key, notAfterMs }
    },
    nameIn: (pem) => readIssued(own, pem),
    prove: (text) => sign('sha256', Buffer.from(text), createPrivateKey(keyPem)).toString('base64'),
  }
  // Found at the start, not at the first box.
  const probe = await webcrypto.subtle.sign(algorithm, signingKey, der.subarray(0, 8))
  const isPair = await webcrypto.subtle.verify(
    algorithm,
    (await certificate.publicKey.export()) as webcrypto.CryptoKey,
    probe,
    der.subarray(0, 8),
  )
  if (!isPair) throw new Error('the key does not belong to the certificate of the authority')
  return authority
}

/** A request of a key that can be used here: ECDSA on P-256, and signed with that very key. */
export async function readBoxRequest(pem: string): Promise<Result<BoxRequest>> {
  try {
    cryptoProvider.set(webcrypto)
    const request = new Pkcs10CertificateRequest(pem)
    const { algorithm: keyAlgorithm } = request.publicKey as {
      algorithm: { name?: string; namedCurve?: string }
    }
    if (keyAlgorithm.name !== 'ECDSA' || keyAlgorithm.namedCurve !== 'P-256')
      return bad('a request with a key of ECDSA on P-256')
    if (!(await request.verify())) return bad('the request is not signed with its own key')
    const der = new Uint8Array(request.rawData)
    return ok({ der, key: sha256(new Uint8Array(request.publicKey.rawData)) })
  } catch {
    return bad('a certificate request: PKCS#10 in PEM')
  }
}
