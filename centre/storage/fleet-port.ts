// Storage's part of the fleet: the latest health of each box, the copy with which another box takes over, and work orders.
import type { NewVisit, WorkOrder, WorkPhoto, WorkState } from '../../protocols/desk/fleet/work-orders.ts'
import type { Scope } from '../../protocols/desk/scope.ts'
import type { BoxVitals } from '../../protocols/uplink/box-vitals.ts'

export interface StoredVitals {
  box: string
  atMs: number
  vitals: BoxVitals
}

export interface StoredCopy {
  box: string
  atMs: number
  /** JSON of a `BoxCopy`. */
  body: string
}

export type NewWorkOrder = Omit<WorkOrder, 'id' | 'state' | 'visits' | 'photos'>

export interface FleetWriterCalls {
  noteVitals(rows: readonly StoredVitals[]): void
  /** False when a newer one is there. */
  putBoxCopy(copy: StoredCopy): boolean
  /** Undefined when there are too many open ones; the open one about the same fault, when there is one. */
  putWorkOrder(order: NewWorkOrder): WorkOrder | undefined
  /** Undefined when it is over, full, or not in the scope. */
  visitWorkOrder(
    number: number,
    visit: NewVisit & { by: string; atMs: number },
    scope: Scope | undefined,
  ): WorkOrder | undefined
  addWorkPhoto(number: number, photo: WorkPhoto, scope: Scope | undefined): WorkOrder | undefined
  dropWorkOrder(
    number: number,
    by: string,
    why: string,
    atMs: number,
    scope: Scope | undefined,
  ): WorkOrder | undefined
}

export interface WorkQuery {
  state: WorkState | 'all'
  box?: string | undefined
  scope?: Scope | undefined
  before?: number | undefined
  limit: number
}

export interface FleetReaderCalls {
  storedVitals(): StoredVitals[]
  boxCopy(box: string): StoredCopy | undefined
  copyTimes(): { box: string; atMs: number }[]
  /** Newest first. */
  workOrders(query: WorkQuery): { work: WorkOrder[]; next?: number }
  workOrder(number: number, scope: Scope | undefined): WorkOrder | undefined
}

export const fleetWriterCalls = [
  'noteVitals',
  'putBoxCopy',
  'putWorkOrder',
  'visitWorkOrder',
  'addWorkPhoto',
  'dropWorkOrder',
] as const satisfies (keyof FleetWriterCalls)[]
export const fleetReaderCalls = [
  'storedVitals',
  'boxCopy',
  'copyTimes',
  'workOrders',
  'workOrder',
] as const satisfies (keyof FleetReaderCalls)[]
