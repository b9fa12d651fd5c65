// Users, tokens and the security log: rows only; the callers hash, so that no password or token reaches this file.
import type { Role } from '../../../protocols/desk/api.ts'
import { tokenUser, type TokenSummary, type UserSummary } from '../../../protocols/desk/accounts.ts'
import type { Scope } from '../../../protocols/desk/scope.ts'
import { parseScopeColumn, scopeColumn } from './scope-column.ts'
import { immediately, textFor, type Sqlite } from './database.ts'
import type { PasswordRow, SecurityEntry, SecurityRow, TokenRow } from '../port.ts'

/** How long an expired token is kept: while a red alarm waits, a desk stays open after the end of its shift. */
export const tokensKeptMs = 24 * 3_600_000
/** Entries of the security log that are kept; older ones are deleted. */
export const securityRowsMax = 200_000

export function createAccountWriter(db: Sqlite) {
  return { ...createUserWriter(db), ...createTokenWriter(db), ...createSecurityWriter(db) }
}

function createUserWriter(db: Sqlite) {
  const putUser = db.prepare(
    `INSERT INTO users (name, role, salt, password_hash, created_at_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET role = excluded.role, salt = excluded.salt,
       password_hash = excluded.password_hash`,
  )
  const endSessions = db.prepare('UPDATE tokens SET is_revoked = 1 WHERE user = ? AND is_program = 0')
  const setScope = db.prepare('UPDATE users SET scope = ? WHERE name = ?')
  const disable = db.prepare('UPDATE users SET is_disabled = ? WHERE name = ?')
  const remove = db.prepare('DELETE FROM users WHERE name = ?')
  return {
    putUser: immediately(db, (row: PasswordRow, atMs: number): void => {
      putUser.run(row.user, row.role, row.salt, row.hash, Math.round(atMs))
      if (row.scope !== undefined) setScope.run(scopeColumn(row.scope), row.user)
      // A new password or role must end older sessions of that user.
      endSessions.run(row.user)
    }),
    /** False when there is no such user. */
    setUserDisabled: immediately(db, (user: string, isDisabled: boolean): boolean => {
      endSessions.run(user)
      return disable.run(isDisabled ? 1 : 0, user).changes > 0
    }),
    /** `null`: every village. False when there is no such user. */
    setUserScope: immediately(db, (user: string, scope: Scope | null): boolean => {
      endSessions.run(user)
      return setScope.run(scopeColumn(scope), user).changes > 0
    }),
    removeUser: immediately(db, (user: string): boolean => {
      endSessions.run(user)
      // Another person of the same name begins without them.
      for (const table of ['second_factors', 'recovery_codes'])
        db.prepare(`DELETE FROM ${table} WHERE user = ?`).run(user)
      return remove.run(user).changes > 0
    }),
    ...createUserReader(db),
  }
}

export function createUserReader(db: Sqlite): { users: () => UserSummary[] } {
  const users = db.prepare<
    [],
    Omit<UserSummary, 'isDisabled' | 'hasSecondFactor' | 'scope'> & {
      isDisabled: number
      hasSecondFactor: number
      scope: string | null
    }
  >(
    `SELECT name AS user, role, scope, is_disabled AS isDisabled, created_at_ms AS createdAtMs,
       EXISTS (SELECT 1 FROM second_factors WHERE user = name AND confirmed_at_ms IS NOT NULL) AS hasSecondFactor
     FROM users ORDER BY name`,
  )
  return {
    users: () =>
      users.all().map(({ scope, ...row }) => {
        const only = parseScopeColumn(scope)
        return {
          ...row,
          isDisabled: row.isDisabled === 1,
          hasSecondFactor: row.hasSecondFactor === 1,
          ...(only ? { scope: only } : {}),
        }
      }),
  }
}

/** The valid tokens of programs. */
export function createTokenReader(db: Sqlite): { programTokens: (nowMs: number) => TokenSummary[] } {
  const tokens = db.prepare<[number], Omit<TokenSummary, 'scope'> & { scope: string | null }>(
    `SELECT substr(hash, 1, 12) AS id, user AS name, role, scope, created_at_ms AS createdAtMs, expires_at_ms AS expiresAtMs
     FROM tokens WHERE is_program = 1 AND is_revoked = 0 AND expires_at_ms > ? ORDER BY created_at_ms`,
  )
  return {
    programTokens: (nowMs) =>
      tokens.all(Math.round(nowMs)).map(({ scope, ...row }) => {
        const only = parseScopeColumn(scope)
        return { ...row, ...(only ? { scope: only } : {}) }
      }),
  }
}

