// Does one administrator of the whole town always remain, and is a name given once?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createUserReader } from '../../../../centre/storage/sqlite/accounts.ts'
import { openWriter } from '../../../../centre/storage/sqlite/database.ts'
import { createUserChanges } from '../../../../centre/storage/sqlite/sign-in/user-table.ts'

it('keeps the last administrator of the whole town, whatever is asked', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-users-'))
  const db = openWriter(join(folder, 'centre.db'), 1)
  try {
    const users = createUserChanges(db)
    const row = { salt: 's', hash: 'h' }
    expect(users.addUser({ ...row, user: 'zhou', role: 'admin' }, 1)).toBe(true)
    expect(users.addUser({ ...row, user: 'zhou', role: 'operator' }, 2)).toBe(false)
    // Of a part of the town, or disabled: it can not help the others.
    users.addUser({ ...row, user: 'part', role: 'admin', scope: ['320612104'] }, 1)
    users.addUser({ ...row, user: 'away', role: 'admin' }, 1)
    expect(users.changeUser('away', { isDisabled: true })).toBe('done')
    for (const change of [{ role: 'auditor' }, { scope: ['320612104'] }, { isDisabled: true }] as const)
      expect(users.changeUser('zhou', change)).toBe('last-admin')
    expect(users.changeUser('zhou', { role: 'admin', scope: null })).toBe('done')
    expect(users.changeUser('away', { isDisabled: false })).toBe('done')
    expect(users.changeUser('zhou', { role: 'auditor' })).toBe('done')
    expect(users.changeUser('nobody', {})).toBe('unknown')
    expect(users.setUserPassword('nobody', 's', 'h')).toBe(false)
    expect(users.endSessionsOf('nobody')).toBeUndefined()
    const { users: read } = createUserReader(db)
    expect(read().map(({ user, role, isDisabled }) => [user, role, isDisabled])).toEqual([
      ['away', 'admin', false],
      ['part', 'admin', false],
      ['zhou', 'auditor', false],
    ])
  } finally {
    db.close()
    rmSync(folder, { recursive: true })
  }
})
