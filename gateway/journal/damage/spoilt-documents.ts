// A document that the flash has spoilt goes to quarantine, where a person can read it. What can be built anew from records is, as
// the checkpoint goes with it.
import type Database from 'better-sqlite3'
import { isObject, parseJson } from '../../../protocols/kit/parse-json.ts'
import { isSound, type DocumentRow } from '../sound-documents.ts'

/** SQLite's own limit for one value. */
const documentBytesMax = 1_000_000_000
/** What of a spoilt document is kept. */
const excerptBytesMax = 8192

/** What a device said and what was heard of it stand together: one without the other is worth nothing. */
const twinOf = (key: string): string | undefined => {
  const [, prefix, device] = /^(judge:device:|repeat:)(.*)$/.exec(key) ?? []
  return device === undefined ? undefined : (prefix === 'repeat:' ? 'judge:device:' : 'repeat:') + device
}

/** The JSON of a sound row, or undefined. */
export function documentIn(row: DocumentRow): Record<string, unknown> | undefined {
  if (!isSound(row)) return undefined
  const json = parseJson(row.value, documentBytesMax)
  return json.ok && isObject(json.value) ? json.value : undefined
}

/** The rest of the file is sound. Returns how many were set aside. */
export function setAsideSpoiltDocuments(db: Database.Database): number {
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
