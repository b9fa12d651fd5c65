// Settings of outlets that call: a telephone by the town's exchange or a GSM gateway, or a loudspeaker that answers by itself.
import { z } from 'zod'
import type { Problem } from '../../../protocols/kit/result.ts'
import { rosterRoles } from '../../../protocols/desk/roster.ts'
import { commonShape, host, port, text } from './outlet-rules.ts'
import { sipUser } from './scaip-settings.ts'
import { phonePattern } from './sms-settings.ts'
import { speechShape } from './speech-shape.ts'

const callShape = {
  ...commonShape,
  /** The exchange, the gateway, or the loudspeaker itself. */
  host,
  port: port.default(5060),
  /** `tls`: usually at port 5061. */
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp'),
  /** With `tls`: the authority of the server's certificate; absent: those that the system knows. */
  caFile: text.optional(),
  /** Of both addresses, behind the @; absent: `host`. */
  domain: host.optional(),
  /** Our own address, in front of the @; also the name for the password. */
  user: sipUser,
  passwordFile: text.optional(),
  /** Absent: this machine's address on the way to the exchange. */
  localHost: host.optional(),
  localPort: port.optional(),
  /** Where the exchange wants it; absent: no registration. */
  registerSeconds: z.number().int().min(60).max(86_400).optional(),
  ...speechShape,
  /** One call with all of it. */
  timeoutSeconds: z.number().min(20).max(300).default(120),
  /** A telephone that rings longer was not heard. */
  ringSeconds: z.number().min(5).max(120).default(30),
}

export const voiceSchema = z.strictObject({
  ...callShape,
  type: z.literal('voice'),
  /** Called one after the other until a person presses a key. */
  numbers: z.array(z.string().regex(phonePattern, 'digits, with or without +')).max(20).default([]),
  /** And people of the roster who are on duty for the village. */
  duty: z
    .strictObject({
      roles: z.array(z.enum(rosterRoles)).min(1),
      peopleMax: z.number().int().min(1).max(20).default(3),
    })
    .optional(),
  /** Telephones of the desk: one rings first when a person asks to be connected with a household; absent: the call is read by the program. */
  desk: z
    .strictObject({
      /** Of all who have none of their own in `users`. */
      number: sipUser.optional(),
      /** By the name with which a person signs in. */
      users: z.record(z.string().min(1).max(64), sipUser).default({}),
    })
    .optional(),
})
export type VoiceSettings = z.infer<typeof voiceSchema>

export const loudspeakerSchema = z.strictObject({
  ...callShape,
  type: z.literal('loudspeaker'),
  /** Their addresses, in front of the @: each must answer by itself, and each is called. */
  speakers: z.array(sipUser).min(1).max(20),
  /** Before the words. */
  toneSeconds: z.number().min(0).max(10).default(2),
})
export type LoudspeakerSettings = z.infer<typeof loudspeakerSchema>

export type CallSettings = VoiceSettings | LoudspeakerSettings

export function checkVoice(
  path: string,
  {
    numbers,
    duty,
    ringSeconds,
    timeoutSeconds,
  }: Pick<VoiceSettings, 'numbers' | 'duty' | 'ringSeconds' | 'timeoutSeconds'>,
): Problem[] {
  const problems: Problem[] = []
  if (numbers.length === 0 && !duty) problems.push({ path, message: 'numbers, or duty, or both' })
  return [...problems, ...checkRing(path, ringSeconds, timeoutSeconds)]
}

export const checkLoudspeaker = (path: string, settings: LoudspeakerSettings): Problem[] =>
  checkRing(path, settings.ringSeconds, settings.timeoutSeconds)

const checkRing = (path: string, ring: number, whole: number): Problem[] =>
  ring < whole
    ? []
    : [{ path: `${path}.ringSeconds`, message: 'shorter than timeoutSeconds: the words need time too' }]
