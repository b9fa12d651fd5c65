// What a box watches: its zones with their grades, and its devices. Log records of the routine lane, in parts of a few
// entries, so that none of them fills a thin link.
import { z } from 'zod'
import { waterStages, type StageLevel } from '../domain/places/water-stages.ts'
import { zoneGrades, type ZoneGrade } from '../domain/colour.ts'
import type { PlanPoint } from '../domain/places/coordinates.ts'

/** `what` of the log record. */
export const villageList = 'village-list'

/** Entries of one part: some 600 bytes, and 40 more for each that stands on the village plan. */
export const partEntriesMax = 8
/** A box has at most some thousand zones, devices and cameras. */
export const partsMax = 1000

const name = z.string().max(120).optional()
const id = z.string().min(1).max(64)
const share = z.number().min(0).max(1)
const plan = z.object({ x: share, y: share }).optional()
const stages = z
  .array(z.object({ stage: z.enum(waterStages), mm: z.number().min(-100_000).max(1_000_000) }))
  .max(waterStages.length)
  .optional()
const part = z.number().int().min(1).max(partsMax)

export const villageListSchema = z.looseObject({
  /** Of the whole list: parts of the same list have the same. */
  hash: z.string().regex(/^[0-9a-f]{16}$/),
  part,
  parts: part,
  zones: z
    .array(z.object({ id, name, grade: z.enum(zoneGrades).optional(), plan }))
    .max(partEntriesMax)
    .optional(),
  devices: z
    .array(z.object({ id, name, kind: z.string().min(1).max(40), zone: id.optional(), plan, stages }))
    .max(partEntriesMax)
    .optional(),
})

export interface ListedZone {
  id: string
  name?: string | undefined
  grade?: ZoneGrade | undefined
  /** On the village plan. */
  plan?: PlanPoint | undefined
}
export interface ListedDevice {
  id: string
  name?: string | undefined
  kind: string
  zone?: string | undefined
  /** Its own place on the plan; absent: that of its zone. */
  plan?: PlanPoint | undefined
  /** Of a water gauge, from the lowest up. */
  stages?: StageLevel[] | undefined
}
export interface VillageListPart {
  hash: string
  part: number
  parts: number
  zones?: ListedZone[] | undefined
  devices?: ListedDevice[] | undefined
}

/** Cuts a list into parts; at least one, so that an empty list replaces the one before. */
export function cutVillageList(
  hash: string,
  zones: readonly ListedZone[],
  devices: readonly ListedDevice[],
): VillageListPart[] {
  const entries = [...zones.map((zone) => ({ zone })), ...devices.map((device) => ({ device }))] as {
    zone?: ListedZone
    device?: ListedDevice
  }[]
  const parts = Math.max(1, Math.ceil(entries.length / partEntriesMax))
  return Array.from({ length: Math.min(parts, partsMax) }, (_, at) => {
    const own = entries.slice(at * partEntriesMax, (at + 1) * partEntriesMax)
    return {
      hash,
      part: at + 1,
      parts: Math.min(parts, partsMax),
      zones: own.flatMap(({ zone }) => zone ?? []),
      devices: own.flatMap(({ device }) => device ?? []),
    }
  })
}
