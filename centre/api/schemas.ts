// The API's messages as zod schemas: requests are checked by them and openapi.json is generated from them. The compiler
// compares them with the types of protocols/desk/api.ts.
import { z } from 'zod'
import { alarmKinds, stages } from '../../protocols/domain/alarm.ts'
import { returnReasons } from '../../protocols/domain/case.ts'
import { colours, lanes } from '../../protocols/domain/colour.ts'
import { clockQualities } from '../../protocols/domain/event.ts'
import { isBoxId } from '../../protocols/domain/names.ts'
import { roles } from '../../protocols/desk/api.ts'
import { alarmSchema, recordSchema } from '../../protocols/uplink/report.ts'

/** Most alarms or events in one answer. */
export const pageMax = 1000

const count = z.number().int().min(0)
const ms = z.number().describe('ms since 1970')
const limit = z.coerce.number().int().min(1).max(pageMax)

/** The search; with any of these fields the newest rows come first. */
export const findQuery = {
  q: z
    .string()
    .max(200)
    .optional()
    .describe(
      'words of a place, household, device or text: each has to be there; Chinese from one character on',
    ),
  kind: z.enum(alarmKinds).optional(),
  from: z.coerce.number().int().min(0).optional().describe('ms since 1970'),
  to: z.coerce.number().int().min(0).optional().describe('ms since 1970; before this'),
}

export const alarmsQuery = z.strictObject({
  state: z.enum(['active', 'all']).default('active'),
  ...findQuery,
  village: z.string().max(48).optional().describe('a village, or the code of a town or county'),
  colour: z.enum(colours).optional(),
  after: z.string().max(40).optional(),
  limit: limit.default(200),
})

export const eventsQuery = z.strictObject({
  box: z.string().refine(isBoxId, 'the id of a box').optional(),
  after: z.string().max(120).optional(),
  limit: limit.default(200),
})

export const loginBody = z.strictObject({
  user: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
  /** Of the authenticator, or a recovery code. */
  code: z.string().max(40).optional(),
})

export const alarmIdParams = z.strictObject({
  id: z
    .string()
    .max(140)
    .regex(/^[a-z0-9-]+\.[A-Za-z0-9._-]+$/),
})

const boxTime = z.object({
  boot: count,
  sinceBootMs: z.number(),
  atMs: ms,
  clock: z.enum(clockQualities),
})

export const deskAlarmSchema = z.looseObject({
  ...alarmSchema.shape,
  id: alarmIdParams.shape.id,
  box: z.string(),
  boxName: z.string(),
  village: z.string(),
  raised: boxTime,
  receivedAtMs: ms,
  changedAtMs: ms,
  again: boxTime.optional(),
  againReceivedAtMs: ms.optional(),
  isKept: z.literal(false).optional(),
  stage: z.enum(stages),
  acceptedBy: z.string().optional(),
  acceptedAtMs: ms.optional(),
  needsAnswer: z.boolean(),
  returned: z
    .object({ why: z.enum(returnReasons), atMs: ms, who: z.string().optional() })
    .optional()
    .describe('its case returned to the queue'),
  pictures: count.optional(),
})

export const alarmsAnswer = z.object({
  alarms: z.array(deskAlarmSchema),
  leftOut: z.array(z.string()).optional(),
  next: z.string().optional(),
})
export const alarmAnswer = z.object({ alarm: deskAlarmSchema })

const laneProgress = z.object({
  storedTo: count,
  announced: count,
  missing: z.array(z.tuple([count, count])),
  givenUp: count.optional(),
})

const guardEntry = { id: z.string(), name: z.string().optional(), by: z.string() }
const guardUntil = z.array(z.object({ ...guardEntry, untilMs: ms }))
const guardTimesSchema = z
  .object({
    zones: z.array(z.object({ ...guardEntry, isArmed: z.boolean(), sinceMs: ms.optional() })),
    bypassed: guardUntil,
    maintenance: guardUntil,
    shelved: guardUntil,
    more: count.optional(),
  })
  .describe('the armed, bypassed, tested and shelved items at the box, and by whom')

export const boxSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  pendingName: z.string().optional(),
  presence: z.enum(['unknown', 'present', 'late', 'silent']),
  lastHeardAtMs: ms.optional(),
  epoch: z.string().optional(),
  clock: z.enum(clockQualities).optional(),
  lanes: z.partialRecord(z.enum(lanes), laneProgress),
  devices: z.object({ known: count, present: count }).optional(),
  guard: guardTimesSchema.optional(),
})

export const villagesAnswer = z.object({
  villages: z.array(
    z.object({
      id: z.string(),
      town: z.string().optional(),
      boxes: z.array(boxSummarySchema),
      openAlarms: z.record(z.enum(colours), count),
      daily: z
        .object({ day: z.string(), isFiled: z.boolean(), isSigned: z.boolean().optional() })
        .optional()
        .describe('the daily report that is due'),
    }),
  ),
  certificates: z
    .array(z.object({ use: z.string(), name: z.object({ zh: z.string(), en: z.string() }), endsAtMs: ms }))
    .optional(),
})

export const eventsAnswer = z.object({
  events: z.array(
    z.object({
      box: z.string(),
      epoch: z.string(),
      lane: z.enum(lanes),
      number: count,
      receivedAtMs: ms,
      cursor: z.string(),
      record: recordSchema,
    }),
  ),
  next: z.string(),
  isEnd: z.boolean(),
})

const account = z.object({ user: z.string(), role: z.enum(roles) })
export const meAnswer = account.extend({
  mustEnrol: z.literal(true).optional(),
  scope: z.array(z.string()).optional(),
  expiresAtMs: ms.optional(),
  centreTimeMs: ms.optional(),
  acceptLimitsMs: z.partialRecord(z.enum(colours), z.number()).optional(),
})
export const loginAnswer = account.extend({ token: z.string(), mustEnrol: z.literal(true).optional() })
export const retireBody = z.strictObject({ why: z.string().min(1).max(300) })
export const retireAnswer = z.object({ box: z.string(), retired: z.literal(true) })
export const emptyAnswer = z.object({})
export const openApiAnswer = z.looseObject({ openapi: z.string() })

export const errorSchema = z.object({
  /** On `already-accepted`: the alarm, with the person who accepted it. */
  alarm: deskAlarmSchema.optional(),
  error: z.object({ code: z.string(), message: z.object({ zh: z.string(), en: z.string() }) }),
})
