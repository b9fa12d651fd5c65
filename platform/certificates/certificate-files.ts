// Checks certificate and key files: readable, within their dates, and a matching pair.
import { createPrivateKey, type X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Problem } from '../../protocols/kit/result.ts'
import { parseAuthorities } from './certificate-check.ts'

export interface CertificateFiles {
  /** Prefix of the names of the keys, such as `uplink`. */
  path: string
  certFile?: string | undefined
  keyFile?: string | undefined
  caFile?: string | undefined
  /** The common name that the certificate must have. */
  name?: string | undefined
}

/**
 * Everything that prevents these files from working; `wallMs` undefined: the clock is not known, dates are not checked.
 */
export function checkCertificateFiles(files: CertificateFiles, wallMs: number | undefined): Problem[] {
  const { path, certFile, keyFile, caFile, name } = files
  const problems: Problem[] = []
  const add = (key: string, message: string): void => void problems.push({ path: `${path}.${key}`, message })
  const pem = (key: string, file: string | undefined): string | undefined => {
    if (file === undefined) return undefined
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      add(key, cannotRead(file, error))
      return undefined
    }
  }
  const certificates = (key: string, text: string): X509Certificate[] => {
    try {
      const found = parseAuthorities(text)
      if (found.length === 0) throw new Error('no certificate')
      return found
    } catch {
      add(key, 'not a certificate in PEM 不是 PEM 证书')
      return []
    }
  }
  const judgeDates = (key: string, certificate: X509Certificate): void => {
    const ended = wallMs !== undefined && Date.parse(certificate.validTo) < wallMs
    if (ended) add(key, `ended on ${certificate.validTo}: renew it 证书已过期，请换证`)
  }
  const [certText, keyText, caText] = [
    pem('certFile', certFile),
    pem('keyFile', keyFile),
    pem('caFile', caFile),
  ]
  const [leaf, ...others] = certText === undefined ? [] : certificates('certFile', certText)
  const fault = keyText === undefined ? undefined : keyFault(keyText, leaf)
  const isWrongOrder = keyText !== undefined && others.some((other) => keyFault(keyText, other) === undefined)
  if (fault && isWrongOrder) add('certFile', wrongOrder)
  else if (fault) add('keyFile', fault)
  if (leaf) {
    judgeDates('certFile', leaf)
    const own = commonNameOf(leaf)
    if (name !== undefined && own !== name && !isWrongOrder)
      add(
        'certFile',
        `the certificate is for "${own ?? ''}", not for box.id "${name}" 证书名称与 box.id 不一致`,
      )
  }
  if (caText !== undefined) {
    const authorities = certificates('caFile', caText)
    for (const authority of authorities) judgeDates('caFile', authority)
    if (authorities.length > 0 && !authorities.some(({ ca }) => ca))
      add(
        'caFile',
        'no certificate of an authority in it: this is the file that ca.crt was copied to 不是机构证书',
      )
  }
  return problems
}

const wrongOrder =
  'the chain is in the wrong order: the certificate of the key comes first 证书链顺序不对：私钥对应的证书应在最前'

/** The one common name of a certificate. */
export function commonNameOf(certificate: X509Certificate): string | undefined {
  const names = certificate.subject.split('\n').filter((line) => line.startsWith('CN='))
  return names.length === 1 ? names[0]?.slice(3) : undefined
}

function keyFault(text: string, leaf: X509Certificate | undefined): string | undefined {
  try {
    const key = createPrivateKey(text)
    return leaf && !leaf.checkPrivateKey(key)
      ? 'the key does not fit the certificate in certFile 私钥与证书不匹配'
      : undefined
  } catch {
    return 'not a private key in PEM 不是 PEM 私钥'
  }
}

/** In words; for missing rights, with the next step. */
export function cannotRead(file: string, error: unknown): string {
  const { code, message } = error as { code?: string; message: string }
  if (code === 'ENOENT') return `${file} is not there 文件不存在`
  if (code === 'EACCES' || code === 'EPERM')
    return `${file} can not be read by this user: chown root:gengfu, chmod 0640 (and 0750 for its folder) 服务用户无权读取`
  return `${file} can not be read: ${message} 无法读取`
}
