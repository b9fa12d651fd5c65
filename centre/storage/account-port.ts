// Storage's part of accounts: users, tokens and what happened to them.
import type { Role } from '../../protocols/desk/api.ts'
import type { SecurityEvent } from '../../protocols/desk/accounts.ts'
import type { Scope } from '../../protocols/desk/scope.ts'

export interface Account {
  user: string
  role: Role
  /** Towns and villages; absent: all. */
  scope?: Scope | undefined
}

export interface PasswordRow extends Account {
  salt: string
  hash: string
}

export interface TokenRow extends Account {
  hash: string
  createdAtMs: number
  expiresAtMs: number
  /** Of a program: in a separate name space, and not ended together with a user. */
  isProgram: boolean
  /** Where a person signed in. */
  address?: string
  /** It may only set up a second factor. */
  mustEnrol?: boolean
}

export interface FoundToken extends Account {
  expiresAtMs: number
  isProgram: boolean
  mustEnrol?: boolean
}

/** An event of an account, a token or a picture. */
export interface SecurityEntry {
  atMs: number
  what: SecurityEvent
  who: string
  address: string
  detail: string
}

export interface SecurityRow extends SecurityEntry {
  position: number
}
