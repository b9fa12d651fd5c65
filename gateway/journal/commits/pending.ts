// An entry that waits for a commit, and the commit request built from several.
import { lanes } from '../../../protocols/domain/colour.ts'
import { documentsOf, type DocumentsOfEntry } from './document-order.ts'
import type { LaneNumbers } from './lane-numbers.ts'
import type { JournalEntry, StorageAnswer, StoredRecord } from '../port.ts'
import { createCommit, type CommitRequest } from '../worker-messages.ts'

/**
 * An entry that waits for a commit. Its records are already text: hundreds wait at a time and should take little
 * memory.
 */
export interface Pending
  extends
    DocumentsOfEntry,
    Pick<JournalEntry, 'isUrgent' | 'uncountedIds' | 'forgetsUncountedIdsOf' | 'quarantine'> {
  stored: StoredRecord[]
  sinceMs: number
  answer: StorageAnswer<readonly StoredRecord[]>
}

/** Assigns the numbers. `isReceiptedDirty`: the receipted positions have changed since they were written. */
export function commitOf(
  batch: readonly Pending[],
  numbers: LaneNumbers,
  isReceiptedDirty: boolean,
): CommitRequest {
  const request = createCommit(numbers.receipted())
  for (const { uncountedIds, forgetsUncountedIdsOf, quarantine, stored } of batch) {
    for (const record of stored) {
      record.number = numbers.next(record.lane)
      request.lanes.push(lanes.indexOf(record.lane))
      request.numbers.push(record.number)
      request.bodies.push(record.body)
    }
    if (forgetsUncountedIdsOf !== undefined) {
      request.forgetsUncountedIdsOf.push(forgetsUncountedIdsOf)
      request.uncountedIds = request.uncountedIds.filter(([device]) => device !== forgetsUncountedIdsOf)
    }
    if (uncountedIds) request.uncountedIds.push(...uncountedIds)
    if (quarantine) request.quarantine.push(quarantine)
  }
  request.state = documentsOf(batch)
  // Receipted positions cost one more page, so they are written only together with documents.
  request.keepsReceipted = isReceiptedDirty && request.state.length > 0
  return request
}