function createTokenWriter(db: Sqlite) {
  const putToken = db.prepare(
    'INSERT INTO tokens (hash, user, role, created_at_ms, expires_at_ms, is_program, scope, address, must_enrol) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const pruneTokens = db.prepare('DELETE FROM tokens WHERE expires_at_ms < ?')
  const extend = db.prepare(
    'UPDATE tokens SET expires_at_ms = ? WHERE hash = ? AND is_revoked = 0 AND expires_at_ms < ?',
  )
  const revoke = db.prepare('UPDATE tokens SET is_revoked = 1 WHERE hash = ?')
  const revokeProgram = db.prepare(
    'UPDATE tokens SET is_revoked = 1 WHERE is_program = 1 AND is_revoked = 0 AND substr(hash, 1, 12) = ?',
  )
  return {
    putToken: immediately(db, (row: TokenRow): void => {
      pruneTokens.run(Math.round(row.createdAtMs - tokensKeptMs))
      const { hash, user, role, createdAtMs, expiresAtMs, isProgram, scope } = row
      putToken.run(
        hash,
        user,
        role,
        Math.round(createdAtMs),
        Math.round(expiresAtMs),
        isProgram ? 1 : 0,
        scopeColumn(scope),
        row.address ?? '',
        row.mustEnrol ? 1 : 0,
      )
    }),
    /** Never shortens it. */
    extendToken: immediately(db, (hash: string, expiresAtMs: number): void => {
      const until = Math.round(expiresAtMs)
      extend.run(until, hash, until)
    }),
    revokeToken: (hash: string): void => {
      revoke.run(hash)
    },
    /** The number of these tokens. */
    revokeProgramToken: (id: string): number => revokeProgram.run(id).changes,
  }
}

/** The security log, and the centre's own secrets. */
function createSecurityWriter(db: Sqlite) {
  const putEntry = db.prepare(
    'INSERT INTO security_log (at_ms, what, who, address, detail) VALUES (?, ?, ?, ?, ?)',
  )
  const pruneEntries = db.prepare('DELETE FROM security_log WHERE position <= ?')
  const putSecret = db.prepare('INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const secret = db.prepare<[string], string>('SELECT value FROM secrets WHERE name = ?').pluck()
  return {
    noteSecurity: immediately(db, (entries: readonly SecurityEntry[]): void => {
      for (const { atMs, what, who, address, detail } of entries) {
        const { lastInsertRowid } = putEntry.run(Math.round(atMs), what, who, address, detail)
        pruneEntries.run(Number(lastInsertRowid) - securityRowsMax)
      }
    }),
    /** The secret of that name; if there is none, `fresh` is stored. */
    keepSecret: immediately(db, (name: string, fresh: string): string => {
      putSecret.run(name, fresh)
      return secret.get(name) ?? fresh
    }),
  }
}

function createRedReader(db: Sqlite): () => boolean {
  // Unanswered, or occurred again or returned to the queue since the answer; a drill extends no session. `desk-row.ts` has the same rule in
  // words.
  const waitingRed = db.prepare<[], { found: number }>(
    textFor(db, {
      sqlite: `SELECT 1 AS found FROM (SELECT colour_rank, iif(json_valid(row), row, '{}') AS row FROM alarms INDEXED BY alarms_red
       WHERE is_active = 1 AND (colour_rank = 0 OR instr(row, '"latchedColour":"red"') > 0))
     WHERE (colour_rank = 0 OR row ->> '$.alarm.latchedColour' = 'red')
       AND coalesce(row ->> '$.alarm.isDrill', 0) = 0
       AND (row ->> '$.acceptedBy' IS NULL AND row ->> '$.alarm.state' <> 'acknowledged'
         OR row ->> '$.returned' IS NOT NULL
         OR row ->> '$.alarm.occurrences' > row ->> '$.acceptedOccurrences'
         OR colour_rank = 0 AND row ->> '$.acceptedColour' <> 'red') LIMIT 1`,
      postgres: `SELECT 1 AS found FROM alarms, LATERAL (SELECT parsed(row) AS read) AS document
       WHERE is_active = 1 AND (colour_rank = 0 OR strpos(row, '"latchedColour":"red"') > 0)
         AND (colour_rank = 0 OR read #>> '{alarm,latchedColour}' = 'red')
         AND coalesce(read #>> '{alarm,isDrill}', 'false') <> 'true'
         AND (read #>> '{acceptedBy}' IS NULL AND read #>> '{alarm,state}' <> 'acknowledged'
           OR read #>> '{returned}' IS NOT NULL
           OR (read #>> '{alarm,occurrences}')::numeric > (read #>> '{acceptedOccurrences}')::numeric
           OR colour_rank = 0 AND read #>> '{acceptedColour}' <> 'red') LIMIT 1`,
    }),
  )
  return () => waitingRed.get() !== undefined
}

export function createAccountReader(db: Sqlite) {
  const password = db.prepare<[string], PasswordRow>(
    'SELECT name AS user, role, salt, password_hash AS hash FROM users WHERE name = ? AND is_disabled = 0',
  )
  const token = db.prepare<
    [string, number],
    {
      user: string
      role: Role
      expiresAtMs: number
      isProgram: number
      mustEnrol: number
      scope: string | null
    }
  >(
    `SELECT user, role, expires_at_ms AS expiresAtMs, is_program AS isProgram, must_enrol AS mustEnrol,
       iif(is_program = 1, scope, (SELECT scope FROM users WHERE name = user)) AS scope FROM tokens
     WHERE hash = ? AND is_revoked = 0 AND expires_at_ms > ?`,
  )
  const entries = db.prepare<[number, string, string, number], SecurityRow>(
    `SELECT position, at_ms AS atMs, what, who, address, detail FROM security_log
     WHERE position < ? AND (? = '' OR what = ?) ORDER BY position DESC LIMIT ?`,
  )
  const last = db.prepare('SELECT max(position) FROM security_log').pluck()
  return {
    ...createTokenReader(db),
    ...createUserReader(db),
    isRedWaiting: createRedReader(db),
    password: (user: string) => password.get(user),
    token: (hash: string, nowMs: number) => {
      const row = token.get(hash, Math.round(nowMs))
      if (!row) return undefined
      const { isProgram, mustEnrol, user, scope, ...rest } = row
      const only = parseScopeColumn(scope)
      return {
        ...rest,
        ...(only ? { scope: only } : {}),
        ...(mustEnrol === 1 ? { mustEnrol: true } : {}),
        isProgram: isProgram === 1,
        user: isProgram === 1 ? tokenUser(user) : user,
      }
    },
    securityEntries: ({
      before,
      what,
      limit,
    }: {
      before: number
      what?: string | undefined
      limit: number
    }) => entries.all(before, what ?? '', what ?? '', limit),
    lastSecurityPosition: (): number => (last.get() as number | null) ?? 0,
  }
}
