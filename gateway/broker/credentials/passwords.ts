// Device passwords as salted scrypt hashes, and the lines of the password file that contain them.
import { scrypt, timingSafeEqual } from 'node:crypto'
import { isDeviceId } from '../../../protocols/domain/names.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'

export interface PasswordHash {
  cost: number
  blockSize: number
  parallelism: number
  salt: Buffer
  hash: Buffer
}

// Device passwords are random, not chosen by people, so a small cost is enough: 4 MB and some 10 ms each here. With a
// larger cost 500 devices of a village would wait after every power cut.
const defaultCost = { cost: 4096, blockSize: 8, parallelism: 1 }
const saltBytes = 16
const hashBytes = 32

/** Upper bounds for the cost in a password file: 64 MB and about a second. */
const costMax = 65_536
const blockSizeMax = 8
const parallelismMax = 4

/** Longest password that is checked. */
export const passwordBytesMax = 256

function derive(
  password: Uint8Array,
  parameters: Omit<PasswordHash, 'hash'>,
  length: number,
): Promise<Buffer> {
  const { cost: N, blockSize: r, parallelism: p, salt } = parameters
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, { N, r, p, maxmem: 256 * N * r + 1_048_576 }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}

/** `scrypt$N$r$p$salt$hash` for a new password; the salt comes from `random`, which must be the system's. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = Buffer.from(random.hex(saltBytes), 'hex')
  const hash = await derive(Buffer.from(password), { ...defaultCost, salt }, hashBytes)
  const { cost, blockSize, parallelism } = defaultCost
  return ['scrypt', cost, blockSize, parallelism, salt.toString('base64'), hash.toString('base64')].join('$')
}

/** The hash for unknown names: comparing with it takes as long as with a real one, and no password matches it. */
export const decoyHash: PasswordHash = {
  ...defaultCost,
  salt: Buffer.alloc(saltBytes),
  hash: Buffer.alloc(hashBytes),
}

export async function passwordMatches(password: Uint8Array, expected: PasswordHash): Promise<boolean> {
  if (password.byteLength > passwordBytesMax) return false
  return timingSafeEqual(await derive(password, expected, expected.hash.length), expected.hash)
}

export function parsePasswordHash(text: string): Result<PasswordHash> {
  const [scheme, ...rest] = text.split('$')
  const [cost, blockSize, parallelism] = rest.slice(0, 3).map((text) => Number(text)) as [
    number,
    number,
    number,
  ]
  const [salt, hash] = rest.slice(3).map((part) => Buffer.from(part, 'base64'))
  const isWithin = (value: number, max: number): boolean =>
    Number.isInteger(value) && value >= 1 && value <= max
  if (scheme !== 'scrypt' || rest.length !== 5 || !salt || !hash) return bad('scrypt$N$r$p$salt$hash')
  if (!isWithin(cost, costMax) || cost < 2 || (cost & (cost - 1)) !== 0)
    return bad(`N a power of two, at most ${costMax}`)
  if (!isWithin(blockSize, blockSizeMax)) return bad(`r at most ${blockSizeMax}`)
  if (!isWithin(parallelism, parallelismMax)) return bad(`p at most ${parallelismMax}`)
  if (salt.length < 8 || hash.length < 16 || hash.length > 64)
    return bad('a salt of 8 bytes or more and a hash of 16 to 64')
  return ok({ cost, blockSize, parallelism, salt, hash })
}

export interface PasswordLines {
  /** Device to hash, both as written. */
  entries: Map<string, { text: string; hash: PasswordHash }>
  /** Line numbers and their errors; such a line admits no device. */
  problems: string[]
}

/** Reads a password file: one `deviceId:scrypt$...` per line; empty lines and `#` comments are skipped. */
export function parsePasswordLines(text: string): PasswordLines {
  const lines: PasswordLines = { entries: new Map(), problems: [] }
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const colon = line.indexOf(':')
    const device = line.slice(0, Math.max(0, colon))
    const hashText = line.slice(colon + 1).trim()
    const hash = parsePasswordHash(hashText)
    if (!isDeviceId(device)) lines.problems.push(`line ${index + 1}: starts with a device id and a colon`)
    else if (!hash.ok) lines.problems.push(`line ${index + 1}: ${hash.problems[0]?.message ?? 'unreadable'}`)
    else lines.entries.set(device, { text: hashText, hash: hash.value })
  }
  return lines
}
