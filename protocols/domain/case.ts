// A Case is how the town answers an alarm, step by step: accept, report upward, dispatch, feedback from the scene,
// verify, archive. The box owns an alarm's id and state; the centre owns the case.
import type { AlarmKind, BilingualText } from './alarm.ts'
import type { Colour } from './colour.ts'
import type { CaseStep } from './step-limits.ts'

/** The last completed step. `merged`: its alarms are in another case, which continues. */
export const caseStates = [
  'open',
  'accepted',
  'dispatched',
  'feedback',
  'verified',
  'archived',
  'merged',
] as const
export type CaseState = (typeof caseStates)[number]

/** The real cause found at the scene. */
export const caseOutcomes = ['real', 'false-alarm', 'test', 'no-access', 'no-action-needed'] as const
export type CaseOutcome = (typeof caseOutcomes)[number]

export const actionTypes = ['basic', 'yes-no', 'text', 'photo', 'call', 'dispatch'] as const
export type ActionType = (typeof actionTypes)[number]

/** An action that must or may be done before the case is archived. */
export interface CaseAction {
  /** Stable inside its list of actions: `call-back`, `send-doctor`. */
  id: string
  type: ActionType
  label: BilingualText
  /** A case is not archived while a required action is open. */
  isRequired: boolean
  done?: { who: string; atMs: number; value: string }
}

/** One alarm inside a case, with the fields that the case needs. */
export interface CaseAlarm {
  /** `{boxId}.{alarm id at the box}`. */
  id: string
  kind: AlarmKind
  colour: Colour
  device: string
  zone?: string
  occurrences: number
  isActive: boolean
  /** Its condition ends by itself; otherwise it stands until the case is archived. */
  endsByReading: boolean
}

/** How long a step has been running and the level of its lamp: 0 off, 1 amber, 2 red, 3 supervisor called. */
export interface StepClock {
  sinceMs: number
  level: 0 | 1 | 2 | 3
}

export interface CasePerson {
  who: string
  atMs: number
}

/** How far the next centre is with it. An instruction is no stage: it stands beside one. */
export const reportStages = ['instruction', 'seen', 'accepted', 'dispatched', 'closed'] as const
export type ReportStage = (typeof reportStages)[number]

/** A step upward or back: another centre, an authority, a telephone line. */
export interface CaseReport extends CasePerson {
  to: string
  text: string
  answer?: { atMs: number; stage: ReportStage; text: string; who: string }
}

export interface CaseDispatch extends CasePerson {
  /** The people sent: names of the roster, or free text. */
  to: string[]
  text: string
  arrivedAtMs?: number
  cannot?: string
}

export interface CaseFeedback extends CasePerson {
  text: string
  outcome: CaseOutcome
}

/** How it ended the last time: absent if not recorded. */
export interface HandledBefore {
  cases: number
  lastCase: string
  lastAtMs: number
  lastOutcome?: CaseOutcome
}

/** Why a case has no holder any more: no progress, given back, its holder left, or the other centre gave it back. */
export const returnReasons = ['reopened', 'released', 'redistributed', 'taken-back'] as const
export type ReturnReason = (typeof returnReasons)[number]

export interface CaseReturn {
  why: ReturnReason
  atMs: number
  /** The person who held it. */
  who?: string
}

export interface Case {
  /** `case-1042`: unique at this centre for ever. */
  id: string
  village: string
  /** Absent when it was opened by hand, without an alarm. */
  box?: string
  title: BilingualText
  colour: Colour
  state: CaseState
  isDrill: boolean
  /** The household or installer reported a test, or a mistake. Shown and counted, never hidden. */
  onTest?: { who: string; untilMs: number }
  preCancelled?: CasePerson & { text: string }
  openedAtMs: number
  changedAtMs: number
  alarms: CaseAlarm[]
  /** The person responsible: takes the case through its steps. */
  holder?: string
  /** People who have it open on a screen without having accepted it. */
  claimedBy?: CasePerson
  /** Acceptances since it was last open; red may need two. */
  acceptances: CasePerson[]
  /** An alarm occurred again, or its colour rose, after it was accepted; or it returned to the queue. */
  needsAnswer: boolean
  /** Since it returned to the queue, until a person accepts it. */
  returned?: CaseReturn
  reports: CaseReport[]
  dispatches: CaseDispatch[]
  feedback?: CaseFeedback
  verified?: CasePerson & { text: string }
  archived?: CasePerson & { text: string }
  actions: CaseAction[]
  /** Which version of the town's lists the actions come from. */
  guidanceVersion: number
  guidance?: BilingualText
  mergedInto?: string
  /** Handed to another centre for the night. */
  handedTo?: string
  /** The same household or device had the same kind of alarm lately, in cases that are archived. */
  handledBefore?: HandledBefore
  clocks: Partial<Record<CaseStep, StepClock>>
  /** How often it was reopened because it made no progress. */
  reopened: number
  notes: number
  attachments: number
}

export const caseEventKinds = [
  'opened',
  'alarm-joined',
  'alarm-changed',
  'alarm-ended',
  'claimed',
  'accepted',
  'released',
  'redistributed',
  'taken-over',
  'reported',
  'report-answered',
  'dispatched',
  'arrived',
  'dispatch-refused',
  'feedback',
  'verified',
  'sent-back',
  'archived',
  'reopened',
  'merged',
  'split',
  'note',
  'attachment',
  'action-done',
  'plan-step',
  'called',
  'on-test',
  'pre-cancelled',
  'handed-over',
  'taken-back',
  'instructed',
  'deadline-amber',
  'deadline-red',
  'supervisor-called',
] as const
export type CaseEventKind = (typeof caseEventKinds)[number]

/** One entry of a case's history: append-only. `who` is `centre` for entries caused by time. */
export interface CaseEvent {
  what: CaseEventKind
  who: string
  atMs: number
  /** In the words of the person, or fixed words of the centre. */
  text: string
  /** The step of a deadline, or the alarm, action, attachment or case of the entry. */
  subject?: string
}
