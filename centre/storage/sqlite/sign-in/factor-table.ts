// Second factors and open sessions in SQLite: rows only; codes are checked by the callers.
import type { Role } from '../../../../protocols/desk/api.ts'
import type { SessionSummary } from '../../../../protocols/desk/accounts.ts'
import type { SignInReaderCalls, SignInWriterCalls, StoredFactor } from '../../people/sign-in-port.ts'
import { immediately, type Sqlite } from '../database.ts'

/** Identifies a session in lists: enough to end it, too little to use it. */
const idDigits = 12

export function createSignInReader(db: Sqlite): Omit<SignInReaderCalls, 'programTokens' | 'users'> {
  const factor = db.prepare<
    [string, string],
    { secret: string; confirmed: number | null; lastStep: number; codesLeft: number }
  >(
    `SELECT secret, confirmed_at_ms AS confirmed, last_step AS lastStep,
       (SELECT count(*) FROM recovery_codes WHERE user = ?) AS codesLeft FROM second_factors WHERE user = ?`,
  )
  const sessions = db.prepare<
    [number, string | null, string | null, number],
    { id: string; user: string; role: Role; address: string; createdAtMs: number; expiresAtMs: number }
  >(
    `SELECT substr(hash, 1, ${idDigits}) AS id, user, role, address, created_at_ms AS createdAtMs,
       expires_at_ms AS expiresAtMs FROM tokens
     WHERE is_program = 0 AND is_revoked = 0 AND expires_at_ms > ? AND (? IS NULL OR user = ?)
     ORDER BY created_at_ms DESC LIMIT ?`,
  )
  return {
    factor: (user: string): StoredFactor | undefined => {
      const row = factor.get(user, user)
      if (!row) return undefined
      const { confirmed, ...rest } = row
      return { ...rest, isConfirmed: confirmed !== null }
    },
    sessions: (user: string | undefined, nowMs: number, limit: number): SessionSummary[] =>
      sessions.all(Math.round(nowMs), user ?? null, user ?? null, limit),
  }
}

export function createSignInWriter(
  db: Sqlite,
): Pick<
  SignInWriterCalls,
  'putFactor' | 'confirmFactor' | 'useFactorStep' | 'useRecoveryCode' | 'dropFactor' | 'endSession'
> {
  const put = db.prepare(
    `INSERT INTO second_factors (user, secret, made_at_ms) VALUES (?, ?, ?)
     ON CONFLICT (user) DO UPDATE SET secret = excluded.secret, made_at_ms = excluded.made_at_ms
     WHERE second_factors.confirmed_at_ms IS NULL`,
  )
  const confirm = db.prepare(
    'UPDATE second_factors SET confirmed_at_ms = ?, last_step = ? WHERE user = ? AND confirmed_at_ms IS NULL',
  )
  const useStep = db.prepare('UPDATE second_factors SET last_step = ? WHERE user = ? AND last_step < ?')
  const drop = db.prepare('DELETE FROM second_factors WHERE user = ?')
  const putCode = db.prepare('INSERT INTO recovery_codes (user, hash) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const useCode = db.prepare('DELETE FROM recovery_codes WHERE user = ? AND hash = ?')
  const dropCodes = db.prepare('DELETE FROM recovery_codes WHERE user = ?')
  const free = db.prepare('UPDATE tokens SET must_enrol = 0 WHERE hash = ? AND user = ?')
  const endOthers = db.prepare(
    'UPDATE tokens SET is_revoked = 1 WHERE user = ? AND is_program = 0 AND hash <> ?',
  )
  const end = db
    .prepare<[string, string | null, string | null], string>(
      `UPDATE tokens SET is_revoked = 1 WHERE is_program = 0 AND is_revoked = 0 AND substr(hash, 1, ${idDigits}) = ?
       AND (? IS NULL OR user = ?) RETURNING user`,
    )
    .pluck()
  return {
    putFactor: immediately(
      db,
      (user: string, secret: string, atMs: number) => put.run(user, secret, Math.round(atMs)).changes > 0,
    ),
    confirmFactor: immediately(
      db,
      (user: string, step: number, codeHashes: readonly string[], session: string, atMs: number) => {
        if (confirm.run(Math.round(atMs), step, user).changes === 0) return false
        dropCodes.run(user)
        for (const hash of codeHashes) putCode.run(user, hash)
        free.run(session, user)
        endOthers.run(user, session)
        return true
      },
    ),
    useFactorStep: immediately(db, (user: string, step: number) => useStep.run(step, user, step).changes > 0),
    useRecoveryCode: immediately(db, (user: string, hash: string) => useCode.run(user, hash).changes > 0),
    dropFactor: immediately(db, (user: string) => {
      dropCodes.run(user)
      return drop.run(user).changes > 0
    }),
    endSession: immediately(db, (id: string, user: string | undefined) =>
      end.get(id, user ?? null, user ?? null),
    ),
  }
}
