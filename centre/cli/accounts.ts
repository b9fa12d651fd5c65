// Makes users and tokens in a centre's database, also beside a running centre: behind `gengfu centre user` and `token`.
import { openWriter, sqliteFile } from '../storage/sqlite/database.ts'
import { createAccountWriter } from '../storage/sqlite/accounts.ts'
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

function open({ config, clock }: AccountOptions) {
  return openWriter(sqliteFile(config.storage.url, config.dataDir), clock.wallMs())
}

/** Makes the user, or gives an existing one this role and password and ends its sessions. */
export async function createUser(
  options: AccountOptions,
  user: { name: string; role: Role; password: string },
): Promise<void> {
  const salt = createSalt(options.random)
  const hash = await hashPassword(user.password, salt)
  const db = open(options)
  try {
    createAccountWriter(db).putUser({ user: user.name, role: user.role, salt, hash }, options.clock.wallMs())
  } finally {
    db.close()
  }
}

/** A bearer token for a program, valid for a year. */
export function createToken(options: AccountOptions, account: { name: string; role: Role }): string {
  const token = createTokenText(options.random)
  const createdAtMs = options.clock.wallMs()
  const db = open(options)
  try {
    createAccountWriter(db).putToken({
      user: account.name,
      role: account.role,
      hash: tokenHash(token),
      createdAtMs,
      expiresAtMs: createdAtMs + programTokenLifeMs,
    })
  } finally {
    db.close()
  }
  return token
}
