// Work orders: a person drives to a village for a fault, writes down what was done, and adds a photo.
import { z } from 'zod'
import { boxIdPattern } from '../../domain/names.ts'
import { faultCodes, type FaultCode } from '../../health/faults.ts'
import type { BilingualText } from '../../domain/alarm.ts'

export const workTextMax = 1000
export const visitsMax = 50
export const workPhotosMax = 20
export const workPhotoTypes = ['image/jpeg', 'image/png'] as const
export const workPhotoBytesMax = 5 * 1024 * 1024

/** `open`: a visit is needed. `done`: a visit ended it. `dropped`: ended without one. */
export const workStates = ['open', 'done', 'dropped'] as const
export type WorkState = (typeof workStates)[number]

export interface WorkVisit {
  atMs: number
  by: string
  text: string
  isDone: boolean
}

export interface WorkPhoto {
  sha256: string
  type: (typeof workPhotoTypes)[number]
  atMs: number
  by: string
}

export interface WorkOrder {
  id: string
  box: string
  code: FaultCode
  about?: string | undefined
  problem: BilingualText
  remedy: BilingualText
  by: string
  madeAtMs: number
  dueAtMs?: number | undefined
  state: WorkState
  visits: WorkVisit[]
  photos: WorkPhoto[]
}

/** `POST /api/v1/work-orders`: the words come from the fault as it stands, or from `text`. */
export const newWorkBody = z.strictObject({
  box: z.string().regex(boxIdPattern),
  code: z.enum(faultCodes as [FaultCode, ...FaultCode[]]),
  about: z.string().min(1).max(80).optional(),
  text: z.string().min(1).max(workTextMax).optional(),
  dueAtMs: z.number().min(0).max(8.64e15).optional(),
})
export type NewWork = z.infer<typeof newWorkBody>

/** `POST /api/v1/work-orders/{workId}/visit`. */
export const visitBody = z.strictObject({
  text: z.string().min(1).max(workTextMax),
  isDone: z.boolean(),
})
export type NewVisit = z.infer<typeof visitBody>

export interface WorkAnswer {
  work: WorkOrder
}

/** `GET /api/v1/work-orders?state=open|all&box=&after=`: open ones first, newest first. */
export interface WorkOrdersAnswer {
  work: WorkOrder[]
  next?: string
}
