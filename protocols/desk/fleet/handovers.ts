// The handover sheets of a box at the desk.
import type { Handover } from '../../enrolment/handover.ts'
import type { SupportBundle } from './fleet.ts'

/** `GET /api/v1/boxes/{boxId}/handovers`. */
export interface HandoversAnswer {
  handovers: SupportBundle[]
}

/** `GET /api/v1/boxes/{boxId}/handovers/{handoverName}`. */
export interface HandoverAnswer {
  handover: Handover
}
