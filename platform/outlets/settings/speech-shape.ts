// What every outlet needs that reads an alarm aloud.
import { z } from 'zod'
import { text } from './outlet-rules.ts'

export const speechShape = {
  /** Reads `--stdin` aloud into `--stdout` as WAV, with `-v` and a voice. */
  speechCommand: text.default('espeak-ng'),
  /** Of that program; absent: by the language. */
  voice: z
    .string()
    .regex(/^[A-Za-z0-9_+-]{1,40}$/)
    .optional(),
  /** How often it is read. */
  repeats: z.number().int().min(1).max(5).default(2),
}
