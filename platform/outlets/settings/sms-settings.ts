// Settings of outlets that send short messages: through gammu-smsd, or through a provider's HTTP interface.
import { z } from 'zod'
import type { Problem } from '../../../protocols/kit/result.ts'
import { rosterRoles } from '../../../protocols/desk/roster.ts'
import { commonShape, text } from './outlet-rules.ts'
import { checkUrl } from './url-checks.ts'

export const phonePattern = /^\+?\d{3,15}$/

export const smsSchema = z.strictObject({
  ...commonShape,
  type: z.literal('sms'),
  /** The folders of gammu-smsd (`service = files`). */
  gammu: z
    .strictObject({
      outboxFolder: text,
      sentFolder: text,
      errorFolder: text,
      inboxFolder: text.optional(),
      /** `4` without the code of its message acts too, if one message was sent to the number in a day. */
      answersWithoutCode: z.boolean().default(false),
    })
    .optional(),
  /** Of numbers without `+`: the country's digits. */
  countryCode: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'one to three digits, such as 86')
    .default('86'),
  /** `{phone}` and `{text}` stand for the number and the words, escaped for the type of the content. */
  http: z
    .strictObject({
      url: text.optional(),
      urlFile: text.optional(),
      /** Such as `{"to":"{phone}","text":"{text}"}`. */
      body: text,
      contentType: z
        .enum(['application/json', 'application/x-www-form-urlencoded'])
        .default('application/json'),
      bearerFile: text.optional(),
      caFile: text.optional(),
      /** The answer contains this when the message was taken; absent: any 2xx. */
      okText: text.optional(),
    })
    .optional(),
  /** Always these numbers. */
  numbers: z.array(z.string().regex(phonePattern, 'digits, with or without +')).max(20).default([]),
  /** And people of the roster who are on duty for the village. */
  duty: z
    .strictObject({
      roles: z.array(z.enum(rosterRoles)).min(1),
      peopleMax: z.number().int().min(1).max(20).default(3),
    })
    .optional(),
  /** To one number; red is sent up to four times as often. */
  perPersonHourMax: z.number().int().min(1).max(1000).default(12),
})
export type SmsSettings = z.infer<typeof smsSchema>

export function checkSms(path: string, { gammu, http, numbers, duty }: SmsSettings): Problem[] {
  const problems: Problem[] = []
  if ((gammu === undefined) === (http === undefined))
    problems.push({ path, message: 'one of gammu and http is needed' })
  if (http) problems.push(...checkUrl(`${path}.http`, http))
  if (numbers.length === 0 && !duty) problems.push({ path, message: 'numbers, or duty, or both' })
  return problems
}
