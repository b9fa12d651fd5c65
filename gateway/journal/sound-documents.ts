// Documents of the tables `state` and `meta` with a checksum over key and value: one damaged byte may leave valid
// JSON with another content. A document that does not match its checksum is never returned.
import { crc32 } from 'node:zlib'
import type Database from 'better-sqlite3'

export type DocumentTable = 'state' | 'meta'

export const documentSum = (key: string, value: string): number => crc32(`${key}\0${value}`)

export interface DocumentRow {
  key: string
  value: string
  sum: number | null
}

export const isSound = ({ key, value, sum }: DocumentRow): boolean => sum === documentSum(key, value)

export interface DocumentAccess {
  /** Undefined when the document is missing or damaged. */
  get(key: string): string | undefined
  put(key: string, value: string): void
  drop(key: string): void
}

export function openDocuments(db: Database.Database, table: DocumentTable): DocumentAccess {
  const read = db.prepare(`SELECT key, value, sum FROM ${table} WHERE key = ?`)
  const write = db.prepare(`INSERT OR REPLACE INTO ${table} (key, value, sum) VALUES (?, ?, ?)`)
  const remove = db.prepare(`DELETE FROM ${table} WHERE key = ?`)
  return {
    get: (key) => {
      const row = read.get(key) as DocumentRow | undefined
      return row && isSound(row) ? row.value : undefined
    },
    put: (key, value) => void write.run(key, value, documentSum(key, value)),
    drop: (key) => void remove.run(key),
  }
}
