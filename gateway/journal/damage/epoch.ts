// The epoch stands in the database and in a file beside it: salvage needs it when the database can not be asked, and one of the
// two is there when the flash has spoilt the other.
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { lanes } from '../../../protocols/domain/colour.ts'
import { laneTable } from '../migrations.ts'
import { documentSum, openDocuments } from '../sound-documents.ts'

const epochFile = 'journal.epoch'
const key = 'epoch'
const lineOf = (epoch: string): string => `${epoch} ${documentSum(key, epoch)}\n`

/** What the file says; undefined when there is none or the flash has spoilt it. */
export function epochBeside(folder: string): string | undefined {
  let text: string
  try {
    text = readFileSync(join(folder, epochFile), 'utf8')
  } catch {
    return undefined
  }
  // An older program wrote it without its sum.
  const [, epoch = '', sum] = /^([a-z0-9]{1,32})(?: (\d+))?\s*$/.exec(text) ?? []
  return epoch !== '' && (sum === undefined || text === lineOf(epoch)) ? epoch : undefined
}

/** Makes database and file say the same. False when neither knows it any more although there are records: their numbers are another's. */
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
