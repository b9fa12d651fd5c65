// What a queue of messages to receivers stores, at the centre and at a box: the rows, and the calls that move them.
import type { DeliveryState, OutletStep } from '../../../protocols/desk/outlets.ts'

/** Messages that wait for one receiver; a further one fails at once, which is an alarm. */
export const waitingMax = 5000

export interface NewDelivery {
  /** The receiver sees it, the same at every attempt. */
  id: string
  outlet: string
  case: string
  step: OutletStep
  by?: string
  isUrgent: boolean
  colourRank: number
  madeAtMs: number
  /** The first attempt. */
  dueAtMs: number
  /** Given up after this. */
  endsAtMs: number
  /** The JSON of an OutletMessage. */
  body: string
}

export interface StoredDelivery extends NewDelivery {
  number: number
  state: DeliveryState
  words: string
  attempts: number
  changedAtMs: number
}

export interface DeliveryMove {
  numbers: readonly number[]
  state: DeliveryState
  words: string
  atMs: number
  /** Of the next attempt, for one that waits. */
  dueAtMs?: number
  /** True when this was an attempt. */
  isAttempt: boolean
  /** For the audit log: who confirmed it. */
  who?: string
}

export interface OutletState {
  outlet: string
  waiting: number
  /** The oldest urgent one that waits. */
  urgentSinceMs?: number
  /** The oldest one that was handed over and not confirmed. */
  unconfirmedSinceMs?: number
}

export interface DueQuery {
  outlet: string
  isUrgent: boolean
  nowMs: number
  limit: number
  /** Also those that are due later. */
  isAll?: boolean
}

/** The part of a storage that one receiver's turn needs; `Change` is what a storage reports to those who watch it. */
export interface DeliveryQueue<Change> {
  /** Those whose time has come, most urgent first. */
  dueDeliveries(query: DueQuery): Promise<StoredDelivery[]>
  /** When the next one is due. */
  nextDelivery(outlet: string, isUrgent: boolean): Promise<number | undefined>
  moveDeliveries(move: DeliveryMove): Promise<Change[]>
}
