// Which waiting entries make the next commit: the urgent ones first, each kind in its order, up to a bound.

/** Most records in one commit, so that an alarm never waits behind a long one. */
export const batchRecordsMax = 1000
/** Routine records that may share a commit with urgent ones: a few cost nothing, hundreds are milliseconds. */
export const besideUrgentMax = 32

interface Waiting {
  stored: readonly unknown[]
}

/** Takes the entries out of their queues; an entry of more than the bound goes alone. */
export function takeBatch<T extends Waiting>(urgent: T[], routine: T[]): T[] {
  const batch = take(urgent, batchRecordsMax)
  const room = batchRecordsMax - recordsOf(batch)
  if (batch.length === 0) return take(routine, batchRecordsMax)
  return [...batch, ...take(routine, Math.min(room, besideUrgentMax), 0)]
}

/** `least`: so many entries are taken whatever their size. */
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
