// zod schemas of the API for the people at the scene (responders): their page, their links, and attachments of cases.
import { z } from 'zod'
import { attachmentTypes } from '../../../protocols/desk/attachments.ts'
import { entryIdPattern, photoBytesMax, responderSteps } from '../../../protocols/desk/responder.ts'
import { alarmKinds } from '../../../protocols/domain/alarm.ts'
import { caseOutcomes } from '../../../protocols/domain/case.ts'
import { colours } from '../../../protocols/domain/colour.ts'

const ms = z.number().describe('ms since 1970')
const count = z.number().int().min(0)
const bilingual = z.object({ zh: z.string(), en: z.string() })
const name = z.string().min(1).max(80)
export const entryId = z.string().regex(entryIdPattern)

export const entryBody = z.strictObject({
  id: entryId,
  do: z.enum(responderSteps),
  text: z.string().max(2000).default(''),
  outcome: z.enum(caseOutcomes).optional(),
  agoSeconds: z
    .number()
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(0),
})

export const photoQuery = z.strictObject({
  id: entryId,
  offset: z.coerce.number().int().min(0).max(photoBytesMax),
  bytes: z.coerce.number().int().min(1).max(photoBytesMax),
})

const viewSchema = z.object({
  case: z.string(),
  to: z.string(),
  title: bilingual,
  kind: z.enum(alarmKinds).optional(),
  colour: z.enum(colours),
  isDrill: z.boolean(),
  village: z.string(),
  boxName: z.string().optional(),
  place: z.record(z.string(), z.string()).optional(),
  plan: z.object({ x: z.number(), y: z.number() }).optional(),
  at: z.object({ lat: z.number(), lon: z.number() }).optional().describe('WGS-84'),
  guidance: bilingual.optional(),
  text: z.string(),
  sentAtMs: ms,
  expiresAtMs: ms,
  centreTimeMs: ms,
  state: z.enum(['sent', 'arrived', 'done', 'cannot', 'over']),
  photos: count,
})
export const responderAnswer = z.object({ view: viewSchema })
export const photoAnswer = z.object({ storedTo: count, view: viewSchema.optional() })

export const linksBody = z.strictObject({ index: z.number().int().min(0).max(1000), to: name })
export const endLinksBody = z
  .strictObject({
    link: z
      .string()
      .regex(/^link-\d{1,15}$/)
      .optional(),
  })
  .prefault({})
export const linksAnswer = z.object({
  links: z.array(
    z.object({
      id: z.string(),
      to: z.string(),
      dispatch: count,
      by: z.string(),
      madeAtMs: ms,
      expiresAtMs: ms,
      openedAtMs: ms.optional(),
      endedAtMs: ms.optional(),
    }),
  ),
})
export const newLinks = z.array(z.object({ to: z.string(), path: z.string(), expiresAtMs: ms }))
export const newLinksAnswer = z.object({ links: newLinks })
export const endedAnswer = z.object({ ended: count })

const attachmentSchema = z.object({
  sha256: z.string(),
  name: z.string(),
  type: z.enum(attachmentTypes),
  bytes: count,
  who: z.string(),
  atMs: ms,
  goneAtMs: ms.optional(),
})
export const attachmentQuery = z.strictObject({ name: z.string().max(200).default('') })
export const attachmentsAnswer = z.object({ attachments: z.array(attachmentSchema) })
export const attachmentAnswer = z.object({ attachment: attachmentSchema })
