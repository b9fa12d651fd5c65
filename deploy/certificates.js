// Makes an authority and the certificates that it signs: for a centre, for boxes, for a box's own listener, for devices.
// Plain JavaScript, because it runs on the machine that keeps the authority's key and needs nothing but this package.
import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { Command, CommanderError } from 'commander'

cryptoProvider.set(webcrypto)

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000
const authorityDays = 7300
const daysMax = 7300
const serverUsage = '1.3.6.1.5.5.7.3.1'
const clientUsage = '1.3.6.1.5.5.7.3.2'
/** A box has no battery clock: on the first day after a power cut it may believe that it is 1970. */
const validFrom = new Date(0)

class UsageFailure extends Error {}

const createKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

/** Positive, as RFC 5280 wants it, and without a leading zero byte. */
const createSerial = () => {
  const bytes = randomBytes(12)
  bytes[0] = (bytes[0] & 0x7f) | 0x40
  return bytes.toString('hex')
}

const untilDays = (days) => new Date(Date.now() + days * dayMs)

async function keyText(keys) {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  const lines = der.toString('base64').match(/.{1,64}/g)
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}

/** Never over a file that is there: a lost authority key means a visit to every box. */
function write(folder, name, certificate, key) {
  const files = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
  const taken = files.find((file) => existsSync(file))
  if (taken) throw new UsageFailure(`${taken} is there already 文件已存在`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(files[1], key, { mode: 0o600, flag: 'wx' })
  writeFileSync(files[0], `${certificate.toString('pem')}\n`, { mode: 0o644, flag: 'wx' })
  for (const file of files) process.stdout.write(`${file}\n`)
}

async function makeAuthority({ dir, name }) {
  const keys = await createKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: createSerial(),
    name: [{ CN: [name] }],
    notBefore: validFrom,
    notAfter: untilDays(authorityDays),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  write(dir, 'ca', certificate, await keyText(keys))
}

async function readAuthority(folder) {
  const [crt, key] = [join(folder, 'ca.crt'), join(folder, 'ca.key')]
  if (!existsSync(crt) || !existsSync(key))
    throw new UsageFailure(
      `no authority in ${folder}: run "certificates.js authority --dir ${folder}" first 请先建立 CA`,
    )
  const der = Buffer.from(readFileSync(key, 'utf8').replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  return {
    certificate: new X509Certificate(readFileSync(crt, 'utf8')),
    privateKey: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
  }
}

async function issue({ dir, name, usage, days, hosts }) {
  const authority = await readAuthority(dir)
  const keys = await createKeys()
  const names = hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))
  const certificate = await X509CertificateGenerator.create({
    serialNumber: createSerial(),
    subject: [{ CN: [name] }],
    issuer: authority.certificate.subjectName,
    notBefore: validFrom,
    notAfter: untilDays(days),
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([usage]),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  })
  write(dir, name, certificate, await keyText(keys))
}

function days(text) {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > daysMax)
    throw new UsageFailure(`--days: a whole number from 1 to ${daysMax}`)
  return value
}

/** Device ids and box ids alike: what the programs take from a certificate's common name. */
function commonName(text) {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text))
    throw new UsageFailure(`"${text}": 1 to 64 letters, digits, dots, dashes, underscores`)
  if (text === 'ca') throw new UsageFailure('"ca" is the name of the authority')
  return text
}

const program = new Command('node deploy/certificates.js')
  .description('certificates for centre, boxes and devices 为中心、网关与设备签发证书')
  .exitOverride()

const dirFlag = ['--dir <folder>', 'where ca.crt and ca.key are 证书目录']
const daysFlag = ['--days <n>', 'how long it is valid 有效天数', '1825']

program
  .command('authority')
  .description('ca.crt and ca.key: keep the key off line 建立 CA')
  .requiredOption(...dirFlag)
  .option('--name <name>', 'name 名称', 'Gengfu authority')
  .action(makeAuthority)

program
  .command('server')
  .description("for the centre, or for a box's own TLS listener 服务器证书")
  .requiredOption(...dirFlag)
  .requiredOption('--name <name>', 'name of the files 文件名')
  .requiredOption('--host <host...>', 'every name and address that clients connect to 主机名或 IP')
  .option(...daysFlag)
  .action(({ dir, name, host, days: text }) =>
    issue({ dir, name: commonName(name), usage: serverUsage, days: days(text), hosts: host }),
  )

program
  .command('client')
  .description('for a box (its box id) or a device (its device id) 网关或设备证书')
  .requiredOption(...dirFlag)
  .requiredOption('--id <id>', 'box id or device id 编号')
  .option(...daysFlag)
  .action(({ dir, id, days: text }) =>
    issue({ dir, name: commonName(id), usage: clientUsage, days: days(text), hosts: [] }),
  )

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof UsageFailure) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  } else if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else throw error
}
