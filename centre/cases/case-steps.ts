// The first steps of a case: seen and accepted. Pure functions from a row and a person to a row or a refusal.
import { needsAnswer, type DeskRow } from '../alarms/desk-row.ts'

export type AcceptOutcome =
  | { type: 'accepted'; row: DeskRow; isNew: boolean }
  /** Another person holds the case. */
  | { type: 'held' }

/**
 * `user` accepts the alarm. The same user again changes nothing; another user gets a refusal with the holder's name,
 * unless the alarm occurred again, or its case returned to the queue, since: then the first to answer holds it.
 */
export function acceptAlarm(row: DeskRow, user: string, atMs: number): AcceptOutcome {
  if (row.acceptedBy !== undefined && !needsAnswer(row))
    return row.acceptedBy === user ? { type: 'accepted', row, isNew: false } : { type: 'held' }
  const { returned, ...rest } = row
  const accepted: DeskRow = {
    ...rest,
    // A person who is on the way stays on the way when another holder continues.
    stage: returned && row.stage === 'dispatched' ? 'dispatched' : 'accepted',
    acceptedBy: user,
    acceptedAtMs: atMs,
    acceptedOccurrences: row.alarm.occurrences,
    acceptedColour: row.alarm.colour,
    changedAtMs: atMs,
  }
  return { type: 'accepted', row: accepted, isNew: true }
}

/** A desk has shown the alarm to a person; undefined if this was already recorded, or the case is already further. */
export function seeAlarm(row: DeskRow, atMs: number): DeskRow | undefined {
  return row.stage === 'stored' || row.stage === 'centre'
    ? { ...row, stage: 'seen', changedAtMs: atMs }
    : undefined
}
