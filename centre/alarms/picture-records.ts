// Separates the records about pictures from all others. Pure.
import type { JournalRecord, LogRecord } from '../../protocols/domain/record.ts'
import { snapshotDeleted, snapshotTaken } from '../../protocols/domain/snapshot.ts'

/** A picture was taken, or deleted at the box. */
export function isAboutPicture(record: JournalRecord): record is LogRecord {
  return record.type === 'log' && (record.what === snapshotTaken || record.what === snapshotDeleted)
}
