// Sent down when people act on an alarm: the stage, who and when. The box passes it to the device that raised it.
import { z } from 'zod'
import { stages } from '../domain/alarm.ts'

export const stageNoticeSchema = z.looseObject({
  v: z.literal(1),
  /** The box's own alarm id. */
  alarm: z.string().min(1).max(80),
  stage: z.enum(stages),
  by: z.string().max(80).optional(),
  atMs: z.number(),
})
export type StageNotice = z.infer<typeof stageNoticeSchema>
