// Storage's part of signing in: second factors, their recovery codes, and the sessions that are open.
import type { Role } from '../../../protocols/desk/api.ts'
import type { Scope } from '../../../protocols/desk/scope.ts'
import type { PasswordRow } from '../account-port.ts'
import type { SessionSummary, TokenSummary, UserSummary } from '../../../protocols/desk/accounts.ts'

export interface StoredFactor {
  secret: string
  isConfirmed: boolean
  /** Of the latest code that was used, in steps of 30 s. */
  lastStep: number
  codesLeft: number
}

/** `scope: null`: every village. */
export interface UserChange {
  role?: Role | undefined
  scope?: Scope | null | undefined
  isDisabled?: boolean | undefined
}
export type ChangedUser = 'done' | 'unknown' | 'last-admin'

export interface SignInWriterCalls {
  /** False when the user has a confirmed one: that is removed first. */
  putFactor(user: string, secret: string, atMs: number): boolean
  /** With its recovery codes; the session of this hash may do everything from now on, every other one of the user ends. */
  confirmFactor(
    user: string,
    step: number,
    codeHashes: readonly string[],
    session: string,
    atMs: number,
  ): boolean
  /** False when a code of this step, or a later one, was used before. */
  useFactorStep(user: string, step: number): boolean
  /** A recovery code counts once. */
  useRecoveryCode(user: string, hash: string): boolean
  dropFactor(user: string): boolean
  /** Of this user, or of any user; the beginning of its hash identifies it. Answers whose session it was. */
  endSession(id: string, user: string | undefined): string | undefined
  /** False when the name is taken. */
  addUser(row: PasswordRow, atMs: number): boolean
  /** The sessions of the user end. `last-admin`: no administrator of the whole town would remain. */
  changeUser(user: string, change: UserChange): ChangedUser
  /** False when there is no such user; the sessions of the user end. */
  setUserPassword(user: string, salt: string, hash: string): boolean
  /** How many ended; undefined when there is no such user. */
  endSessionsOf(user: string): number | undefined
  /** The hash's beginning names it. Answers how many tokens of programs were ended: none, or one. */
  revokeProgramToken(id: string): number
}

export interface SignInReaderCalls {
  factor(user: string): StoredFactor | undefined
  /** Open ones, newest first; of one user, or of all. */
  sessions(user: string | undefined, nowMs: number, limit: number): SessionSummary[]
  /** By name. */
  users(): UserSummary[]
  /** Valid tokens of programs, the oldest first. */
  programTokens(nowMs: number): TokenSummary[]
}

export const signInWriterCalls = [
  'putFactor',
  'confirmFactor',
  'useFactorStep',
  'useRecoveryCode',
  'dropFactor',
  'endSession',
  'addUser',
  'changeUser',
  'setUserPassword',
  'endSessionsOf',
  'revokeProgramToken',
] as const satisfies (keyof SignInWriterCalls)[]
export const signInReaderCalls = [
  'factor',
  'sessions',
  'programTokens',
  'users',
] as const satisfies (keyof SignInReaderCalls)[]
