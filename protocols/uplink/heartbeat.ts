// The heartbeat of a box every 30 s at QoS 0: the position of each lane, and the state of the box.
import { z } from 'zod'
import { lanes, type Lane } from '../domain/colour.ts'
import { clockQualities, type ClockQuality } from '../domain/event.ts'
import { guardSchema, type Guard } from '../domain/guard.ts'
import { countMax, laneNumberMax, sinceBootMsMax, textLengths, wallMsMax } from '../domain/limits.ts'
import { boxVitalsSchema, type BoxVitals } from './box-vitals.ts'
import { epochSchema } from './report.ts'

export const heartbeatIntervalMs = 30_000
/** A box is `late` after this long without a message, `silent` after the next. */
export const lateAfterMs = 90_000
export const silentAfterMs = 180_000

const count = z.number().int().min(0).max(countMax)
const laneNumber = z.number().int().min(0).max(laneNumberMax)

export const heartbeatSchema = z.looseObject({
  v: z.literal(1),
  epoch: epochSchema,
  name: z.string().max(textLengths.name).optional(),
  lanes: z.partialRecord(z.enum(lanes), z.object({ last: laneNumber, receipted: laneNumber })),
  boot: count,
  sinceBootMs: z.number().min(0).max(sinceBootMsMax),
  atMs: z.number().min(-wallMsMax).max(wallMsMax),
  clock: z.enum(clockQualities),
  uptimeMs: z.number().min(0).max(sinceBootMsMax),
  diskFreeBytes: count.optional(),
  devices: z.object({ known: count, present: count }).optional(),
  quarantined: count.optional(),
  guard: guardSchema.optional(),
  isKeeping: z.boolean().optional(),
  isClockKept: z.boolean().optional(),
  /** Facts for people: a newer box that writes them otherwise is still alive. */
  vitals: boxVitalsSchema.optional().catch(undefined),
})

export interface Heartbeat {
  v: 1
  epoch: string
  name?: string | undefined
  /** Per lane: last number written, last number receipted. */
  lanes: Partial<Record<Lane, { last: number; receipted: number }>>
  boot: number
  sinceBootMs: number
  atMs: number
  clock: ClockQuality
  /** How long the gateway's process has run. */
  uptimeMs: number
  diskFreeBytes?: number | undefined
  devices?: { known: number; present: number } | undefined
  quarantined?: number | undefined
  /** The armed, bypassed, tested and shelved items, and by whom; absent: unchanged since the last one sent. */
  guard?: Guard | undefined
  /** False while the box's storage refuses writes; absent otherwise. */
  isKeeping?: boolean | undefined
  /** True while the box's own system keeps its clock (NTP): the centre compares its own with it. */
  isClockKept?: boolean | undefined
  /** The health of the box: at each connection, and every few minutes. */
  vitals?: BoxVitals | undefined
}
