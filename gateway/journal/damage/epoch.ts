// The epoch is stored in the database and in a file beside it. Salvage needs the file when the database can not be
// read; if the flash has damaged either, the other still has it.
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { lanes } from '../../../protocols/domain/colour.ts'
import { laneTable } from '../migrations.ts'
import { documentSum, openDocuments } from '../sound-documents.ts'

const epochFile = 'journal.epoch'
const key = 'epoch'
const lineOf = (epoch: string): string => `${epoch} ${documentSum(key, epoch)}\n`

/** The epoch in the file; undefined when the file is missing or damaged. */
export function epochBeside(folder: string): string | undefined {
  let text: string
  try {
    text = readFileSync(join(folder, epochFile), 'utf8')
  } catch {
    return undefined
  }
  // An older version wrote it without a checksum.
  const [, epoch = '', sum] = /^([a-z0-9]{1,32})(?: (\d+))?\s*$/.exec(text) ?? []
  return epoch !== '' && (sum === undefined || text === lineOf(epoch)) ? epoch : undefined
}

/**
 * Makes database and file agree. False when both have lost the epoch although there are records: their numbers belong
 * to an unknown epoch.
 */
export function settleEpoch(folder: string, db: Database.Database, newEpoch: string): boolean {
  const meta = openDocuments(db, 'meta')
  let epoch = meta.get(key)
  if (epoch === undefined) {
    epoch = epochBeside(folder) ?? (hasRecords(db) ? undefined : newEpoch)
    if (epoch === undefined) return false
    meta.put(key, epoch)
  }
  if (epochBeside(folder) !== epoch || !isWritten(folder, epoch)) writeSynced(folder, lineOf(epoch))
  return true
}

function isWritten(folder: string, epoch: string): boolean {
  return readFileSync(join(folder, epochFile), 'utf8') === lineOf(epoch)
}

const hasRecords = (db: Database.Database): boolean =>
  lanes.some((lane) => db.prepare(`SELECT 1 FROM ${laneTable(lane)} LIMIT 1`).get() !== undefined)

function writeSynced(folder: string, text: string): void {
  const descriptor = openSync(join(folder, epochFile), 'w')
  try {
    writeSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
