// The account data for pages and programs: the own password, tokens and the security log.
import type { Role } from './api.ts'
import type { Scope } from './scope.ts'

export const securityEvents = [
  'sign-in',
  'sign-in-failed',
  'sign-in-throttled',
  'sign-out',
  'password-changed',
  'second-factor-added',
  'second-factor-removed',
  'session-ended',
  'user-added',
  'user-disabled',
  'user-enabled',
  'user-removed',
  'user-scoped',
  'user-role-changed',
  'token-made',
  'token-revoked',
  'refused-by-role',
  'look',
  'contact-look',
  'link-refused',
  'picture-link-made',
  'box-refused',
  'box-two-places',
  'box-code-made',
  'box-enrolled',
  'box-enrolment-refused',
  'box-certificate-renewed',
  'box-certificate-revoked',
  'bundle-arrived',
  'bundle-taken',
  'handover-arrived',
  'plan-arrived',
  'plan-removed',
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

/** An open session of a person. */
export interface SessionSummary {
  /** The beginning of its hash: enough to end it. */
  id: string
  user: string
  role: Role
  /** Where the person signed in. */
  address: string
  createdAtMs: number
  expiresAtMs: number
  /** It is the one that asks. */
  isOwn?: true
}

/** `GET /api/v1/me/sessions` and, for administrators, `GET /api/v1/sessions?user=`. */
export interface SessionsAnswer {
  sessions: SessionSummary[]
}

/** `GET /api/v1/me/second-factor`. */
export interface SecondFactorAnswer {
  isConfirmed: boolean
  /** The role may not work without one. */
  isRequired: boolean
  /** Recovery codes that are left. */
  codesLeft: number
}

/** `POST /api/v1/me/second-factor`: for the person's app; good once a code was confirmed. */
export interface NewSecondFactorAnswer {
  uri: string
  secret: string
}

/** `POST /api/v1/me/second-factor/confirm`: shown this once. */
export interface RecoveryCodesAnswer {
  recoveryCodes: string[]
}

export interface UserSummary {
  user: string
  role: Role
  scope?: Scope | undefined
  isDisabled: boolean
  hasSecondFactor: boolean
  createdAtMs: number
}

/** `GET /api/v1/users`. */
export interface UsersAnswer {
  users: UserSummary[]
}

/** `POST /api/v1/tokens`: the token is shown this once. */
export interface NewTokenAnswer {
  token: string
  summary: TokenSummary
}
/** `GET /api/v1/tokens`: those that are valid now. */
export interface TokensAnswer {
  tokens: TokenSummary[]
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
