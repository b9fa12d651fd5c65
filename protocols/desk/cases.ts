// The town's API of cases, shared by the centre and the pages. All times are ms since 1970.
import type { AlarmKind, BilingualText } from '../domain/alarm.ts'
import {
  returnReasons,
  type Case,
  type CaseEvent,
  type CaseOutcome,
  type CaseState,
  type StepClock,
} from '../domain/case.ts'
import type { Colour } from '../domain/colour.ts'
import type { CaseStep } from '../domain/step-limits.ts'
import type { NewResponseLink } from './responder.ts'
import type { DeskAlarm } from './desk-alarm.ts'

/** A running step with its deadline. `level`: 0 off, 1 amber (75 %), 2 red (100 %), 3 supervisor called (150 %). */
export interface CaseDeadline {
  step: CaseStep
  sinceMs: number
  dueAtMs?: number
  level: StepClock['level']
}

/** The steps that a case can wait for. `accept` has a reason: a case may need a second person, or be back in the queue. */
export const caseAskKinds = [
  'accept',
  'dispatch',
  'feedback',
  'verify',
  'actions',
  'alarm-end',
  'archive',
] as const
export const acceptReasons = ['again', 'second', ...returnReasons] as const

export interface CaseAsk {
  what: (typeof caseAskKinds)[number]
  why?: (typeof acceptReasons)[number]
  /** Of `verify` and `second`: who may not do it. Of a case that returned: who held it. */
  who?: string[]
  /** The open required actions, or the alarms that are still active. */
  names?: BilingualText[]
}

/** What a case waits for. */
export interface CaseAsks {
  next: CaseAsk
  /** Empty: it can be archived. A supervisor may archive with a reason while only actions or alarms are left. */
  beforeArchive: CaseAsk[]
}

/** One line of the queue. */
export interface CaseSummary {
  id: string
  village: string
  /** All of them, where its alarms are of several. */
  villages?: string[]
  /** Of its first alarm. */
  kind?: AlarmKind
  box?: string
  title: BilingualText
  colour: Colour
  state: CaseState
  isDrill: boolean
  isOnTest: boolean
  isPreCancelled: boolean
  needsAnswer: boolean
  holder?: string
  claimedBy?: string
  openedAtMs: number
  changedAtMs: number
  deadlines: CaseDeadline[]
  alarms: number
  openActions: number
  /** What it waits for; absent when it is over. */
  next?: CaseAsk
  /** In whose hands it is for the night. */
  handedTo?: string
  /** "Handled before": cases of the same household or device and kind in the last days, and how the last one ended. */
  handledBefore?: number
  lastOutcome?: CaseOutcome
}

/** `GET /api/v1/cases`: most urgent first, newest first within a colour. */
export interface CasesAnswer {
  cases: CaseSummary[]
  next?: string
}

export interface CasePlan {
  id: string
  label: BilingualText
  steps: { id: string; do: 'call' | 'command' | 'dispatch'; label: BilingualText; to?: string }[]
}

/** The place of a case, by its alarms, also when they are over. */
export interface CasePlaceFacts {
  /** The village's own time, ahead of UTC. */
  utcOffsetMin?: number
  /** The grid cell. */
  grid?: string
}

/** `GET /api/v1/cases/{id}` and every POST on a case. */
export interface CaseAnswer {
  case: Case
  deadlines: CaseDeadline[]
  /** What it waits for; absent when it is over. */
  asks?: CaseAsks
  /** The last entries of its history, oldest first. */
  history?: CaseEvent[]
  plans?: CasePlan[]
  place?: CasePlaceFacts
  alarms?: DeskAlarm[]
  /** Of a dispatch just made: one link for each name, shown this once. */
  links?: NewResponseLink[]
}

/** Characters of a text under way that others see. */
export const typingTextMax = 500

/** What a person writes about a case at this moment; an empty text ends it. It is stored nowhere, so it has no position. */
export interface TypingMessage {
  type: 'case.typing'
  position?: undefined
  typing: { case: string; who: string; text: string }
}

/** The stream's messages about cases. */
export type CaseMessage = {
  type: 'case.opened' | 'case.changed' | 'case.over'
  position: string
  case: CaseSummary
}
