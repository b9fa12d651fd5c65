// Reads what a box kept raw out of its journal, beside a running box: read only, and nothing is repaired.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { isObject, parseJson } from '../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import type { QuarantineRow } from './port.ts'

export interface RawInput {
  /** Oldest first. */
  rows: QuarantineRow[]
  documents: [key: string, value: object][]
}

/** `prefix`: of the documents that are wanted beside the rows. */
export function readRawInput(folder: string, prefix: string): Result<RawInput> {
  const file = join(folder, 'journal.db')
  let db: Database.Database | undefined
  try {
    db = new Database(file, { readonly: true, fileMustExist: true, timeout: 5000 })
    const rows = db
      .prepare('SELECT at_ms AS atMs, device, topic, problem, payload FROM quarantine ORDER BY position')
      .all() as QuarantineRow[]
    const stored = db
      .prepare('SELECT key, value FROM state WHERE substr(key, 1, ?) = ?')
      .all(prefix.length, prefix) as { key: string; value: string }[]
    const documents = stored.flatMap(({ key, value }): [string, object][] => {
      const parsed = parseJson(Buffer.from(value), Infinity)
      return parsed.ok && isObject(parsed.value) ? [[key, parsed.value]] : []
    })
    return ok({ rows, documents })
  } catch (error) {
    return bad(`can not be read: ${(error as Error).message} 读不到`, file)
  } finally {
    db?.close()
  }
}
