// Users and tokens: rows only; hashing is done by the callers, so that no password or token reaches this file.
import type { Role } from '../../../protocols/desk/api.ts'
import { immediately, type Sqlite } from './database.ts'
import type { Account, PasswordRow, TokenRow } from '../port.ts'

/** How long a token that has ended is remembered: a waiting red keeps a desk open behind the end of its shift. */
export const tokensKeptMs = 24 * 3_600_000

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
  const extend = db.prepare(
    'UPDATE tokens SET expires_at_ms = ? WHERE hash = ? AND is_revoked = 0 AND expires_at_ms < ?',
  )
  const revoke = db.prepare('UPDATE tokens SET is_revoked = 1 WHERE hash = ?')
  return {
    putUser: immediately(db, (row: PasswordRow, atMs: number): void => {
      putUser.run(row.user, row.role, row.salt, row.hash, Math.round(atMs))
      // A new password or role must not leave older sessions of that user open.
      dropTokens.run(row.user)
    }),
    putToken: immediately(db, (row: TokenRow): void => {
      pruneTokens.run(Math.round(row.createdAtMs - tokensKeptMs))
      putToken.run(row.hash, row.user, row.role, Math.round(row.createdAtMs), Math.round(row.expiresAtMs))
    }),
    /** Never shortens it. */
    extendToken: immediately(db, (hash: string, expiresAtMs: number): void => {
      const until = Math.round(expiresAtMs)
      extend.run(until, hash, until)
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
  // Unanswered, or more happened since somebody answered; a drill keeps nobody. `desk-row.ts` says the same in words.
  const waitingRed = db.prepare<[], { found: number }>(
    `SELECT 1 AS found FROM alarms WHERE is_active = 1
       AND (colour_rank = 0 OR row ->> '$.alarm.latchedColour' = 'red')
       AND coalesce(row ->> '$.alarm.isDrill', 0) = 0
       AND (row ->> '$.acceptedBy' IS NULL AND row ->> '$.alarm.state' <> 'acknowledged'
         OR row ->> '$.alarm.occurrences' > row ->> '$.acceptedOccurrences'
         OR colour_rank = 0 AND row ->> '$.acceptedColour' <> 'red') LIMIT 1`,
  )
  return {
    isRedWaiting: () => waitingRed.get() !== undefined,
    password: (user: string) => password.get(user),
    token: (hash: string, nowMs: number) => token.get(hash, Math.round(nowMs)),
  }
}
