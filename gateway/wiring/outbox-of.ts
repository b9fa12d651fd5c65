// The journal as the uplink sees it; when the centre has stored an alarm, its stage changes.
import type { StageReceipts } from '../commands/stage-receipts.ts'
import type { Journal, Outbox } from '../journal/port.ts'

export function outboxOf(journal: Journal, stages: StageReceipts): Outbox {
  return {
    epoch: journal.epoch,
    unproven: journal.unproven,
    prove: () => journal.prove(),
    renew: (reason) => journal.renew(reason),
    positions: () => journal.positions(),
    read: (lane, after, limits) => journal.read(lane, after, limits),
    settle: (lane, storedTo) => {
      journal.settle(lane, storedTo)
      stages.settled(lane, storedTo)
    },
    stepBack: (lane, storedTo) => journal.stepBack(lane, storedTo),
    onCommitted: (listener) => journal.onCommitted(listener),
  }
}
