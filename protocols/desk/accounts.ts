// The account data for pages and programs: the own password, tokens and the security log.
import type { Role } from './api.ts'
import type { Scope } from './scope.ts'

export const securityEvents = [
  'sign-in',
  'sign-in-failed',
  'sign-in-throttled',
  'sign-out',
  'password-changed',
  'user-added',
  'user-disabled',
  'user-enabled',
  'user-removed',
  'user-scoped',
  'token-made',
  'token-revoked',
  'refused-by-role',
  'look',
  'contact-look',
  'box-refused',
  'box-two-places',
] as const
export type SecurityEvent = (typeof securityEvents)[number]

/** `POST /api/v1/me/password`, body `{password, newPassword}`: every other session of the user ends. */
export interface PasswordAnswer {
  token: string
}

/** `GET /api/v1/security?before=&limit=&what=`: newest first. */
export interface SecurityAnswer {
  entries: { atMs: number; what: SecurityEvent; who: string; address: string; detail: string }[]
  /** Pass as `before` for the next page; absent on the last one. */
  next?: string
}

/** A program's name as the desk shows it: no user can have such a name. */
export const tokenUser = (name: string): string => `token:${name}`

export interface UserSummary {
  user: string
  role: Role
  scope?: Scope | undefined
  isDisabled: boolean
  createdAtMs: number
}

export interface TokenSummary {
  /** The beginning of its hash: enough to revoke it. */
  id: string
  name: string
  role: Role
  scope?: Scope | undefined
  createdAtMs: number
  expiresAtMs: number
}
