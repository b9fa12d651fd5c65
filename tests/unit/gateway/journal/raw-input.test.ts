// Are raw messages and learned documents read beside a running box, and is a missing journal a problem in words?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { readRawInput } from '../../../../gateway/journal/raw-input.ts'

it('reads rows oldest first and documents of the prefix, and leaves unreadable ones out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-raw-'))
  try {
    const missing = readRawInput(folder, 'dialect:')
    expect(missing.ok ? '' : missing.problems[0]?.message).toContain('can not be read')
    const db = new Database(join(folder, 'journal.db'))
    db.exec(`CREATE TABLE quarantine (position INTEGER PRIMARY KEY, at_ms, device, topic, problem, payload);
      CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB);
      INSERT INTO quarantine VALUES (2, 20, 'd', 't', 'not JSON', x'02'), (1, 10, 'd', 't', 'not JSON', x'01');
      INSERT INTO state VALUES ('dialect:a/x', '{"n":1}'), ('dialect:a/y', 'torn'), ('other', '{"n":2}');`)
    const read = readRawInput(folder, 'dialect:')
    db.close()
    if (!read.ok) throw new Error(JSON.stringify(read.problems))
    expect(read.value.rows.map(({ atMs }) => atMs)).toEqual([10, 20])
    expect(read.value.documents).toEqual([['dialect:a/x', { n: 1 }]])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
