// A Report: consecutive records of one lane, from box to centre. JSON, compressed with gzip when that is smaller
// (recognised by its magic bytes).
import { z } from 'zod'
import { alarmChanges, alarmStates, boxAlarmKinds } from '../domain/alarm.ts'
import { colours, lanes, zoneGrades } from '../domain/colour.ts'
import { clockQualities } from '../domain/event.ts'
import {
  bootMax,
  laneNumberMax,
  nestingMax,
  occurrencesMax,
  sequenceMax,
  sinceBootMsMax,
  textLengths,
  wallMsMax,
} from '../domain/limits.ts'
import { deviceIdPattern, messageIdPattern } from '../domain/names.ts'
import type { JournalRecord } from '../domain/record.ts'
import { isNestedDeeper } from '../kit/parse-json.ts'

/** Most records in one Report; the receiver refuses more. */
export const reportRecordsMax = 1000
/** Most bytes of a Report's JSON before compression; the receiver refuses more, which stops a gzip bomb. */
export const reportBytesMax = 1024 * 1024

export const epochSchema = z.string().regex(/^[a-z0-9]{8,32}$/, 'lower-case letters and digits, 8 to 32')

const counter = (max: number) => z.number().int().min(1).max(max)
const wallMs = z.number().min(-wallMsMax).max(wallMsMax)
const recorded = {
  sequence: counter(sequenceMax),
  boot: counter(bootMax),
  sinceBootMs: z.number().min(0).max(sinceBootMsMax),
  atMs: wallMs,
  clock: z.enum(clockQualities),
  /** The first position of a salvaged record: if the centre has that one, the record is a repeat. */
  was: z.looseObject({ epoch: epochSchema, sequence: counter(sequenceMax) }).optional(),
}
const colour = z.enum(colours)
/** Nested at most `nestingMax` levels deep. */
const readings = z
  .record(z.string(), z.unknown())
  .refine((value) => !isNestedDeeper(value, nestingMax + 1), `nested more than ${nestingMax} levels deep`)

const words = z.string().max(120).optional()
/** Most sirens in an alarm; the box leaves out further ones. */
export const placeSirensMax = 4
export const alarmPlaceSchema = z.looseObject({
  zone: words,
  device: words,
  household: words,
  grid: words,
  lampPost: words,
  grade: z.enum(zoneGrades).optional(),
  text: words,
  plan: z.object({ x: z.number().min(0).max(1), y: z.number().min(0).max(1) }).optional(),
  phone: z.string().max(32).optional(),
  sirens: z.array(z.string().max(120)).max(placeSirensMax).optional(),
  utcOffsetMin: z.number().int().min(-720).max(840).optional(),
})

/** The same without unknown fields. */
export const knownPlaceSchema = z.object(alarmPlaceSchema.shape)

export const alarmSchema = z.looseObject({
  id: z
    .string()
    .min(1)
    .max(80)
    .regex(/^[A-Za-z0-9._-]+$/, 'letters, digits, dot, dash, underscore'),
  device: z.string().regex(deviceIdPattern),
  kind: z.enum(boxAlarmKinds),
  variant: z.string().max(textLengths.variant).optional(),
  colour,
  latchedColour: colour,
  state: z.enum(alarmStates),
  occurrences: counter(occurrencesMax),
  zone: z.string().max(textLengths.zone).optional(),
  place: alarmPlaceSchema.optional(),
  text: z.object({ zh: z.string().max(textLengths.alarm), en: z.string().max(textLengths.alarm) }),
  readings: readings.optional(),
  isDrill: z.boolean().optional(),
})

export const recordSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('event'),
    ...recorded,
    device: z.string().regex(deviceIdPattern),
    messageId: z.string().regex(messageIdPattern),
    readings,
    /** Kept if it lies within `wallMsMax`. */
    deviceAtMs: z.number().optional(),
    /** The invalid parts of the message; the valid ones were judged. */
    setAside: z.array(z.looseObject({ path: z.string(), value: z.string(), reason: z.string() })).optional(),
  }),
  z.looseObject({
    type: z.literal('alarm'),
    ...recorded,
    change: z.enum(alarmChanges),
    alarm: alarmSchema,
    cause: counter(sequenceMax).optional(),
  }),
  z.looseObject({
    type: z.literal('log'),
    ...recorded,
    what: z.string().max(textLengths.logWord),
    facts: readings.optional(),
  }),
])

/** `skipped` lists numbers that this box will never send, with the reason: the centre counts them as settled. */
export const reportSchema = z.looseObject({
  v: z.literal(1),
  epoch: epochSchema,
  lane: z.enum(lanes),
  /** The lane's number of `records[0]`; the others follow without a gap. */
  first: counter(laneNumberMax),
  records: z.array(recordSchema).max(reportRecordsMax),
  skipped: z
    .array(
      z.object({
        from: counter(laneNumberMax),
        to: counter(laneNumberMax),
        reason: z.string().max(textLengths.reason),
      }),
    )
    .max(100)
    .optional(),
})

export interface Skipped {
  from: number
  to: number
  reason: string
}

export interface Report {
  v: 1
  epoch: string
  lane: (typeof lanes)[number]
  first: number
  records: JournalRecord[]
  skipped?: Skipped[] | undefined
}

/** True when the bytes start as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}
