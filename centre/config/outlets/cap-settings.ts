// Settings of outlets that write CAP 1.2.
import { z } from 'zod'
import { alarmKinds } from '../../../protocols/domain/alarm.ts'
import type { Problem } from '../../../protocols/kit/result.ts'
import { commonShape, text } from '../../../platform/outlets/settings/outlet-rules.ts'
import { checkUrl } from '../../../platform/outlets/settings/url-checks.ts'

export const capSchema = z.strictObject({
  ...commonShape,
  type: z.literal('cap'),
  /** One file per message; or an address that takes them. */
  folder: text.optional(),
  url: text.optional(),
  urlFile: text.optional(),
  bearerFile: text.optional(),
  caFile: text.optional(),
  /** Unique for this centre, such as `centre@town.example`; CAP allows no space, comma, `<` or `&` in it. */
  sender: z.string().regex(/^[^\s,<&]{1,200}$/, 'without spaces, commas, < and &'),
  senderName: z.string().min(1).max(200).optional(),
  restriction: z.string().min(1).max(200).default('仅供应急处置人员 / for responders only'),
  /** The codes of events that the receiver's profile asks for, by kind. */
  events: z
    .strictObject({
      name: z.string().min(1).max(80),
      codes: z.partialRecord(z.enum(alarmKinds), z.string().min(1).max(40)),
    })
    .optional(),
  expiresHours: z.number().min(1).max(720).default(24),
})
export type CapSettings = z.infer<typeof capSchema>

export const checkCap = (path: string, settings: CapSettings): Problem[] =>
  settings.folder === undefined
    ? checkUrl(path, settings)
    : settings.url === undefined && settings.urlFile === undefined
      ? []
      : [{ path, message: 'folder, or url: not both' }]
