// The journal of a box whose data folder takes no writes since its start: what is stored can be read and sent, and every
// new record is refused, as a journal on a card refuses that became read-only later.
import { JournalError, type Journal, type JournalEntry } from './port.ts'

/** Notes of the program about itself: no device waits for them, and no record is promised by them. */
const isOwnNote = ({ records, quarantine, uncountedIds }: JournalEntry): boolean =>
  records.length === 0 && quarantine === undefined && uncountedIds === undefined

/** `journal` is over a copy in memory; `reason` is why the folder itself takes no writes. */
export function unwritableJournal(journal: Journal, reason: string): Journal {
  const listeners = new Set<(error: JournalError) => void>()
  const refusal = (): JournalError => {
    const error = new JournalError('UNWRITABLE', reason)
    for (const listener of listeners) listener(error)
    return error
  }
  return {
    epoch: journal.epoch,
    unproven: journal.unproven,
    prove: () => journal.prove(),
    // The order for a new epoch would be lost with the copy. Reports are sent all the same, and nothing is settled.
    renew: () => Promise.resolve(false),
    positions: () => journal.positions(),
    read: (lane, after, limits) => journal.read(lane, after, limits),
    settle: (lane, storedTo) => journal.settle(lane, storedTo),
    stepBack: (lane, storedTo) => journal.stepBack(lane, storedTo),
    // No record is ever committed.
    onCommitted: () => () => undefined,
    put: (entry, answer) => (isOwnNote(entry) ? journal.put(entry, answer) : answer.refused(refusal())),
    append: (entry) => (isOwnNote(entry) ? journal.append(entry) : Promise.reject(refusal())),
    nextSequence: () => journal.nextSequence(),
    loadState: (prefix) => journal.loadState(prefix),
    loadUncountedIds: () => journal.loadUncountedIds(),
    repairTimes: (boot, bootWallMs) => journal.repairTimes(boot, bootWallMs),
    readQuarantine: (limit) => journal.readQuarantine(limit),
    facts: () => journal.facts(),
    onSpace: (listener) => journal.onSpace(listener),
    onUrgent: (listener) => journal.onUrgent(listener),
    onRefused: (listener) => {
      listeners.add(listener)
      const undo = journal.onRefused(listener)
      return () => {
        listeners.delete(listener)
        undo()
      }
    },
    close: () => journal.close(),
  }
}
