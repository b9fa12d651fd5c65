// The API's messages about the duty roster as zod schemas; held to the types of protocols/desk/roster.ts by the compiler.
import { z } from 'zod'
import { isBoxId, villageOf } from '../../../protocols/domain/names.ts'
import { consentWays, nearReasons, rosterRoles } from '../../../protocols/desk/roster.ts'
import { wallMsMax } from '../../../protocols/domain/limits.ts'

const ms = z.number().int().min(0).max(wallMsMax).describe('ms since 1970')
const name = z.string().min(1).max(60)
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as 08:30')
const zone = z.string().min(1).max(64)
const village = z.string().refine((text) => isBoxId(text) && villageOf(text) === text, 'the id of a village')
/** About ten metres: enough to compare who is nearer. */
const degrees = (max: number) =>
  z
    .number()
    .min(-max)
    .max(max)
    .transform((value) => Math.round(value * 10_000) / 10_000)
const position = z.strictObject({ latitude: degrees(90), longitude: degrees(180) })
const absence = z
  .strictObject({ fromMs: ms, toMs: ms })
  .refine(({ fromMs, toMs }) => fromMs < toMs, 'it ends after it begins')
export const absencesBody = z.strictObject({ absences: z.array(absence).max(50) })

/** Digits with what people write between them. */
const phone = z.string().regex(/^\+?[0-9][0-9 ()-]{2,24}$|^$/, 'a telephone number')

export const personBody = z.strictObject({
  name,
  role: z.enum(rosterRoles),
  villages: z.array(village).min(1).max(50),
  zones: z.array(zone).max(100).default([]),
  cell: z.string().min(1).max(40).optional(),
  position: position.optional(),
  hours: z
    .array(
      z.strictObject({
        days: z.array(z.number().int().min(1).max(7)).min(1).max(7),
        from: time,
        to: time,
      }),
    )
    .max(21)
    .default([]),
  absences: absencesBody.shape.absences.default([]),
  consent: z.strictObject({ how: z.enum(consentWays), atMs: ms }),
  /** Days from now until it deletes itself. */
  termDays: z.number().int().min(1).max(3660).optional(),
  phone: phone.optional(),
})

export const rosterQuery = z.strictObject({
  village: village.optional(),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(200),
})

export const dutyQuery = z.strictObject({
  village,
  zone: zone.optional(),
  cell: z.string().min(1).max(40).optional(),
  latitude: z.coerce.number().min(-90).max(90).optional(),
  longitude: z.coerce.number().min(-180).max(180).optional(),
})

export const contactQuery = z.strictObject({ case: z.string().max(40).optional() })

const personSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(rosterRoles),
  villages: z.array(z.string()),
  zones: z.array(z.string()),
  cell: z.string().optional(),
  position: z.object({ latitude: z.number(), longitude: z.number() }).optional(),
  hours: z.array(z.object({ days: z.array(z.number()), from: z.string(), to: z.string() })),
  absences: z.array(z.object({ fromMs: ms, toMs: ms })),
  consent: z.object({ how: z.enum(consentWays), atMs: ms }),
  expiresAtMs: ms,
  hasPhone: z.boolean(),
  changedAtMs: ms,
})

export const rosterAnswer = z.object({ people: z.array(personSchema), next: z.string().optional() })
export const personAnswer = z.object({ person: personSchema })
export const dutyAnswer = z.object({
  people: z.array(
    z.object({ person: personSchema, why: z.enum(nearReasons), distanceM: z.number().optional() }),
  ),
})
export const contactAnswer = z.object({ phone: z.string() })
