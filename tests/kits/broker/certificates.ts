// Certificates for tests: an authority, servers and devices with it, expired ones, and a revocation list.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
  X509CrlReason,
  type X509Certificate,
} from '@peculiar/x509'

cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[0])

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000
let serial = 1000

export interface Issued {
  certificate: X509Certificate
  cert: string
  key: string
  serialNumber: string
}

export interface IssueChoice {
  addresses?: readonly string[]
  notBefore?: Date
  notAfter?: Date
}

export interface TestAuthority {
  cert: string
  key: string
  issueDevice(name: string, choice?: IssueChoice): Promise<Issued>
  /** For loopback, or for these addresses. */
  issueServer(addresses?: readonly string[], choice?: IssueChoice): Promise<Issued>
  crl(revoked: Issued[]): Promise<string>
}

async function exportKey(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}

const createKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>

export async function createAuthority(name = 'village authority'): Promise<TestAuthority> {
  const keys = await createKeys()
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 3650 * dayMs),
    notAfter: new Date(Date.now() + 3650 * dayMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, 1, true)],
  })
  const issue = async (subject: string, usage: string, choice: IssueChoice): Promise<Issued> => {
    const own = await createKeys()
    const certificate = await X509CertificateGenerator.create({
      serialNumber: (++serial).toString(16).padStart(6, '0'),
      subject: `CN=${subject}`,
      issuer: root.subject,
      notBefore: choice.notBefore ?? new Date(Date.now() - dayMs),
      notAfter: choice.notAfter ?? new Date(Date.now() + 400 * dayMs),
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(false),
        new ExtendedKeyUsageExtension([usage]),
        new SubjectAlternativeNameExtension(
          (choice.addresses ?? ['127.0.0.1']).map((value) => ({ type: 'ip', value })),
        ),
      ],
    })
    return {
      certificate,
      cert: certificate.toString('pem'),
      key: await exportKey(own),
      serialNumber: certificate.serialNumber,
    }
  }
  return {
    cert: root.toString('pem'),
    key: await exportKey(keys),
    issueDevice: (device, choice = {}) => issue(device, '1.3.6.1.5.5.7.3.2', choice),
    issueServer: (addresses = ['127.0.0.1'], choice = {}) =>
      issue('gateway', '1.3.6.1.5.5.7.3.1', { ...choice, addresses }),
    crl: async (revoked) => {
      const list = await X509CrlGenerator.create({
        issuer: root.subject,
        // Expired long ago on purpose: an old list still counts.
        thisUpdate: new Date(Date.now() - 100 * dayMs),
        nextUpdate: new Date(Date.now() - 50 * dayMs),
        signingAlgorithm: algorithm,
        signingKey: keys.privateKey,
        entries: revoked.map(({ serialNumber }) => ({
          serialNumber,
          revocationDate: new Date(Date.now() - 60 * dayMs),
          reason: X509CrlReason.keyCompromise,
        })),
      })
      return list.toString('pem').replaceAll(/(BEGIN|END) CRL/g, '$1 X509 CRL')
    },
  }
}

/** Writes the files of a TLS listener into `folder` and returns their settings. */
export async function writeTlsFiles(folder: string, authority: TestAuthority, revoked: string) {
  const server = await authority.issueServer()
  const tls = {
    certFile: join(folder, 'server.pem'),
    keyFile: join(folder, 'server.key'),
    caFile: join(folder, 'ca.pem'),
    revokedFile: join(folder, 'revoked'),
    requireClientCertificate: false,
  }
  await writeFile(tls.certFile, server.cert)
  await writeFile(tls.keyFile, server.key)
  await writeFile(tls.caFile, authority.cert)
  await writeFile(tls.revokedFile, revoked)
  return tls
}
