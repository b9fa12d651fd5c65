// The inputs of a case: actions of people, changes of alarms, and time. And the reasons for a refusal.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { CaseAlarm, CaseOutcome, ReportStage } from '../../../protocols/domain/case.ts'

/** A person, and whether the role may act for the holder and override rules. */
export interface Actor {
  who: string
  isSupervisor: boolean
}

export type PersonInput =
  | { do: 'claim' }
  | { do: 'accept' }
  | { do: 'release'; text: string }
  | { do: 'report'; to: string; text: string }
  | { do: 'dispatch'; to: string[]; text: string }
  /** For the dispatch at `index`. */
  | { do: 'arrive'; index: number }
  | { do: 'cannot'; index: number; text: string }
  | { do: 'feedback'; text: string; outcome: CaseOutcome }
  | { do: 'verify'; isGood: boolean; text: string }
  | { do: 'archive'; text: string }
  | { do: 'note'; text: string }
  | { do: 'attach'; name: string; sha256: string }
  | { do: 'action'; action: string; value: string }
  | { do: 'plan-step'; step: string; text: string }
  | { do: 'call'; to: string; text: string }
  | { do: 'on-test'; untilMs: number; text: string }
  | { do: 'pre-cancel'; text: string }
  | { do: 'hand-over'; to: string; text: string }
  | { do: 'take-back'; text: string }
  /** For the centre below that reported this case. */
  | { do: 'instruct'; text: string }

export type CentreInput =
  | { do: 'alarm'; alarm: CaseAlarm; title: BilingualText }
  /** `who` holds it or has it open, and went off duty or made no request for too long. */
  | { do: 'redistribute'; who: string; text: string }
  /** A shift was handed over, and both have signed. */
  | { do: 'take-over'; from: string; to: string; text: string }
  /** The timetable of the night hands the queue to another centre. */
  | { do: 'night'; to: string; text: string }
  | { do: 'take-back'; text: string }
  /** The answer of the next centre up about the case that was reported to it. */
  | { do: 'report-answer'; to: string; stage: ReportStage; text: string; who: string }
  /** A rule of the town reports the case upward. */
  | { do: 'report-up'; to: string; text: string }
  | { do: 'time' }

export const refusalCodes = [
  /** The step is not allowed in the case's state. */
  'wrong-step',
  /** Another person holds the case. */
  'held',
  /** Must be done by a different person than the step before. */
  'same-person',
  /** Required actions are open; `detail` lists them. */
  'open-actions',
  /** One of its alarms is still active. */
  'alarm-active',
  /** A reason in words is required. */
  'needs-reason',
  'no-such-action',
  'no-such-entry',
  'too-many',
] as const
export type RefusalCode = (typeof refusalCodes)[number]

export interface Refusal {
  ok: false
  code: RefusalCode
  detail: string
}

export const refuse = (code: RefusalCode, detail = ''): Refusal => ({ ok: false, code, detail })
