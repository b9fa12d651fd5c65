// The health of all boxes at the town: what fails next, and groups of boxes by what they have in common.
import type { BilingualText } from '../../domain/alarm.ts'
import type { FaultCode, FaultGrade } from '../../health/faults.ts'
import type { BoxVitals } from '../../uplink/box-vitals.ts'
import type { BoxPresence } from '../api.ts'
import type { WorkOrder } from './work-orders.ts'

/** Faults in one answer; the counts beside the list are complete. */
export const fleetFaultsMax = 1000

export const fleetGroupings = ['town', 'model', 'version', 'sim'] as const
export type FleetGrouping = (typeof fleetGroupings)[number]

export interface FleetFault {
  box: string
  boxName: string
  code: FaultCode
  grade: FaultGrade
  /** Of a device, a camera, a bridge, a certificate. */
  about?: string
  /** When it will fail; absent: now, or on no known day. */
  failsAtMs?: number
  problem: BilingualText
  remedy: BilingualText
  /** The open work order about it. */
  work?: string
}

export interface FleetGroup {
  /** The town's code, the model, the version, the SIM's operator or label; empty where the box does not say. */
  key: string
  name?: string
  boxes: number
  silent: number
  /** Boxes with at least one fault, and those where something fails now. */
  faulty: number
  failing: number
}

/** `GET /api/v1/fleet`. */
export interface FleetAnswer {
  boxes: number
  present: number
  /** All faults by code, also those that the list leaves out. */
  counts: Partial<Record<FaultCode, number>>
  faults: FleetFault[]
  groups: FleetGroup[]
  /** The list leaves some out. */
  isCut?: true
}

/** `GET /api/v1/fleet/boxes/{boxId}`. */
export interface FleetBoxAnswer {
  box: string
  name: string
  presence: BoxPresence
  lastHeardAtMs?: number
  /** When the box reported its health. */
  vitalsAtMs?: number
  vitals?: BoxVitals
  faults: FleetFault[]
  /** When the centre got the copy with which another box can take over. */
  copyAtMs?: number
  work: WorkOrder[]
  /** Support bundles that the box has sent. */
  bundles: SupportBundle[]
}

export interface SupportBundle {
  name: string
  atMs: number
  bytes: number
}
