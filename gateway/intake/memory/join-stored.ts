// Answers the repeat of an event together with the event: at once when it is on disk, else with its commit.
import type { StorageAnswer } from '../../journal/port.ts'
import { takeAfterRebuild } from './after-rebuild.ts'
import type { InFlight } from './in-flight.ts'

export function joinStored(
  memory: { readonly rebuilding: Promise<void> | undefined },
  inFlight: Pick<InFlight, 'find'>,
  { device, messageId }: { device: string; messageId: string },
  answer: StorageAnswer,
): void {
  const join = (): void => {
    const first = inFlight.find(device, messageId)
    if (first) first.join(answer)
    else answer.kept()
  }
  const { rebuilding } = memory
  // While memory is rebuilt the event waits too, and is not in flight yet.
  if (rebuilding) takeAfterRebuild(memory, rebuilding, answer, join)
  else join()
}
