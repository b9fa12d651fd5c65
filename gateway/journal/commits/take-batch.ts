// Chooses the waiting entries of the next commit: the urgent ones first, each kind in its order, up to a limit.

/** Most records in one commit, so that an alarm never waits for a long one. */
export const batchRecordsMax = 1000
/** Routine records that may share a commit with urgent ones: a few cost nothing, hundreds cost milliseconds. */
export const besideUrgentMax = 32

interface Waiting {
  stored: readonly unknown[]
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
