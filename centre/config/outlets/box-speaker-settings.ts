// Settings of outlets to the village's own loudspeakers and signs, by a command to its box.
import { z } from 'zod'
import { commonShape } from '../../../platform/outlets/settings/outlet-rules.ts'
import { runSecondsMax } from '../../../protocols/uplink/command.ts'

export const boxSpeakerSchema = z.strictObject({
  ...commonShape,
  type: z.literal('box-speaker'),
  /** Only the devices of the alarm's zone. */
  zoneOnly: z.boolean().default(false),
  /** How long a sign shows it. */
  seconds: z.number().int().min(1).max(runSecondsMax).default(300),
  /** Nothing is said after this: a text that is late would be wrong. */
  livesSeconds: z.number().int().min(10).max(3600).default(600),
})
export type BoxSpeakerSettings = z.infer<typeof boxSpeakerSchema>
