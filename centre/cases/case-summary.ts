// A case as one line of the queue, with its running deadlines. Pure.
import type { Case } from '../../protocols/domain/case.ts'
import type { CaseStep } from '../../protocols/domain/step-limits.ts'
import type { CaseDeadline, CaseSummary } from '../../protocols/desk/cases.ts'
import { villagesOfCase } from './case-villages.ts'
import type { CasePolicy } from './case-policy.ts'
import { asksFor } from './workflow/asks-for.ts'

export function deadlinesOf(item: Case, policy: CasePolicy): CaseDeadline[] {
  return (Object.entries(item.clocks) as [CaseStep, CaseDeadline][]).map(([step, { sinceMs, level }]) => {
    const limitMs = policy.limitMs(step, item.colour)
    return { step, sinceMs, level, ...(limitMs === undefined ? {} : { dueAtMs: sinceMs + limitMs }) }
  })
}

export function summaryOf(item: Case, policy: CasePolicy, nowMs: number): CaseSummary {
  const { id, village, box, title, colour, state, isDrill, needsAnswer, holder, claimedBy } = item
  const { handedTo, handledBefore } = item
  const villages = villagesOfCase(item)
  const [first] = item.alarms
  const next = asksFor(item, policy)?.next
  const lastOutcome = handledBefore?.lastOutcome
  return {
    id,
    village,
    ...(villages.length > 1 ? { villages } : {}),
    ...(first === undefined ? {} : { kind: first.kind }),
    ...(box === undefined ? {} : { box }),
    title,
    colour,
    state,
    isDrill,
    isOnTest: item.onTest !== undefined && item.onTest.untilMs > nowMs,
    isPreCancelled: item.preCancelled !== undefined,
    needsAnswer,
    ...(holder === undefined ? {} : { holder }),
    ...(claimedBy === undefined ? {} : { claimedBy: claimedBy.who }),
    openedAtMs: item.openedAtMs,
    changedAtMs: item.changedAtMs,
    deadlines: deadlinesOf(item, policy),
    alarms: item.alarms.length,
    ...(handedTo === undefined ? {} : { handedTo }),
    ...(handledBefore === undefined ? {} : { handledBefore: handledBefore.cases }),
    ...(lastOutcome === undefined ? {} : { lastOutcome }),
    ...(next === undefined ? {} : { next }),
    openActions: item.actions.filter(({ isRequired, done }) => isRequired && !done).length,
  }
}

/** How many cases these messages of the stream are about: the alarms of a case have messages of their own. */
export function countCases(changes: readonly { json: string }[]): number {
  const types = changes.map(({ json }) => (JSON.parse(json) as { type: string }).type)
  return types.filter((type) => type.startsWith('case.')).length
}
