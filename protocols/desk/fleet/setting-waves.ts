// One setting changed on many boxes, wave after wave: as releases are, it stops at the first box that takes it back.
import { z } from 'zod'
import { rolloutPlanSchema, rolloutProgressSchema } from '../updates.ts'

/** The newest change; its id is written as a version is, so that a wave draws the same boxes each time. */
export const settingPlanSchema = rolloutPlanSchema.extend({
  /** Sections of the configuration, as a command `config` has them. */
  set: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/), z.unknown()),
  why: z.string().min(1).max(300),
})
export type SettingPlan = z.infer<typeof settingPlanSchema>

/** `POST /api/v1/fleet/setting`. */
export const newSettingBody = settingPlanSchema
  .pick({ set: true, why: true, waves: true, termHours: true, restHours: true })
  .extend({
    termHours: settingPlanSchema.shape.termHours.default(24),
    restHours: settingPlanSchema.shape.restHours.default(1),
  })
export type NewSetting = z.infer<typeof newSettingBody>

export const settingAnswerSchema = z.object({
  plan: settingPlanSchema.optional(),
  progress: rolloutProgressSchema.optional(),
})
/** `GET /api/v1/fleet/setting`; empty while none was changed. */
export type SettingAnswer = z.infer<typeof settingAnswerSchema>
