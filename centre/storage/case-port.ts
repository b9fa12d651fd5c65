// Interface of the storage of cases.
import type { Case, CaseEvent, CaseState } from '../../protocols/domain/case.ts'
import type { CasePlaceFacts, CaseSummary } from '../../protocols/desk/cases.ts'
import type { CaseRules, StoredCaseRules } from '../../protocols/desk/leading/case-rules.ts'
import type { PolicySettings } from '../cases/case-policy.ts'
import type { Scope } from '../../protocols/desk/scope.ts'
import type { Shift } from '../../protocols/desk/shifts.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import type { ActionList, Plan } from '../cases/action-lists.ts'
import type { Actor, CentreInput, PersonInput, RefusalCode } from '../cases/workflow/case-input.ts'
import type { SearchCriteria } from './search-port.ts'
import type { StoredChange } from './stored-change.ts'

export type CaseTarget = { case: string } | { alarm: string }

export type CaseOutcome =
  | {
      type: 'done'
      case: Case
      /** Alarms whose stage has changed: their boxes get it. */
      alarms: DeskAlarm[]
      /** The named alarm, if the step did not change it. */
      asked?: DeskAlarm
      changes: StoredChange[]
    }
  | { type: 'refused'; code: RefusalCode; detail: string; case: Case; alarm?: DeskAlarm }
  | { type: 'unknown' }

export interface ManualCase {
  village: string
  box?: string
  kind: Case['alarms'][number]['kind']
  colour: Case['colour']
  text: string
  isDrill: boolean
}

export interface CaseQuery {
  /** Then the newest come first. */
  find?: Pick<SearchCriteria, 'text' | 'kind' | 'fromMs' | 'toMs'> | undefined
  scope?: Scope | undefined
  state: 'open' | 'over' | 'all'
  villages?: readonly string[] | undefined
  village?: string | undefined
  holder?: string | undefined
  colour?: Case['colour'] | undefined
  step?: CaseState | undefined
  after?: string | undefined
  limit: number
}

/** A deadline that was reached: reported to supervisors, outlets and metrics. */
export interface DueEvent {
  case: string
  event: CaseEvent
}

export type ShiftOutcome =
  | { type: 'done'; shift: Shift; changes: StoredChange[] }
  /** It came to its end in another way. */
  | { type: 'over'; shift: Shift }
  | { type: 'unknown' }

export interface CaseHandoverCalls {
  /** Cases that this person holds, or has open, return to the queue. */
  redistribute(who: string, why: string, atMs: number): StoredChange[]
  /** Hands the queue to `to` during the times of the timetable, and takes it back after them. */
  passNight(to: string | undefined, nowMs: number): StoredChange[]
  offerShift(leaving: string, entering: string, text: string, atMs: number): ShiftOutcome
  endShift(shift: number, who: string, isTaken: boolean, text: string, atMs: number): ShiftOutcome
}

export interface CaseWriterCalls extends CaseHandoverCalls {
  /**
   * Rules set at the desk; `settings`: with those of the file, in force at once. Undefined when the newest version is not `before`: another
   * person has changed them.
   */
  putCaseRules(
    before: number,
    rules: CaseRules,
    settings: PolicySettings,
    who: string,
    atMs: number,
  ): number | undefined
  takeCaseStep(target: CaseTarget, input: PersonInput, actor: Actor, atMs: number): CaseOutcome
  takeCentreInput(id: string, input: CentreInput, atMs: number): CaseOutcome
  openCase(made: ManualCase, who: string, atMs: number): CaseOutcome
  mergeCases(into: string, from: string, actor: Actor, atMs: number): CaseOutcome
  splitCase(id: string, alarms: readonly string[], actor: Actor, atMs: number): CaseOutcome
  /** Checks the due cases, some at a time. */
  passDeadlines(nowMs: number): { changes: StoredChange[]; due: DueEvent[]; nextDueMs?: number }
  putActionLists(lists: readonly ActionList[], who: string, atMs: number): number
}

/** A person who holds an open case. */
export interface CaseHolder {
  who: string
  /** A session of theirs is open, or ended by itself a short while ago. */
  isSignedIn: boolean
}

export interface CaseReaderCalls {
  caseHolders(nowMs: number): CaseHolder[]
  shifts(limit: number): Shift[]
  cases(query: CaseQuery, nowMs: number): { cases: CaseSummary[]; next?: string } | undefined
  caseRules(): StoredCaseRules
  caseOf(target: CaseTarget): { case: Case; plans: Plan[] } | undefined
  /** A case and the beginning of its history as of one moment. */
  caseWithHistory(
    target: CaseTarget,
    limit: number,
  ):
    | {
        case: Case
        plans: Plan[]
        history: (CaseEvent & { position: number })[]
        place?: CasePlaceFacts
      }
    | undefined
  caseEvents(id: string, after: number, limit: number): (CaseEvent & { position: number })[]
  actionLists(): { version: number; lists: ActionList[] }
}
