// Issues the certificate of a listener anew: with the next authority while one is under way, for the same key, names and addresses.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { cryptoProvider, X509Certificate, X509CertificateGenerator } from '@peculiar/x509'
import { parseAuthorities } from '../../platform/certificates/certificate-check.ts'
import { nextOf } from '../../platform/certificates/next-file.ts'
import { replaceFileSync } from '../../platform/disk/replace-file.ts'
import type { AuthorityFiles } from './authority-set.ts'
import { algorithm, createSerial, importKey, pemOf, validFrom } from './signing.ts'

/** Subject and authority key identifiers are those of the old pair. */
const identifiers: ReadonlySet<string> = new Set(['2.5.29.14', '2.5.29.35'])

/**
 * Only the file of the certificate changes, in one step. The certificate that the old authority gave to the new one stands behind it: a box
 * that trusts the old authority alone follows by it, and one that trusts the new one needs it not.
 */
export async function renewServerCertificate(
  certFile: string,
  { certFile: authorityFile, keyFile }: AuthorityFiles,
  nowMs: number,
  days: number,
): Promise<void> {
  cryptoProvider.set(webcrypto)
  const isNext = existsSync(nextOf(authorityFile)) && existsSync(nextOf(keyFile))
  const [certificates, key] = [authorityFile, keyFile].map((file) =>
    readFileSync(isNext ? nextOf(file) : file, 'utf8'),
  ) as [string, string]
  const [authority, cross] = parseAuthorities(certificates).map((one) => new X509Certificate(one.toString()))
  const [before] = parseAuthorities(readFileSync(certFile, 'utf8'))
  if (!authority || !before) throw new Error('no certificate')
  const old = new X509Certificate(before.toString())
  const issued = await X509CertificateGenerator.create({
    serialNumber: createSerial(),
    subject: old.subjectName,
    issuer: authority.subjectName,
    notBefore: validFrom,
    notAfter: new Date(Math.min(nowMs + days * 86_400_000, authority.notAfter.getTime())),
    publicKey: old.publicKey,
    signingKey: await importKey(key),
    signingAlgorithm: algorithm,
    extensions: old.extensions.filter(({ type }) => !identifiers.has(type)),
  })
  replaceFileSync(certFile, pemOf(issued) + (isNext && cross ? pemOf(cross) : ''), 0o644)
}
