// What the routes of cases have in common: who acts, how an outcome of storage becomes an answer or a refusal.
import type { Role } from '../../../protocols/desk/api.ts'
import type { CaseAnswer } from '../../../protocols/desk/cases.ts'
import type { Case } from '../../../protocols/domain/case.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import type { CasePolicy } from '../../cases/case-policy.ts'
import { deadlinesOf } from '../../cases/case-summary.ts'
import { asksFor } from '../../cases/workflow/asks-for.ts'
import type { Actor } from '../../cases/workflow/case-input.ts'
import { refusalWords } from '../../cases/workflow/refusal-words.ts'
import type { ResponseLinks } from '../../people/response-links.ts'
import type { CaseOutcome, CaseReaderCalls, CaseWriterCalls } from '../../storage/case-port.ts'
import type { Account, StoredChange } from '../../storage/port.ts'
import type { CommandRouteOptions } from '../command-routes.ts'
import { ApiProblem, problemOfRefusal, type Detail, type ProblemCode } from '../problems.ts'

export const leadingRoles: readonly Role[] = ['supervisor', 'admin']

type Promised<Calls> = {
  [Name in keyof Calls]: Calls[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Awaited<Answer>>
    : never
}

export interface CaseRouteOptions {
  storage: Promised<CaseWriterCalls> & Promised<CaseReaderCalls>
  clock: Clock
  policy: CasePolicy
  /** A person has changed a case: push it and send the stage to the boxes of its alarms. */
  onStep: (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]) => void
  links: Pick<ResponseLinks, 'make'>
  /** For the steps of a plan that are commands. */
  commands: CommandRouteOptions
}

export const refusals = [
  'not-found',
  'already-accepted',
  'wrong-step',
  'same-person',
  'open-actions',
  'alarm-active',
  'needs-reason',
  'too-many-entries',
] as const satisfies readonly ProblemCode[]

export function actorOf(account: Account | undefined): Actor {
  if (!account) throw new ApiProblem('unauthenticated')
  return { who: account.user, isSupervisor: leadingRoles.includes(account.role) }
}

export type DoneOutcome = Extract<CaseOutcome, { type: 'done' }>

function detailOf({ code, detail, case: item }: Extract<CaseOutcome, { type: 'refused' }>): Detail {
  const words = refusalWords({ ok: false, code, detail }, item)
  return words.zh === '' && words.en === '' ? '' : words
}

/** Pushes the change; throws a refusal. */
export function settle(outcome: CaseOutcome, { onStep }: Pick<CaseRouteOptions, 'onStep'>): DoneOutcome {
  if (outcome.type === 'unknown') throw new ApiProblem('not-found')
  if (outcome.type === 'refused')
    throw new ApiProblem(problemOfRefusal[outcome.code], detailOf(outcome), outcome.alarm)
  if (outcome.changes.length > 0) onStep(outcome.alarms, outcome.changes)
  return outcome
}

export function answerOf(item: Case, { policy }: Pick<CaseRouteOptions, 'policy'>): CaseAnswer {
  const asks = asksFor(item, policy)
  return { case: item, deadlines: deadlinesOf(item, policy), ...(asks ? { asks } : {}) }
}
