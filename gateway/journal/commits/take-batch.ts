// Chooses the waiting entries of the next commit: the urgent ones first, each kind in its order, up to a limit.
import type { Lane } from '../../../protocols/domain/colour.ts'

/** Most records in one commit, so that an alarm never waits for a long one. */
export const batchRecordsMax = 1000
/** Routine records that may share a commit with urgent ones: a few cost nothing, hundreds cost milliseconds. */
export const besideUrgentMax = 32

interface Waiting {
  stored: readonly unknown[]
}

/**
 * Urgent entries, in order, that may be posted before a running commit of routine records is answered. Until then the
 * number of the next routine record is open: an urgent entry that contains a routine record waits, and so do the
 * entries behind it.
 */
export function takeExpress<T extends { stored: readonly { lane: Lane }[] }>(urgent: T[]): T[] {
  const end = urgent.findIndex(({ stored }) => stored.some(({ lane }) => lane === 'routine'))
  const later = end < 0 ? [] : urgent.splice(end)
  const batch = take(urgent, batchRecordsMax)
  urgent.push(...later)
  return batch
}

/** Removes the entries from their queues; an entry larger than the limit is committed alone. */
export function takeBatch<T extends Waiting>(urgent: T[], routine: T[]): T[] {
  const batch = take(urgent, batchRecordsMax)
  if (batch.length === 0) return take(routine, batchRecordsMax)
  // The documents of an alarm (a checkpoint is a routine entry) may not reach the disk before the alarm itself.
  if (urgent.length > 0) return batch
  const room = batchRecordsMax - recordsOf(batch)
  return [...batch, ...take(routine, Math.min(room, besideUrgentMax), 0)]
}

/** `least`: this many entries are taken whatever their size. */
function take<T extends Waiting>(queue: T[], recordsMax: number, least = 1): T[] {
  let records = 0
  let taken = 0
  for (const { stored } of queue) {
    if (taken >= least && records + stored.length > recordsMax) break
    records += stored.length
    taken++
  }
  return queue.splice(0, taken)
}

const recordsOf = (batch: readonly Waiting[]): number =>
  batch.reduce((sum, { stored }) => sum + stored.length, 0)
