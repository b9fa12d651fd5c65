// What a case waits for: its next step, and all that must be done before it can be archived. Pure; the desk shows it.
import { alarmTable } from '../../../protocols/domain/alarm-table.ts'
import { isOver } from '../../../protocols/domain/case-order.ts'
import type { Case } from '../../../protocols/domain/case.ts'
import type { CaseAsk, CaseAsks } from '../../../protocols/desk/cases.ts'
import type { CasePolicy } from '../case-policy.ts'
import { activeAlarms, mustVerify, openActions } from './archive-conditions.ts'

/** Undefined: no person has to accept it now. */
function acceptance(item: Case): CaseAsk | undefined {
  const { state, needsAnswer, returned, acceptances } = item
  if (state !== 'open' && !needsAnswer) return undefined
  if (returned) return { what: 'accept', why: returned.why, ...named(returned.who) }
  if (needsAnswer) return { what: 'accept', why: 'again' }
  // Red may need two people.
  const [first] = acceptances
  return first ? { what: 'accept', why: 'second', ...named(first.who) } : { what: 'accept' }
}

const named = (...who: (string | undefined)[]): Pick<CaseAsk, 'who'> => {
  const names = [...new Set(who)].filter((name) => name !== undefined && name !== '')
  return names.length > 0 ? { who: names as string[] } : {}
}

function verification(item: Case, policy: CasePolicy): CaseAsk | undefined {
  if (item.state === 'verified' || !mustVerify(item, policy)) return undefined
  return { what: 'verify', ...named(item.holder, item.feedback?.who) }
}

/** The next step that is expected in this state; a person may choose another one that is allowed. */
function nextStep(item: Case, before: readonly CaseAsk[]): CaseAsk {
  if (item.state === 'accepted') return { what: 'dispatch' }
  if (item.state === 'dispatched') return { what: 'feedback' }
  return before[0] ?? { what: 'archive' }
}

/** Undefined for a case that is over. */
export function asksFor(item: Case, policy: CasePolicy): CaseAsks | undefined {
  if (isOver(item.state)) return undefined
  const actions = openActions(item).map(({ label }) => label)
  const active = activeAlarms(item).map(({ kind }) => alarmTable[kind].name)
  const accept = acceptance(item)
  const verify = verification(item, policy)
  const beforeArchive: CaseAsk[] = [
    ...(accept ? [accept] : []),
    ...(verify ? [verify] : []),
    ...(actions.length > 0 ? [{ what: 'actions' as const, names: actions }] : []),
    ...(active.length > 0 ? [{ what: 'alarm-end' as const, names: active }] : []),
  ]
  return { next: accept ?? nextStep(item, beforeArchive), beforeArchive }
}
