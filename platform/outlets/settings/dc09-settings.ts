// Settings of outlets to monitoring stations by SIA DC-09.
import { z } from 'zod'
import type { Problem } from '../../../protocols/kit/result.ts'
import { pictureLinkShape } from './picture-link-settings.ts'
import { checkSteps, commonShape, host, port, text } from './outlet-rules.ts'

const account = z.string().regex(/^[0-9A-F]{3,16}$/, '3 to 16 of 0-9 and A-F, as the station has given it')
const prefix = z.string().regex(/^[0-9A-F]{1,6}$/, '1 to 6 of 0-9 and A-F')

export const dc09Schema = z.strictObject({
  ...commonShape,
  type: z.literal('sia-dc09'),
  /** The second one is asked when the first does not answer. */
  receivers: z.array(z.strictObject({ host, port })).min(1).max(2),
  transport: z.enum(['tcp', 'udp']).default('tcp'),
  format: z.enum(['contact-id', 'sia']).default('contact-id'),
  account,
  /** Where the station has an account per village. */
  accounts: z.record(z.string(), account).default({}),
  /** The station's zone numbers, by device or zone; 0 for others. */
  zones: z.record(z.string(), z.number().int().min(0).max(999)).default({}),
  line: prefix.default('0'),
  receiver: prefix.optional(),
  /** AES with 128, 192 or 256 bits: 32, 48 or 64 hexadecimal digits. */
  keyFile: text.optional(),
  /** A NULL message to each receiver in this time; three without an answer are an alarm. */
  superviseSeconds: z.number().min(10).max(86_400).optional(),
  /** A text with kind, box, device and case, in ASCII. */
  sendsText: z.boolean().default(false),
  ...pictureLinkShape,
})
export type Dc09Settings = z.infer<typeof dc09Schema>

/** DC-09 has codes for new, over and cancelled only. */
export const dc09Steps = ['raised', 'again', 'ended', 'over', 'cancelled'] as const

export function checkDc09(
  path: string,
  outlet: Pick<Dc09Settings, 'rules' | 'followUps' | 'drills' | 'sendsText'>,
): Problem[] {
  return [
    ...checkSteps(path, outlet, dc09Steps, 'DC-09 has no code'),
    // The code of a drill is that of the alarm: only the text says that it is one.
    ...(outlet.drills && !outlet.sendsText
      ? [{ path, message: 'drills: true needs sendsText: true; otherwise a drill looks like an alarm' }]
      : []),
  ]
}
