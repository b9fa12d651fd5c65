// The smaller facts below each card of the console, as sentences in the reader's language.
import type { HealthAnswer } from '../../protocols/console/api.ts'
import { describeBytes, describeDuration } from '../shared/durations.ts'
import { fill, language, say } from '../shared/language.ts'
import { words } from './health-words.ts'

/** A clock this close to the centre's counts as equal. */
const offsetFineMs = 2000

export function linkFacts({ link }: HealthAnswer, sinceMs: number): string[] {
  if (link.state === 'none') return []
  const age = (ms: number): string => describeDuration(ms + sinceMs, language.value)
  const facts = [fill(words.forAge, { age: age(link.forMs) })]
  if (link.url !== undefined) facts.push(link.url)
  if (link.problem !== undefined) facts.push(say(link.problem))
  facts.push(
    link.lastReceiptAgoMs === undefined
      ? say(words.noReceipt)
      : fill(words.lastReceipt, { age: age(link.lastReceiptAgoMs) }),
  )
  if (link.roundTripMs !== undefined) facts.push(fill(words.roundTrip, { ms: Math.round(link.roundTripMs) }))
  if (link.bytesPerSecond !== undefined) facts.push(`${describeBytes(link.bytesPerSecond)}/s`)
  return facts
}

export function clockFacts({ clock }: HealthAnswer): string[] {
  const { offsetMs, isDoubted } = clock
  if (offsetMs === undefined || Math.abs(offsetMs) < offsetFineMs) return []
  const age = describeDuration(Math.abs(offsetMs), language.value)
  const facts = [fill(offsetMs > 0 ? words.ahead : words.behind, { age })]
  return isDoubted ? [...facts, say(words.clocksDoubted)] : facts
}

export function journalFacts({ journal }: HealthAnswer): string[] {
  const facts = [fill(words.journalFacts, { count: journal.records, size: describeBytes(journal.sizeBytes) })]
  if (journal.droppedRecords > 0) facts.push(fill(words.dropped, { count: journal.droppedRecords }))
  return facts
}

export function diskFacts({ process }: HealthAnswer): string[] {
  return [fill(words.memory, { size: describeBytes(process.residentBytes) }), `Node ${process.nodeVersion}`]
}
