// Takes secrets out of texts that leave the machine: what stands in the secret files of the configuration, whatever it is in, and what
// looks like a secret anywhere.
import { readFileSync, statSync } from 'node:fs'
import { isSecretFileKey } from '../strangers/insecure-settings.ts'

const secretFileBytesMax = 256 * 1024
/** Shorter ones would take words out of every text. */
const secretCharsMin = 4
export const removed = '[removed]'

/** Keys of the configuration whose value is a secret. */
const secretKey =
  /pass(word|wd|phrase)?|secret|token|credential|api[_-]?key|private|salt|^pin$|community|^key$/i

/** Every value that must not appear: the content of secret files as a whole, by lines, and behind the name in `name:value`. */
export function secretsOf(config: unknown): string[] {
  const found = new Set<string>()
  const add = (text: string): void => {
    const plain = text.trim()
    if (plain.length >= secretCharsMin) found.add(plain)
  }
  const walk = (value: unknown, key: string): void => {
    if (Array.isArray(value)) return value.forEach((inner) => walk(inner, key))
    if (typeof value === 'object' && value !== null)
      return Object.entries(value).forEach(([name, inner]) => walk(inner, name))
    if (typeof value !== 'string') return
    if (isSecretFileKey(key)) readLines(value).forEach(add)
    else if (secretKey.test(key) && !key.endsWith('File')) add(value)
  }
  walk(config, '')
  // The longest first: one may be part of another.
  return [...found].sort((one, other) => other.length - one.length)
}

function readLines(file: string): string[] {
  try {
    if (statSync(file).size > secretFileBytesMax) return []
    const text = readFileSync(file, 'utf8')
    const lines = text.split(/\r?\n/).filter((line) => !line.startsWith('-----'))
    return [
      text,
      ...lines,
      ...lines.flatMap((line) => (line.includes(':') ? [line.slice(line.indexOf(':') + 1)] : [])),
    ]
  } catch {
    return []
  }
}

const patterns: readonly [pattern: RegExp, by: string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, removed],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*/g, removed],
  // user:password@ in an address.
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, `$1${removed}@`],
  [/\b(Bearer|Basic|Digest)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${removed}`],
  // One-time codes of boxes.
  [/\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]\b/g, removed],
  [/(\/e#)[^\s"']+/g, `$1${removed}`],
  // "password":"...", password=..., secret: ... in JSON, YAML and addresses.
  [
    /(["']?[\w-]*(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|authorization|credential)["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&"'}\]]+)/gi,
    `$1"${removed}"`,
  ],
  // Hashes of passwords.
  [/\$(?:scrypt|argon2id?|2[aby]|6|7)\$[^\s"':,]+/g, removed],
]

/** The text without any of these secrets and without what looks like one. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let plain = text
  for (const secret of secrets) {
    plain = plain.replaceAll(secret, removed)
    const escaped = JSON.stringify(secret).slice(1, -1)
    if (escaped !== secret) plain = plain.replaceAll(escaped, removed)
    const coded = encodeURIComponent(secret)
    if (coded !== secret) plain = plain.replaceAll(coded, removed)
    plain = plain.replaceAll(Buffer.from(secret).toString('base64'), removed)
  }
  for (const [pattern, by] of patterns) plain = plain.replaceAll(pattern, by)
  return plain
}
