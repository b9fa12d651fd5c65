// Which waiting entries make the next commit: queue by queue, each in its order, up to a bound.

/** Most records in one commit, so that an alarm never waits behind a long one. */
export const batchRecordsMax = 1000

/** Takes the entries out of their queues; an entry of more than the bound goes alone. */
export function takeBatch<T extends { stored: readonly unknown[] }>(queues: readonly T[][]): T[] {
  const batch: T[] = []
  let records = 0
  for (const queue of queues) {
    let taken = 0
    for (const pending of queue) {
      if (batch.length > 0 && records + pending.stored.length > batchRecordsMax) break
      batch.push(pending)
      records += pending.stored.length
      taken++
    }
    queue.splice(0, taken)
  }
  return batch
}
