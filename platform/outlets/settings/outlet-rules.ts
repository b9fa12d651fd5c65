// The part of an outlet's settings that is the same for every type and both programs: who gets what, when, and in which language.
import { z } from 'zod'
import { alarmKinds } from '../../../protocols/domain/alarm.ts'
import { colours } from '../../../protocols/domain/colour.ts'
import { outletSteps, type OutletStep } from '../../../protocols/desk/outlets.ts'
import type { Problem } from '../../../protocols/kit/result.ts'
import { parseScope } from '../../../protocols/desk/scope.ts'

export const text = z.string().min(1).max(1000)
export const host = z.string().min(1).max(255)
export const port = z.number('a port, 1 to 65535').int().min(1).max(65535)
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 20:00')
/** Also part of a path of the API. */
export const outletNamePattern = /^[a-z0-9][a-z0-9-]{0,39}$/

/** A household is called back by a person only. */
const ruleSteps = outletSteps.filter((step): boolean => step !== 'household')

const ruleSchema = z.strictObject({
  /** Villages, or towns and counties by their digits; absent: all. */
  villages: z
    .array(
      z.string().refine((one) => parseScope(one)?.length === 1, 'a village, or 2 to 9 digits of a division'),
    )
    .min(1)
    .max(200)
    .optional(),
  /** Absent: all except the alarms about outlets, which must be named. */
  kinds: z.array(z.enum(alarmKinds)).min(1).optional(),
  colours: z.array(z.enum(colours)).min(1).optional(),
  steps: z.array(z.enum(ruleSteps)).min(1).default(['raised']),
  /** By the clock of `people.timeZone`, at a box of `limits.timeZone`; `until` before `from` is over midnight. */
  from: timeOfDay.optional(),
  until: timeOfDay.optional(),
  /** 1 Monday to 7 Sunday. */
  weekdays: z.array(z.number().int().min(1).max(7)).min(1).max(7).optional(),
})

export const commonShape = {
  name: z.string().regex(outletNamePattern, 'lower-case letters, digits and dashes, at most 40'),
  /** What people here call the receiver. */
  label: z.string().min(1).max(80).optional(),
  language: z.enum(['zh', 'en']).default('zh'),
  /** Only an outlet for drills gets them. */
  drills: z.boolean().default(false),
  /** No rules: only when a person sends a case there. */
  rules: z.array(ruleSchema).max(50).default([]),
  /** These steps go to a receiver that got the case, by whatever way. */
  followUps: z.array(z.enum(ruleSteps)).default(['over', 'cancelled']),
  /** One attempt. */
  timeoutSeconds: z.number().min(1).max(120).default(10),
  /** A message is given up after this. */
  giveUpMinutes: z.number().min(1).max(1440).default(60),
  /** An alarm of the centre or the box when a red or orange message is not handed over within this. */
  alarmAfterSeconds: z.number().min(5).max(3600).default(60),
  /** An alarm of the centre or the box when what was handed over is not confirmed within this; absent: no confirmation is expected. */
  confirmWithinMinutes: z.number().min(1).max(1440).optional(),
}

export type OutletRule = z.infer<typeof ruleSchema>

const commonSchema = z.strictObject(commonShape)
export type OutletCommon = z.infer<typeof commonSchema>

/** Steps in rules and follow-ups that the receiver's protocol has nothing for. */
export function checkSteps(
  path: string,
  { rules, followUps }: Pick<OutletCommon, 'rules' | 'followUps'>,
  known: readonly OutletStep[],
  words: string,
): Problem[] {
  const wrong = [...followUps, ...rules.flatMap(({ steps }) => steps)].filter((step) => !known.includes(step))
  if (wrong.length === 0) return []
  return [{ path, message: `${words} for ${wrong.join(', ')}; steps: ${known.join(', ')}` }]
}
