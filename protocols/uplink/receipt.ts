// A Receipt: the centre's proof that everything up to a number is stored durably. Cumulative, so losing one is
// harmless.
import { z } from 'zod'
import { lanes, type Lane } from '../domain/colour.ts'
import { denseForm } from './dense-report.ts'
import { epochSchema } from './report.ts'

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/**
 * `storedTo`: all numbers 1..storedTo are stored. `missing`: holes below known numbers, oldest first. `lostTo`: the box
 * had receipts up to there, and the centre no longer has all of it. `conflict`: lowest number that came again with
 * other content, which is not stored.
 */
export const laneReceiptSchema = z.looseObject({
  storedTo: count,
  missing: z.array(z.tuple([count, count])).max(100),
  lostTo: count.optional(),
  conflict: count.optional(),
})

/** The end of the centre's audit trail: `head` seals its `entries` first entries. */
export const auditHeadSchema = z.looseObject({
  entries: count,
  head: z.string().regex(/^[0-9a-f]{64}$/),
})
export type AuditHead = { entries: number; head: string }

export const receiptSchema = z.looseObject({
  v: z.literal(1),
  epoch: epochSchema,
  lanes: z.partialRecord(z.enum(lanes), laneReceiptSchema),
  centreTimeMs: z.number(),
  forms: z.array(z.number().int()).max(16).optional(),
  newerEpoch: z.boolean().optional(),
  isClockKept: z.boolean().optional(),
  audit: auditHeadSchema.optional(),
})

export interface LaneReceipt {
  storedTo: number
  missing: [from: number, to: number][]
  /** The receipted position in the box's heartbeat, while it is above the centre's: an older backup was restored. */
  lostTo?: number | undefined
  /** The lowest number that came again as another record: the box's folder was restored to an earlier state. */
  conflict?: number | undefined
}

export interface Receipt {
  v: 1
  epoch: string
  lanes: Partial<Record<Lane, LaneReceipt>>
  /** The centre's wall clock, ms since 1970. */
  centreTimeMs: number
  /** Forms of a Report that this centre can read besides the readable one; see `dense-report.ts`. */
  forms?: number[] | undefined
  /**
   * The centre has an epoch of this box that began later: the box's folder was restored to an earlier state, and it must begin a new epoch.
   */
  newerEpoch?: boolean | undefined
  /** False: nothing keeps the centre's own clock, and `centreTimeMs` may be wrong by any amount. Left out by older centres and by those whose clock is kept. */
  isClockKept?: boolean | undefined
  /** In the first Receipt after each check of the trail, daily: boxes keep the last ones, out of reach of a person who changes the database. */
  audit?: AuditHead | undefined
}

/** The value of `forms` in a centre built on this package. */
export const reportForms: readonly number[] = [denseForm]
