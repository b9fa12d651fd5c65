// Who is asking: tokens are made, found again by their hash, and revoked; passwords are checked.
import type { IncomingMessage } from 'node:http'
import type { Role } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { Account, Storage } from '../storage/port.ts'
import { createSalt, createTokenText, hashPassword, isPassword, tokenHash } from './passwords.ts'

/** A login at a desk lasts one shift. */
export const loginLifeMs = 12 * 3_600_000
/** A waiting red keeps an ended session open for this long at most: nobody is signed out with a siren in their ears. */
export const redKeepsMs = 12 * 3_600_000
/** A token for a program lasts a year unless it is revoked. */
export const programTokenLifeMs = 365 * 24 * 3_600_000
export const cookieName = 'gengfu_session'

export interface Presented {
  token: string
  /** A browser sends cookies by itself, so whoever shows one must also come from our own page. */
  isCookie: boolean
}

/** The token a request shows, by header or cookie. */
export function presentedToken({ headers }: Pick<IncomingMessage, 'headers'>): Presented | undefined {
  const bearer = /^Bearer ([0-9a-f]{64})$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return { token: bearer.toLowerCase(), isCookie: false }
  if (headers.authorization !== undefined) return { token: '', isCookie: false }
  const cookie = new RegExp(`(?:^|;\\s*)${cookieName}=([0-9a-f]{64})(?:;|$)`).exec(headers.cookie ?? '')?.[1]
  return cookie === undefined ? undefined : { token: cookie, isCookie: true }
}

type SessionStorage = Pick<
  Storage,
  'putToken' | 'token' | 'revokeToken' | 'extendToken' | 'password' | 'isRedWaiting'
>

export class Sessions {
  readonly #storage: SessionStorage
  readonly #clock: Clock
  readonly #random: Random

  constructor(options: { storage: SessionStorage; clock: Clock; random: Random }) {
    this.#storage = options.storage
    this.#clock = options.clock
    this.#random = options.random
  }

  /** Who shows this token. One that has ended counts on while a red waits. */
  async find(token: string): Promise<(Account & { expiresAtMs: number }) | undefined> {
    const nowMs = this.#clock.wallMs()
    const found = await this.#storage.token(tokenHash(token), nowMs - redKeepsMs)
    if (!found || found.expiresAtMs > nowMs) return found
    return (await this.#storage.isRedWaiting()) ? found : undefined
  }

  /** The session lasts another shift from now. */
  async stay(token: string): Promise<number> {
    const expiresAtMs = this.#clock.wallMs() + loginLifeMs
    await this.#storage.extendToken(tokenHash(token), expiresAtMs)
    return expiresAtMs
  }

  revoke(token: string): Promise<void> {
    return this.#storage.revokeToken(tokenHash(token))
  }

  /** A new token for `user`; undefined for a wrong name or password, which take the same time. */
  async login(user: string, password: string): Promise<{ token: string; role: Role } | undefined> {
    const row = await this.#storage.password(user)
    if (!row) {
      await hashPassword(password, createSalt(this.#random))
      return undefined
    }
    if (!(await isPassword(password, row.salt, row.hash))) return undefined
    return { token: await this.create(user, row.role, loginLifeMs), role: row.role }
  }

  async create(user: string, role: Role, lifeMs: number): Promise<string> {
    const token = createTokenText(this.#random)
    const createdAtMs = this.#clock.wallMs()
    await this.#storage.putToken({
      user,
      role,
      hash: tokenHash(token),
      createdAtMs,
      expiresAtMs: createdAtMs + lifeMs,
    })
    return token
  }
}
