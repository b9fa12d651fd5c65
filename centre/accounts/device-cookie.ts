// With this cookie a browser proves that a user has signed in on it before. The cookie gives no access: it only exempts
// the browser from the throttle.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'

export const deviceLifeMs = 180 * 24 * 3_600_000

/** Several people share a PC: each has a separate cookie. */
export const deviceCookieName = (user: string): string =>
  `gengfu_known_${createHash('sha256').update(user).digest('hex').slice(0, 12)}`

export class DeviceCookies {
  readonly #key: string
  readonly #clock: Clock
  readonly #random: Random

  constructor({ key, clock, random }: { key: string; clock: Clock; random: Random }) {
    this.#key = key
    this.#clock = clock
    this.#random = random
  }

  /** `salt`: the salt of the user's password, so that a new password makes the cookie invalid. */
  issue(user: string, salt: string): string {
    const id = this.#random.hex(8)
    const expiresAtMs = Math.round(this.#clock.wallMs() + deviceLifeMs)
    return `${id}.${expiresAtMs}.${this.#seal(user, salt, id, String(expiresAtMs))}`
  }

  /** The browser's id, or undefined when the cookie is not valid. */
  check(cookie: string | undefined, user: string, salt: string): string | undefined {
    const [, id = '', expires = '', seal = ''] =
      /^([0-9a-f]{16})\.(\d{1,16})\.([0-9a-f]{64})$/.exec(cookie ?? '') ?? []
    const expected = Buffer.from(this.#seal(user, salt, id, expires))
    const given = Buffer.from(seal.padEnd(64))
    return timingSafeEqual(expected, given) && Number(expires) > this.#clock.wallMs() ? id : undefined
  }

  #seal(...parts: string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('hex')
  }
}
