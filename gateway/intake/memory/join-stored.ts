// Answers the repeat of an event together with the event: at once when it is on disk, else with its commit.
import type { StorageAnswer } from '../../journal/port.ts'
import { notTaking } from '../storage-answer.ts'
import { takeAfterRebuild } from './after-rebuild.ts'
import type { InFlight } from './in-flight.ts'

export function joinStored(
  memory: {
    readonly rebuilding: Promise<void> | undefined
    readonly repeats: { has(device: string, messageId: string): boolean }
  },
  inFlight: Pick<InFlight, 'find'>,
  { device, messageId }: { device: string; messageId: string },
  answer: StorageAnswer,
): void {
  const { rebuilding, repeats } = memory
  const join = (): void => {
    const first = inFlight.find(device, messageId)
    if (first) first.join(answer)
    // The event that it repeats may be the one whose refusal started the rebuild: then it is nowhere.
    else if (rebuilding && !repeats.has(device, messageId)) answer.refused(notTaking())
    else answer.kept()
  }
  // While memory is rebuilt the event waits too, and is not in flight yet.
  if (rebuilding) takeAfterRebuild(memory, rebuilding, answer, join)
  else join()
}
