// A release on its way through the boxes of a town: the plan that a person made, and what came of it.
import { z } from 'zod'
import { versionPattern } from '../releases/version-order.ts'

/** More waves, or more names in one, are a mistake. */
export const wavesMax = 20
const namesMax = 1000

const waveSchema = z.union([
  /** Of all boxes, those of the waves before included. */
  z.strictObject({ percent: z.number().gt(0).max(100) }),
  /** Ids of boxes, or codes of villages and towns. */
  z.strictObject({ boxes: z.array(z.string().min(1).max(48)).min(1).max(namesMax) }),
])
export type RolloutWave = z.infer<typeof waveSchema>

export const rolloutPlanSchema = z.strictObject({
  version: z.string().regex(versionPattern),
  waves: z.array(waveSchema).min(1).max(wavesMax),
  /** A box that has no result after this is missing, and the release goes no further. */
  termHours: z.number().min(0.01).max(168),
  /** Between the last result of a wave and the next wave. */
  restHours: z.number().min(0).max(720),
  by: z.string().min(1).max(80),
  startedAtMs: z.number(),
  isPaused: z.boolean(),
})
export type RolloutPlan = z.infer<typeof rolloutPlanSchema>

/** `done`: the box has proven the version. `refused`: it keeps its own. The others stop the release. */
export const rolloutBoxStates = ['asked', 'done', 'refused', 'went-back', 'failed', 'missing'] as const
export const rolloutStates = ['running', 'paused', 'stopped', 'finished'] as const

const rolloutBoxSchema = z.object({
  wave: z.number().int().min(0),
  state: z.enum(rolloutBoxStates),
  /** Of the command that asked the box. */
  command: z.string().max(64),
  atMs: z.number(),
  reason: z.object({ zh: z.string(), en: z.string() }).optional(),
})
export type RolloutBox = z.infer<typeof rolloutBoxSchema>

export const rolloutProgressSchema = z.object({
  version: z.string(),
  state: z.enum(rolloutStates),
  wave: z.number().int().min(0),
  waveSinceMs: z.number(),
  boxes: z.record(z.string(), rolloutBoxSchema),
  /** Why it stopped. */
  reason: z
    .object({ box: z.string(), what: z.enum(['went-back', 'failed', 'missing', 'silent']) })
    .optional(),
})
export type RolloutProgress = z.infer<typeof rolloutProgressSchema>

/** `GET /api/v1/updates`; empty while no release was offered. */
export interface UpdatesAnswer {
  plan?: RolloutPlan
  progress?: RolloutProgress
}

/** `10%`, or ids and codes with commas between; waves with semicolons between. Throws nothing: undefined when it is none. */
export function parseWaves(text: string): RolloutWave[] | undefined {
  const waves = text.split(';').map((part): unknown => {
    const share = /^\s*(\d{1,3}(?:\.\d{1,2})?)\s*%\s*$/.exec(part)?.[1]
    return share === undefined
      ? { boxes: part.split(',').map((one) => one.trim()) }
      : { percent: Number.parseFloat(share) }
  })
  const parsed = z.array(waveSchema).min(1).max(wavesMax).safeParse(waves)
  return parsed.success ? parsed.data : undefined
}
