// The certificate with which the box shows itself to its devices: made on the box, under an authority of its own, so that a form is
// enough to encrypt the village's network. Devices trust `ca.crt`; the server's certificate is made anew with the addresses of the day.
import { generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const serverUsage = '1.3.6.1.5.5.7.3.1'
/** A device in a wall is given the authority once; a box without a battery clock may believe that it is 1970. */
const validFrom = new Date(0)
const validUntil = new Date(Date.UTC(2064, 0, 1))

export interface DeviceTlsFiles {
  certFile: string
  keyFile: string
}

const folderOf = (dataDir: string): string => join(dataDir, 'device-tls')
const authorityFile = (dataDir: string): string => join(folderOf(dataDir), 'ca.crt')

/** The authority that devices must trust; undefined before the first certificate. */
export function readDeviceAuthority(dataDir: string): string | undefined {
  const file = authorityFile(dataDir)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

const createSerial = (): string => {
  const bytes = randomBytes(12)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

const importKey = (pem: string) => {
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
}
const newKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return { pem, spki: webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']) }
}

/** Makes the server's certificate for these names and addresses, and the authority at the first time. */
export async function makeDeviceTls(
  dataDir: string,
  boxName: string,
  names: readonly string[],
): Promise<DeviceTlsFiles> {
  // Loaded only for this.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto)
  const folder = folderOf(dataDir)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const caKeyFile = join(folder, 'ca.key')
  const common = {
    notBefore: validFrom,
    notAfter: validUntil,
    signingAlgorithm: algorithm,
  }
  const issuer = [{ CN: [`Gengfu devices ${boxName}`] }]
  if (!existsSync(authorityFile(dataDir)) || !existsSync(caKeyFile)) {
    const key = newKey()
    const made = await x509.X509CertificateGenerator.create({
      ...common,
      serialNumber: createSerial(),
      subject: issuer,
      issuer,
      publicKey: await key.spki,
      signingKey: await importKey(key.pem),
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    })
    // The key first: a certificate without its key would be used for ever.
    replaceFileSync(caKeyFile, key.pem, 0o600)
    replaceFileSync(authorityFile(dataDir), `${made.toString('pem')}\n`, 0o600)
  }
  const authority = new x509.X509Certificate(readFileSync(authorityFile(dataDir), 'utf8'))
  const key = newKey()
  const made = await x509.X509CertificateGenerator.create({
    ...common,
    serialNumber: createSerial(),
    subject: [{ CN: [boxName] }],
    issuer: authority.subjectName,
    publicKey: await key.spki,
    signingKey: await importKey(readFileSync(caKeyFile, 'utf8')),
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([serverUsage]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ],
  })
  // Of one making in one name: a kill between two files must not leave a key that does not fit.
  const serial = made.serialNumber
  const files = { certFile: join(folder, `${serial}.crt`), keyFile: join(folder, `${serial}.key`) }
  replaceFileSync(files.keyFile, key.pem, 0o600)
  replaceFileSync(files.certFile, `${made.toString('pem')}\n`, 0o600)
  return files
}
