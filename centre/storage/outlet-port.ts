// Storage's part of outlets: the steps of cases that were not looked at yet, and the queue of messages to receivers.
import type { Alarm } from '../../protocols/domain/alarm.ts'
import type { Case, CaseEventKind } from '../../protocols/domain/case.ts'
import type {
  DeliveryMove,
  DueQuery,
  NewDelivery,
  OutletState,
  StoredDelivery,
} from '../../platform/outlets/queue/queue-port.ts'
import type { OutletStep } from '../../protocols/desk/outlets.ts'
import type { StoredChange } from './stored-change.ts'

/** A case with the facts that a message needs. */
export interface OutletCase {
  case: Case
  /** Of the case's colour, the first; absent when the case was opened by hand. */
  alarm?: Alarm
  villageName: string
  /** What its receivers have got so far. */
  sent: { outlet: string; step: OutletStep }[]
}

/** One step of a case, in the order of the audit log. */
export interface OutletEvent extends OutletCase {
  position: number
  what: CaseEventKind
  who: string
  atMs: number
  text: string
}

export interface OutletEventPage {
  events: OutletEvent[]
  /** The next look continues behind this position. */
  to: number
  isEnd: boolean
}

export interface OutletWriterCalls {
  /** Begins to follow the cases now when it did not; stops when there are no outlets. Messages to other outlets are failed. */
  openOutlets(names: readonly string[], atMs: number): void
  /** Stores messages and, with `to`, that everything up to that position was looked at. More than an outlet may hold are stored as failed. */
  addDeliveries(deliveries: readonly NewDelivery[], to: number | undefined, atMs: number): StoredChange[]
  moveDeliveries(move: DeliveryMove): StoredChange[]
}

export interface OutletReaderCalls {
  /** After `after`, or where the last run stopped. */
  outletEvents(after: number | undefined, limit: number): OutletEventPage
  outletCase(id: string): OutletCase | undefined
  /** Those whose time has come, most urgent first. */
  dueDeliveries(query: DueQuery): StoredDelivery[]
  /** When the next one is due. */
  nextDelivery(outlet: string, isUrgent: boolean): number | undefined
  /** Newest first. */
  deliveriesOf(caseId: string, limit: number): StoredDelivery[]
  delivery(id: string): StoredDelivery | undefined
  outletStates(handedAfterMs: number): OutletState[]
}

export const outletWriterCalls = [
  'openOutlets',
  'addDeliveries',
  'moveDeliveries',
] as const satisfies (keyof OutletWriterCalls)[]
export const outletReaderCalls = [
  'outletEvents',
  'outletCase',
  'dueDeliveries',
  'nextDelivery',
  'deliveriesOf',
  'delivery',
  'outletStates',
] as const satisfies (keyof OutletReaderCalls)[]
