// A version that goes back after a newer one changed the journal: does it open, with everything that it can read of both?
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { dropOldCopy } from '../../../../gateway/journal/before-migration.ts'
import { openJournalFile } from '../../../../gateway/journal/damage/salvage.ts'
import { migrations } from '../../../../gateway/journal/migrations.ts'
import { openDocuments } from '../../../../gateway/journal/sound-documents.ts'

const known = migrations as string[]
const copy = (): string => join(folder, 'journal-before.db')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-journal-before-'))
})
afterEach(() => {
  known.length = released
  rmSync(folder, { recursive: true, force: true })
})
const released = known.length

/** A later release, which adds a column to the documents of the state. */
const becomeNewer = (): void => void known.push('ALTER TABLE state ADD COLUMN later TEXT')
const goBack = (): void => void (known.length = released)

const log = (sequence: number, what: string): string =>
  JSON.stringify({ type: 'log', sequence, boot: 1, sinceBootMs: 1, atMs: 1, clock: 'synced', what })

function write(number: number, what: string): void {
  const { db } = openJournalFile(folder, 'aaaaaaaa')
  db.prepare('INSERT INTO lane_red (number, body) VALUES (?, ?)').run(number, log(number, what))
  openDocuments(db, 'state').put('alarm:1', JSON.stringify({ by: what }))
  db.close()
}

function read() {
  const { db, rewound, isNewEpoch } = openJournalFile(folder, 'bbbbbbbb')
  const bodies = db.prepare('SELECT body FROM lane_red ORDER BY number').pluck().all() as string[]
  const whats = bodies.map((body) => (JSON.parse(body) as { what: string }).what)
  const state = openDocuments(db, 'state').get('alarm:1')
  db.close()
  return { whats, state, rewound, isNewEpoch }
}

it('copies the journal before it changes its form, and no new or unchanged one', () => {
  write(1, 'before')
  expect(existsSync(copy())).toBe(false)
  becomeNewer()
  write(2, 'newer')
  const kept = new Database(copy(), { readonly: true })
  expect(kept.pragma('user_version', { simple: true })).toBe(released)
  expect(kept.prepare('SELECT count(*) FROM lane_red').pluck().get()).toBe(1)
  kept.close()
  expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([])
})

it('takes the records and documents of the newer version along, once each, under a new epoch', () => {
  write(1, 'before')
  becomeNewer()
  write(2, 'newer')
  goBack()
  const found = read()
  expect(found.whats).toEqual(['before', 'newer'])
  expect(found.state).toBe('{"by":"newer"}')
  expect(found).toMatchObject({ isNewEpoch: true, rewound: { records: 2, from: 'damaged-1' } })
  expect(existsSync(join(folder, 'damaged-1/journal.db'))).toBe(true)
  // From here on it is a journal like any other.
  expect(read()).toMatchObject({ whats: ['before', 'newer'], rewound: undefined })
})

it('takes from the copy what the newer version has put into a form that it cannot read', () => {
  write(1, 'before')
  becomeNewer()
  write(2, 'newer')
  const { db } = openJournalFile(folder, 'aaaaaaaa')
  db.prepare("UPDATE lane_red SET body = '~later~' WHERE number = 1").run()
  db.close()
  goBack()
  expect(read().whats).toEqual(['before', 'newer'])
})

it('does not send again what the newer version has a Receipt for', () => {
  write(1, 'before')
  becomeNewer()
  write(2, 'newer')
  const { db } = openJournalFile(folder, 'aaaaaaaa')
  openDocuments(db, 'meta').put('receipted', JSON.stringify({ red: 1 }))
  db.close()
  goBack()
  expect(read().whats).toEqual(['newer'])
})

it('leaves a newer journal alone when there is no copy, or only one that is newer too', () => {
  becomeNewer()
  write(1, 'newer')
  goBack()
  expect(() => openJournalFile(folder, 'bbbbbbbb')).toThrow('install the newer program again')
  becomeNewer()
  becomeNewer()
  known[released + 1] = 'ALTER TABLE state ADD COLUMN later2 TEXT'
  write(2, 'newest')
  expect(existsSync(copy())).toBe(true)
  goBack()
  expect(() => openJournalFile(folder, 'bbbbbbbb')).toThrow('install the newer program again')
  expect(readdirSync(folder).filter((name) => name.startsWith('damaged'))).toEqual([])
})

it('keeps the copy for a month', () => {
  write(1, 'before')
  becomeNewer()
  write(2, 'newer')
  const nowMs = Date.now()
  dropOldCopy(folder, nowMs + 29 * 86_400_000)
  expect(existsSync(copy())).toBe(true)
  utimesSync(copy(), nowMs / 1000, (nowMs - 31 * 86_400_000) / 1000)
  // A clock at 1970 deletes nothing.
  dropOldCopy(folder, 1000)
  expect(existsSync(copy())).toBe(true)
  dropOldCopy(folder, nowMs)
  expect(existsSync(copy())).toBe(false)
})
