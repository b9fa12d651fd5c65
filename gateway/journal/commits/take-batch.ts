// Which waiting entries make the next commit: the urgent ones first, each kind in its order, up to a bound.
import type { Lane } from '../../../protocols/domain/colour.ts'

/** Most records in one commit, so that an alarm never waits behind a long one. */
export const batchRecordsMax = 1000
/** Routine records that may share a commit with urgent ones: a few cost nothing, hundreds are milliseconds. */
export const besideUrgentMax = 32

interface Waiting {
  stored: readonly unknown[]
}

/**
 * Urgent entries that may follow a commit of routine records before that is answered, in their order. Until then it is not
 * certain which number the next routine record gets: an entry that has one waits, and what is behind it too.
 */
export function takeExpress<T extends { stored: readonly { lane: Lane }[] }>(urgent: T[]): T[] {
  const end = urgent.findIndex(({ stored }) => stored.some(({ lane }) => lane === 'routine'))
  const later = end < 0 ? [] : urgent.splice(end)
  const batch = take(urgent, batchRecordsMax)
  urgent.push(...later)
  return batch
}

/** Takes the entries out of their queues; an entry of more than the bound goes alone. */
export function takeBatch<T extends Waiting>(urgent: T[], routine: T[]): T[] {
  const batch = take(urgent, batchRecordsMax)
  if (batch.length === 0) return take(routine, batchRecordsMax)
  // What is known of an alarm (a checkpoint is a routine entry) may not be on disk before the alarm.
  if (urgent.length > 0) return batch
  const room = batchRecordsMax - recordsOf(batch)
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
