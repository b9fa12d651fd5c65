// Users and tokens in a centre's database, also while the centre runs: used by `gengfu centre user` and `token`.
import { openTown } from '../storage/open-town.ts'
import { createAccountWriter, createTokenReader } from '../storage/sqlite/accounts.ts'
import { createSignInWriter } from '../storage/sqlite/sign-in/factor-table.ts'
import type { SecurityEvent, TokenSummary, UserSummary } from '../../protocols/desk/accounts.ts'
import type { Scope } from '../../protocols/desk/scope.ts'
import type { Role } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { CentreConfig } from '../config/config.ts'
import { createSalt, createTokenText, hashPassword, tokenHash } from '../accounts/passwords.ts'
import { programTokenLifeMs } from '../accounts/sessions.ts'

export const userNamePattern = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u

export interface AccountOptions {
  config: Pick<CentreConfig, 'dataDir' | 'storage'>
  clock: Clock
  random: Random
}

type AccountWriter = ReturnType<typeof createAccountWriter> &
  ReturnType<typeof createTokenReader> &
  ReturnType<typeof createSignInWriter>

/** Runs `work` on the database, and writes its actions into the security log. */
function withAccounts<T>(
  { config, clock }: Pick<AccountOptions, 'config' | 'clock'>,
  work: (accounts: AccountWriter) => { answer: T; did?: [what: SecurityEvent, who: string, detail?: string] },
): T {
  const db = openTown(config, 'writer', clock.wallMs())
  try {
    const accounts = { ...createAccountWriter(db), ...createTokenReader(db), ...createSignInWriter(db) }
    const { answer, did } = work(accounts)
    if (did) {
      const [what, who, detail = ''] = did
      accounts.noteSecurity([{ atMs: clock.wallMs(), what, who, address: 'command line', detail }])
    }
    return answer
  } finally {
    db.close()
  }
}

/** Creates the user, or gives an existing one this role and password and ends its sessions. */
export async function createUser(
  options: AccountOptions,
  user: { name: string; role: Role; password: string; scope?: Scope | null | undefined },
): Promise<void> {
  const salt = createSalt(options.random)
  const hash = await hashPassword(user.password, salt)
  withAccounts(options, (accounts) => {
    accounts.putUser({ user: user.name, role: user.role, salt, hash }, options.clock.wallMs())
    if (user.scope !== undefined) accounts.setUserScope(user.name, user.scope)
    return { answer: undefined, did: ['user-added', user.name, user.role] }
  })
}

export const listUsers = (options: AccountOptions): UserSummary[] =>
  withAccounts(options, (accounts) => ({ answer: accounts.users() }))

/** False when there is no such user; its sessions end. */
export function setUserDisabled(options: AccountOptions, name: string, isDisabled: boolean): boolean {
  return withAccounts(options, (accounts) => {
    const answer = accounts.setUserDisabled(name, isDisabled)
    return answer ? { answer, did: [isDisabled ? 'user-disabled' : 'user-enabled', name] } : { answer }
  })
}

/** `null`: every village. False when there is no such user; its sessions end. */
export function setUserScope(options: AccountOptions, name: string, scope: Scope | null): boolean {
  return withAccounts(options, (accounts) => {
    const answer = accounts.setUserScope(name, scope)
    return answer ? { answer, did: ['user-scoped', name, scope?.join(', ') ?? 'all'] } : { answer }
  })
}

/** For a person who lost the phone and the recovery codes. False when there is no second factor. */
export function resetSecondFactor(options: AccountOptions, name: string): boolean {
  return withAccounts(options, (accounts) => {
    const answer = accounts.dropFactor(name)
    return answer ? { answer, did: ['second-factor-removed', name] } : { answer }
  })
}

export function removeUser(options: AccountOptions, name: string): boolean {
  return withAccounts(options, (accounts) => {
    const answer = accounts.removeUser(name)
    return answer ? { answer, did: ['user-removed', name] } : { answer }
  })
}

/** False when there is no such user; the role stays, sessions end. */
export async function setPassword(options: AccountOptions, name: string, password: string): Promise<boolean> {
  const salt = createSalt(options.random)
  const hash = await hashPassword(password, salt)
  return withAccounts(options, (accounts) => {
    const known = accounts.users().find(({ user }) => user === name)
    if (!known) return { answer: false }
    accounts.putUser({ user: name, role: known.role, salt, hash }, options.clock.wallMs())
    return { answer: true, did: ['password-changed', name] }
  })
}

/** A bearer token for a program, by default valid for a year. */
export function createToken(
  options: AccountOptions,
  account: { name: string; role: Role; lifeMs?: number; scope?: Scope | undefined },
): string {
  const token = createTokenText(options.random)
  const createdAtMs = options.clock.wallMs()
  return withAccounts(options, (accounts) => {
    accounts.putToken({
      user: account.name,
      role: account.role,
      scope: account.scope,
      hash: tokenHash(token),
      createdAtMs,
      expiresAtMs: createdAtMs + (account.lifeMs ?? programTokenLifeMs),
      isProgram: true,
    })
    return { answer: token, did: ['token-made', account.name, account.role] }
  })
}

export const listTokens = (options: AccountOptions): TokenSummary[] =>
  withAccounts(options, (accounts) => ({ answer: accounts.programTokens(options.clock.wallMs()) }))

/** False when no valid token of a program has this id. */
export function revokeToken(options: AccountOptions, id: string): boolean {
  return withAccounts(options, (accounts) =>
    accounts.revokeProgramToken(id) > 0 ? { answer: true, did: ['token-revoked', id] } : { answer: false },
  )
}
