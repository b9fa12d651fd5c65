// The accounts behind requests: tokens are created, found by their hash, and revoked; passwords are checked.
import type { IncomingMessage } from 'node:http'
import type { Role } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { FoundToken, PasswordRow, Storage } from '../storage/port.ts'
import { createSalt, createTokenText, hashPassword, isPassword, tokenHash } from './passwords.ts'

/** A sign-in at a desk lasts one shift. */
export const loginLifeMs = 12 * 3_600_000
/**
 * While a red alarm waits, an ended session stays valid for at most this long: the person at the desk must not be
 * signed out during a siren.
 */
export const redKeepsMs = 12 * 3_600_000
/** A program's token lasts a year unless it is revoked. */
export const programTokenLifeMs = 365 * 24 * 3_600_000
export const cookieName = 'gengfu_session'

export interface PresentedToken {
  token: string
  /** A browser sends cookies automatically, so a request with a cookie must also come from a page of the centre. */
  isCookie: boolean
}

/** The token in a request, from header or cookie. */
export function presentedToken({ headers }: Pick<IncomingMessage, 'headers'>): PresentedToken | undefined {
  const bearer = /^Bearer ([0-9a-f]{64})$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return { token: bearer.toLowerCase(), isCookie: false }
  if (headers.authorization !== undefined) return { token: '', isCookie: false }
  const cookie = new RegExp(`(?:^|;\\s*)${cookieName}=([0-9a-f]{64})(?:;|$)`).exec(headers.cookie ?? '')?.[1]
  return cookie === undefined ? undefined : { token: cookie, isCookie: true }
}

type SessionStorage = Pick<
  Storage,
  'putToken' | 'token' | 'revokeToken' | 'extendToken' | 'putUser' | 'isRedWaiting' | 'endSession'
>

/** Whose sessions have ended: those of one token, or all of a user. */
export type EndedSessions = { token: string } | { user: string } | { session: string }

export interface SessionsOptions {
  storage: SessionStorage
  clock: Clock
  random: Random
  /** A person has shown a valid token: they are at their desk. */
  onHeard?: (user: string) => void
}

export class Sessions {
  readonly #options: SessionsOptions
  #ended: (ended: EndedSessions) => void = () => undefined

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** Open streams end with their session. */
  onEnded(listener: (ended: EndedSessions) => void): void {
    this.#ended = listener
  }

  /** The account of this token. An ended session stays valid while a red alarm waits. */
  async find(token: string, isForEnrolling = false): Promise<FoundToken | undefined> {
    const { storage, clock } = this.#options
    const nowMs = clock.wallMs()
    const found = await storage.token(tokenHash(token), nowMs - redKeepsMs)
    // A session that waits for its second factor opens no other route.
    if (found?.mustEnrol && !isForEnrolling) return undefined
    if (found && !found.isProgram) this.#options.onHeard?.(found.user)
    if (!found || found.expiresAtMs > nowMs) return found
    return !found.isProgram && (await storage.isRedWaiting()) ? found : undefined
  }

  /** Extends the session by another shift. */
  async stay(token: string): Promise<number> {
    const expiresAtMs = this.#options.clock.wallMs() + loginLifeMs
    await this.#options.storage.extendToken(tokenHash(token), expiresAtMs)
    return expiresAtMs
  }

  /** The session of this id, of one user or of any user; its streams end. Answers whose it was. */
  async end(id: string, of: string | undefined): Promise<string | undefined> {
    const user = await this.#options.storage.endSession(id, of)
    if (user !== undefined) this.#ended({ session: id })
    return user
  }

  /** Other sessions of the user were ended in storage: their streams end, too. */
  endStreamsOf(user: string): void {
    this.#ended({ user })
  }

  async revoke(token: string): Promise<void> {
    await this.#options.storage.revokeToken(tokenHash(token))
    this.#ended({ token })
  }

  /** True when `password` is that of the user; an unknown user takes the same time. */
  async isPassword(row: PasswordRow | undefined, password: string): Promise<boolean> {
    if (row) return isPassword(password, row.salt, row.hash)
    await hashPassword(password, createSalt(this.#options.random))
    return false
  }

  /** Opens a session of `user` and returns its token. */
  async open(
    user: string,
    role: Role,
    { address = '', mustEnrol = false }: { address?: string; mustEnrol?: boolean } = {},
  ): Promise<string> {
    const { storage, clock, random } = this.#options
    const token = createTokenText(random)
    const createdAtMs = clock.wallMs()
    const expiresAtMs = createdAtMs + loginLifeMs
    const row = { user, role, hash: tokenHash(token), createdAtMs, expiresAtMs, isProgram: false }
    await storage.putToken({ ...row, address, mustEnrol })
    return token
  }

  /** Ends every session of the user and opens a new one. */
  async changePassword(user: string, role: Role, password: string): Promise<string> {
    const { storage, clock, random } = this.#options
    const salt = createSalt(random)
    const hash = await hashPassword(password, salt)
    await storage.putUser({ user, role, salt, hash }, clock.wallMs())
    this.#ended({ user })
    return this.open(user, role)
  }
}
