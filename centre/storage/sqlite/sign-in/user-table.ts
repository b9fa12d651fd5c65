// Users as an administrator at the desk makes and changes them: each change ends their sessions, and one administrator of the whole
// town always remains.
import type { ChangedUser, UserChange } from '../../people/sign-in-port.ts'
import type { PasswordRow } from '../../port.ts'
import { immediately, type Sqlite } from '../database.ts'
import { scopeColumn } from '../scope-column.ts'

interface UserRow {
  role: string
  scope: string | null
  isDisabled: number
}

export function createUserChanges(db: Sqlite) {
  const one = db.prepare<[string], UserRow>(
    'SELECT role, scope, is_disabled AS isDisabled FROM users WHERE name = ?',
  )
  const otherAdmins = db
    .prepare<[string], number>(
      "SELECT count(*) FROM users WHERE role = 'admin' AND is_disabled = 0 AND scope IS NULL AND name <> ?",
    )
    .pluck()
  const insert = db.prepare(
    'INSERT INTO users (name, role, scope, salt, password_hash, created_at_ms) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const update = db.prepare('UPDATE users SET role = ?, scope = ?, is_disabled = ? WHERE name = ?')
  const putPassword = db.prepare('UPDATE users SET salt = ?, password_hash = ? WHERE name = ?')
  const endSessions = db.prepare(
    'UPDATE tokens SET is_revoked = 1 WHERE user = ? AND is_program = 0 AND is_revoked = 0',
  )

  return {
    /** False when the name is taken. */
    addUser: immediately(
      db,
      ({ user, role, scope, salt, hash }: PasswordRow, atMs: number): boolean =>
        insert.run(user, role, scopeColumn(scope), salt, hash, Math.round(atMs)).changes > 0,
    ),
    changeUser: immediately(db, (user: string, { role, scope, isDisabled }: UserChange): ChangedUser => {
      const row = one.get(user)
      if (!row) return 'unknown'
      const next: UserRow = {
        role: role ?? row.role,
        scope: scope === undefined ? row.scope : scopeColumn(scope),
        isDisabled: isDisabled === undefined ? row.isDisabled : isDisabled ? 1 : 0,
      }
      const isAdmin = (one: UserRow): boolean =>
        one.role === 'admin' && one.scope === null && one.isDisabled === 0
      if (isAdmin(row) && !isAdmin(next) && otherAdmins.get(user) === 0) return 'last-admin'
      update.run(next.role, next.scope, next.isDisabled, user)
      endSessions.run(user)
      return 'done'
    }),
    /** False when there is no such user. */
    setUserPassword: immediately(db, (user: string, salt: string, hash: string): boolean => {
      endSessions.run(user)
      return putPassword.run(salt, hash, user).changes > 0
    }),
    /** How many sessions ended; undefined when there is no such user. */
    endSessionsOf: immediately(db, (user: string): number | undefined =>
      one.get(user) === undefined ? undefined : endSessions.run(user).changes,
    ),
  }
}
