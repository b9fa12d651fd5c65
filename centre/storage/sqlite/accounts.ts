// Users and tokens: rows only; hashing is done by the callers, so that no password or token reaches this file.
import type { Role } from '../../../protocols/desk/api.ts'
import { immediately, type Sqlite } from './database.ts'
import type { Account, PasswordRow, TokenRow } from '../port.ts'

export function createAccountWriter(db: Sqlite) {
  const putUser = db.prepare(
    `INSERT INTO users (name, role, salt, password_hash, created_at_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET role = excluded.role, salt = excluded.salt,
       password_hash = excluded.password_hash`,
  )
  const dropTokens = db.prepare('UPDATE tokens SET is_revoked = 1 WHERE user = ?')
  const putToken = db.prepare(
    'INSERT INTO tokens (hash, user, role, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?)',
  )
  const pruneTokens = db.prepare('DELETE FROM tokens WHERE expires_at_ms < ?')
  const revoke = db.prepare('UPDATE tokens SET is_revoked = 1 WHERE hash = ?')
  return {
    putUser: immediately(db, (row: PasswordRow, atMs: number): void => {
      putUser.run(row.user, row.role, row.salt, row.hash, Math.round(atMs))
      // A new password or role must not leave older sessions of that user open.
      dropTokens.run(row.user)
    }),
    putToken: immediately(db, (row: TokenRow): void => {
      pruneTokens.run(Math.round(row.createdAtMs))
      putToken.run(row.hash, row.user, row.role, Math.round(row.createdAtMs), Math.round(row.expiresAtMs))
    }),
    revokeToken: (hash: string): void => {
      revoke.run(hash)
    },
  }
}

export function createAccountReader(db: Sqlite) {
  const password = db.prepare<[string], PasswordRow>(
    'SELECT name AS user, role, salt, password_hash AS hash FROM users WHERE name = ?',
  )
  const token = db.prepare<[string, number], Account & { role: Role; expiresAtMs: number }>(
    `SELECT user, role, expires_at_ms AS expiresAtMs FROM tokens
     WHERE hash = ? AND is_revoked = 0 AND expires_at_ms > ?`,
  )
  return {
    password: (user: string) => password.get(user),
    token: (hash: string, nowMs: number) => token.get(hash, Math.round(nowMs)),
  }
}
