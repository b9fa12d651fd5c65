// Passwords of people at the console: salted scrypt, one check at a time, because each takes 16 MB of a box with 256.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'

const cost = { N: 16_384, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const hashBytes = 32
const saltBytes = 16
export const passwordCharsMin = 10
export const passwordCharsMax = 128
/** Checks that may wait; a further one is answered with `busy`. */
const waitingMax = 8

/** `scrypt$salt$hash`, both in base64. */
export type PasswordText = string

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, hashBytes, cost, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}

export async function hashPassword(password: string): Promise<PasswordText> {
  const salt = randomBytes(saltBytes)
  return `scrypt$${salt.toString('base64')}$${(await derive(password, salt)).toString('base64')}`
}

/** Compared with the password for an unknown name, so that the time of the answer does not show which names exist. */
export const decoyPassword: PasswordText = `scrypt$${Buffer.alloc(saltBytes).toString('base64')}$${Buffer.alloc(hashBytes).toString('base64')}`

async function isPassword(password: string, stored: PasswordText): Promise<boolean> {
  const [, salt = '', hash = ''] = stored.split('$')
  const expected = Buffer.from(hash, 'base64')
  const given = await derive(password, Buffer.from(salt, 'base64'))
  return expected.length === given.length && timingSafeEqual(expected, given)
}

/** Runs checks one after the other. */
export class PasswordChecks {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  async run(password: string, stored: PasswordText): Promise<boolean | 'busy'> {
    if (this.#waiting >= waitingMax) return 'busy'
    this.#waiting++
    const check = this.#last.then(() => isPassword(password, stored))
    this.#last = check.catch(() => undefined)
    try {
      return await check
    } finally {
      this.#waiting--
    }
  }
}

/** What anyone tries first: the same character, a run such as 1234567890, the product's name, the box's own names. */
export function checkNewPassword(password: string, known: readonly string[]): Result<void> {
  const plain = password.normalize('NFKC').toLowerCase()
  if (password.length < passwordCharsMin)
    return bad(`at least ${passwordCharsMin} characters 至少 ${passwordCharsMin} 个字符`, 'password')
  if (password.length > passwordCharsMax)
    return bad(`at most ${passwordCharsMax} characters 字符过多`, 'password')
  if (new Set(plain).size < 5) return bad('more different characters are needed 不同的字符太少', 'password')
  if (isRun(plain)) return bad('characters in a row are guessed first 连续字符容易被猜到', 'password')
  const names = ['gengfu', 'password', 'admin', ...known].map((name) => name.toLowerCase())
  const rest = names.reduce((left, name) => (name === '' ? left : left.replaceAll(name, '')), plain)
  if (rest.length < 6)
    return bad('it is made of names that anyone here knows 不要用网关、村名或本人姓名', 'password')
  return ok(undefined)
}

function isRun(text: string): boolean {
  const steps = Array.from(
    { length: text.length - 1 },
    (_, at) => text.charCodeAt(at + 1) - text.charCodeAt(at),
  )
  return steps.filter((step) => Math.abs(step) <= 1).length >= steps.length - 1
}
