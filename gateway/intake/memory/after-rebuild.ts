// Messages that come while memory is rebuilt. Every refused commit starts a rebuild, also one of the box's own records, so
// a card that takes no writes is hardly ever without one: a call that was refused then would never go up.
import type { StorageAnswer } from '../../journal/port.ts'
import { notTaking } from '../storage-answer.ts'

/**
 * Runs `take` at the end of the rebuild; what waits is bounded by the share of each device. Refused if the box stops
 * before: then the rebuild ends without a result and stays set.
 */
export function takeAfterRebuild(
  memory: { readonly rebuilding: Promise<void> | undefined },
  rebuilding: Promise<void>,
  answer: StorageAnswer,
  take: () => void,
): void {
  const refuse = (): void => answer.refused(notTaking())
  const carryOn = (): void => (memory.rebuilding === rebuilding ? refuse() : take())
  rebuilding.then(carryOn).catch(refuse)
}
