// Whether two records are the same, by the fields that never change. Times of an unsynced boot are repaired later, and
// a salvaged record contains its first position.
import type { JournalRecord } from './record.ts'

export function identityOf(record: JournalRecord): string {
  const { type, sequence, boot, sinceBootMs } = record
  return JSON.stringify([type, sequence, boot, sinceBootMs, ...subjectOf(record)])
}

function subjectOf(record: JournalRecord): string[] {
  if (record.type === 'event') return [record.device, record.messageId]
  return record.type === 'alarm' ? [record.alarm.id, record.change] : [record.what]
}
