// Outlets as desks and programs see them: the messages of a case, their receivers and results. All times are ms since 1970.
import type { BilingualText } from '../domain/alarm.ts'

/**
 * The step of a case that a message is about. `raised`: the first message of the case to this receiver. `again`: an alarm occurred again
 * or joined. `household`: a call back to the household, asked for by a person; no rule asks for it. `late`: a deadline has passed; `supervisor`: it has passed by half as much again.
 */
export const outletSteps = [
  'raised',
  'again',
  'accepted',
  'dispatched',
  'arrived',
  'feedback',
  'verified',
  'ended',
  'over',
  'cancelled',
  'late',
  'supervisor',
  'household',
] as const
export type OutletStep = (typeof outletSteps)[number]

/**
 * `handed-over`: the receiver's system has taken it, which proves no person. `confirmed`: the receiver has answered that it understood or
 * stored it, or a person has answered.
 */
export const deliveryStates = ['waiting', 'handed-over', 'confirmed', 'failed'] as const
export type DeliveryState = (typeof deliveryStates)[number]

export interface DeskDelivery {
  number: number
  /** The receiver sees this id, the same at every attempt. */
  id: string
  outlet: string
  label: string
  step: OutletStep
  /** The user who asked for it; absent when a rule did. */
  by?: string
  state: DeliveryState
  /** The receiver's own words, or the reason of the failure. */
  words: string
  attempts: number
  madeAtMs: number
  changedAtMs: number
  /** The next attempt, while it waits. */
  nextAtMs?: number
}

/** `GET /api/v1/cases/{caseId}/outlets`. */
export interface CaseOutletsAnswer {
  deliveries: DeskDelivery[]
  /** Those that a person may send this case to. */
  outlets: {
    name: string
    label: string
    /** It can call the household of this case back: there is a telephone, and the alarm is no silent one. */
    callsHousehold?: true
    /** And the telephone of this user can be connected with it. */
    connectsHousehold?: true
  }[]
}

export interface OutletSummary {
  name: string
  label: string
  type: string
  takesDrills: boolean
  waiting: number
  /** Why it is failing or its receiver silent; absent when neither. */
  trouble?: string
  lastAtMs?: number
  lastWords?: string
}

/** `GET /api/v1/outlets`. */
export interface OutletsAnswer {
  outlets: OutletSummary[]
}

/** `POST /api/v1/outlets/{outletName}/test`: `bytes` is what is sent, and `state` and `words` what the receiver said. */
export interface OutletTestAnswer {
  bytes: string
  state?: DeliveryState
  words?: string
}

/** What one step is called, in words for people. */
export const outletStepNames: Record<OutletStep, BilingualText> = {
  raised: { zh: '报警', en: 'alarm' },
  again: { zh: '再次报警', en: 'alarm again' },
  accepted: { zh: '已接警', en: 'accepted' },
  dispatched: { zh: '已派遣', en: 'dispatched' },
  arrived: { zh: '已到场', en: 'arrived' },
  feedback: { zh: '现场反馈', en: 'feedback' },
  verified: { zh: '已核查', en: 'verified' },
  ended: { zh: '报警已恢复', en: 'alarm over' },
  over: { zh: '已办结', en: 'case closed' },
  cancelled: { zh: '误报，已撤回', en: 'false, called off' },
  late: { zh: '处置超时', en: 'overdue' },
  supervisor: { zh: '严重超时', en: 'long overdue' },
  household: { zh: '回拨住户', en: 'call back to the household' },
}
