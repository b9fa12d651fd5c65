// Does the trail show every change of the past: a field, a removed entry, a cut end, a complete rewrite?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { trailStart } from '../../../../centre/cases/trail.ts'
import { createSeal, verifyAudit } from '../../../../centre/storage/sqlite/audit-chain.ts'
import { openWriter, type Sqlite } from '../../../../centre/storage/sqlite/database.ts'

let folder: string
let db: Sqlite
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-audit-'))
  db = openWriter(join(folder, 'centre.db'), 1)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

function write(count: number): void {
  const seal = createSeal(db)
  for (let i = 0; i < count; i++)
    seal({ alarm: `case-${i % 3}`, atMs: i, who: 'li', what: 'note', why: `entry ${i}` })
}

const unlocked = (sql: string): void => {
  for (const name of [
    'trail_keeps_what_is_written',
    'trail_keeps_every_entry',
    'audit_chain_keeps_every_entry',
  ])
    db.exec(`DROP TRIGGER ${name}`)
  db.exec(sql)
}

it('holds over starts, and its head of yesterday stands in it', () => {
  write(5)
  const { head } = verifyAudit(db)
  write(5)
  expect(verifyAudit(db, head)).toMatchObject({ isGood: true, entries: 10 })
  expect(verifyAudit(db, 'ab'.repeat(32))).toEqual({ isGood: false, entries: 10, isAnchorMissing: true })
})

it.each(['who', 'why', 'what', 'alarm'])('finds one changed letter in %s', (column) => {
  write(9)
  unlocked(`UPDATE trail SET ${column} = ${column} || 'x' WHERE position = 4`)
  expect(verifyAudit(db)).toMatchObject({ isGood: false, broken: { position: 4 } })
})

it('finds an entry that was taken out of the middle, and one cut from the end', () => {
  write(9)
  unlocked('DELETE FROM trail WHERE position = 9')
  expect(verifyAudit(db)).toEqual({ isGood: false, entries: 8, missing: 1 })
  db.exec('DELETE FROM audit_chain WHERE position = 9')
  // Both cut: only a head that was stored outside shows it.
  expect(verifyAudit(db)).toMatchObject({ isGood: true, entries: 8 })
  db.exec('DELETE FROM trail WHERE position = 5; DELETE FROM audit_chain WHERE position = 5')
  expect(verifyAudit(db)).toMatchObject({ isGood: false })
})

it('adopts the entries of an older program, which had no chain', () => {
  write(4)
  unlocked('DELETE FROM audit_chain')
  expect(verifyAudit(db)).toMatchObject({ isGood: false })
  createSeal(db)
  expect(verifyAudit(db)).toMatchObject({ isGood: true, entries: 4 })
})

it('an empty trail holds, and its head is the beginning', () => {
  expect(verifyAudit(db)).toEqual({ isGood: true, entries: 0, head: trailStart })
})
