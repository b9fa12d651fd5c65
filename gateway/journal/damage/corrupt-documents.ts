// A document damaged by the flash goes to the quarantine, where a person can read it. Documents that can be rebuilt
// from records are rebuilt, because their checkpoint is removed too.
import type Database from 'better-sqlite3'
import { isObject, parseJson } from '../../../protocols/kit/parse-json.ts'
import { isSound, type DocumentRow } from '../sound-documents.ts'

/** SQLite's own limit for one value. */
const documentBytesMax = 1_000_000_000
/** Bytes of a damaged document that are kept. */
const excerptBytesMax = 8192

/** A device's last values and its received ids belong together: one without the other is useless. */
const twinOf = (key: string): string | undefined => {
  const [, prefix, device] = /^(judge:device:|repeat:)(.*)$/.exec(key) ?? []
  return device === undefined ? undefined : (prefix === 'repeat:' ? 'judge:device:' : 'repeat:') + device
}

/** The JSON of an undamaged row, or undefined. */
export function documentIn(row: DocumentRow): Record<string, unknown> | undefined {
  if (!isSound(row)) return undefined
  const json = parseJson(row.value, documentBytesMax)
  return json.ok && isObject(json.value) ? json.value : undefined
}

/** The rest of the file is undamaged. Returns how many documents were set aside. */
export function setAsideCorruptDocuments(db: Database.Database): number {
  const rows = db.prepare('SELECT key, value, sum FROM state').iterate() as Iterable<DocumentRow>
  const spoilt: DocumentRow[] = []
  for (const row of rows) if (!documentIn(row)) spoilt.push(row)
  if (spoilt.length === 0) return 0
  const keep = db.prepare(
    "INSERT INTO quarantine (at_ms, device, topic, problem, payload) VALUES (0, '', ?, 'a document that the flash has spoilt', ?)",
  )
  const drop = db.prepare('DELETE FROM state WHERE key = ?')
  db.transaction(() => {
    for (const { key, value } of spoilt) {
      keep.run(`journal/state/${key}`.slice(0, 200), Buffer.from(value).subarray(0, excerptBytesMax))
      drop.run(key)
      const twin = twinOf(key)
      if (twin !== undefined) drop.run(twin)
    }
    drop.run('checkpoint')
  }).immediate()
  return spoilt.length
}
