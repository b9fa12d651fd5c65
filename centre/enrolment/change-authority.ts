// Changes the authority of the boxes: a new one beside the old one, and later the end of the old one. Each step can be repeated after a kill.
import 'reflect-metadata'
import { randomBytes, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import {
  BasicConstraintsExtension,
  cryptoProvider,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { parseAuthorities } from '../../platform/certificates/certificate-check.ts'
import { nextOf } from '../../platform/certificates/next-file.ts'
import { replaceFileSync } from '../../platform/disk/replace-file.ts'
import { isPair, type AuthorityFiles } from './authority-set.ts'
import { algorithm, createSerial, importKey, pemOf, validFrom } from './signing.ts'

const keyUsages = new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true)

async function keyText(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}

/** The next authority, and the same key signed by the old one: boxes that trust the old one follow by it. */
async function makeNext(
  { certFile, keyFile }: AuthorityFiles,
  nowMs: number,
  days: number,
): Promise<{ certificates: string; key: string }> {
  cryptoProvider.set(webcrypto)
  const old = new X509Certificate(readFileSync(certFile, 'utf8'))
  const oldKey = await importKey(readFileSync(keyFile, 'utf8'))
  const { publicKey, privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const name = /(?:^|, ?)CN=([^,]+)/.exec(old.subject)?.[1] ?? 'Gengfu'
  // Another name than the old one's: programs look for an issuer by name.
  const subject = `CN=${name.replace(/ \d{4}-\d\d-\d\d( [0-9a-f]{4})?$/, '')} ${new Date(nowMs).toISOString().slice(0, 10)} ${randomBytes(2).toString('hex')}`
  const common = {
    notBefore: validFrom,
    notAfter: new Date(nowMs + days * 86_400_000),
    signingAlgorithm: algorithm,
  }
  const extensions = [new BasicConstraintsExtension(true, 0, true), keyUsages]
  const own = await X509CertificateGenerator.create({
    ...common,
    serialNumber: createSerial(),
    subject,
    issuer: subject,
    publicKey,
    signingKey: privateKey,
    extensions,
  })
  const cross = await X509CertificateGenerator.create({
    ...common,
    serialNumber: createSerial(),
    subject,
    issuer: old.subjectName,
    publicKey,
    signingKey: oldKey,
    extensions,
  })
  return { certificates: pemOf(own) + pemOf(cross), key: await keyText(privateKey) }
}

export type RotateOutcome = 'begun' | 'under-way'

/** `trusting`: files of listeners that trust the old authority; they trust both until the end. */
export async function beginRotation(
  files: AuthorityFiles,
  trusting: readonly string[],
  nowMs: number,
  days: number,
): Promise<RotateOutcome> {
  const [certificate, key] = [nextOf(files.certFile), nextOf(files.keyFile)]
  let outcome: RotateOutcome = 'under-way'
  // The certificate is written last: a key alone is nothing yet, and the next try makes another one.
  if (!existsSync(certificate) || !existsSync(key)) {
    const made = await makeNext(files, nowMs, days)
    replaceFileSync(key, made.key, 0o600)
    replaceFileSync(certificate, made.certificates, 0o644)
    outcome = 'begun'
  }
  const [next = ''] = parseAuthorities(readFileSync(certificate, 'utf8')).map((one) => one.toString())
  for (const file of trusting.filter((one) => one !== files.certFile)) {
    const text = readFileSync(file, 'utf8')
    if (!text.includes(next.trim())) replaceFileSync(file, `${text.trimEnd()}\n${next}`, 0o644)
  }
  return outcome
}

export type EndOutcome = 'ended' | 'nothing'

/** The new authority takes the place of the old one. */
export async function endRotation(files: AuthorityFiles, trusting: readonly string[]): Promise<EndOutcome> {
  const [certificate, key] = [nextOf(files.certFile), nextOf(files.keyFile)]
  if (!existsSync(certificate)) return 'nothing'
  const [next = ''] = parseAuthorities(readFileSync(certificate, 'utf8')).map((one) => one.toString())
  const old = parseAuthorities(readFileSync(files.certFile, 'utf8'))[0]
  for (const file of trusting.filter((one) => one !== files.certFile)) {
    const left = parseAuthorities(readFileSync(file, 'utf8')).filter(
      ({ fingerprint256 }) => fingerprint256 !== old?.fingerprint256,
    )
    const isThere = left.some((one) => one.fingerprint256 === new NodeCertificate(next).fingerprint256)
    const all = [...left.map((one) => one.toString()), ...(isThere ? [] : [next])]
    replaceFileSync(file, all.join(''), 0o644)
  }
  // A kill after the first of these: the pair is whole again with the second, which this repeats.
  if (existsSync(key)) replaceFileSync(files.keyFile, readFileSync(key, 'utf8'), 0o600)
  replaceFileSync(files.certFile, next, 0o644)
  if (!(await isPair(next, readFileSync(files.keyFile, 'utf8'))))
    throw new Error('the next authority has no key')
  rmSync(certificate, { force: true })
  rmSync(key, { force: true })
  return 'ended'
}

/** Files of listeners in which the old authority is trusted. */
export function trustingFiles(caFiles: readonly string[], certFile: string): string[] {
  const own = new NodeCertificate(readFileSync(certFile, 'utf8')).fingerprint256
  return [...new Set(caFiles)].filter((file) =>
    parseAuthorities(readFileSync(file, 'utf8')).some(({ fingerprint256 }) => fingerprint256 === own),
  )
}

/** Whether a certificate file was issued by the authority in another one. */
export function isIssuedBy(certFile: string, authorityPem: string): boolean {
  const [leaf] = parseAuthorities(readFileSync(certFile, 'utf8'))
  const [authority] = parseAuthorities(authorityPem)
  return (
    leaf !== undefined &&
    authority !== undefined &&
    leaf.checkIssued(authority) &&
    leaf.verify(authority.publicKey)
  )
}
