// Settings of outlets to loudspeakers and signs that are no telephones: reached by HTTP, by MQTT at the village's own broker, or by a player
// program of this machine.
import { z } from 'zod'
import { isLoopback } from '../../loopback.ts'
import type { Problem } from '../../../protocols/kit/result.ts'
import { commonShape, text } from './outlet-rules.ts'
import { speechShape } from './speech-shape.ts'
import { checkUrl } from './url-checks.ts'

const templateShape = {
  /** With places for `{text}`, `{id}`, `{colour}`, `{kind}` and `{village}`, escaped for the type of the content. */
  body: text.default('{"text":"{text}","id":"{id}"}'),
  contentType: z.enum(['application/json', 'application/x-www-form-urlencoded']).default('application/json'),
}

export const speakerHttpSchema = z.strictObject({
  ...commonShape,
  ...templateShape,
  type: z.literal('speaker-http'),
  url: text.optional(),
  urlFile: text.optional(),
  bearerFile: text.optional(),
  /** `user:password` in one line, where the speaker asks for Basic. */
  basicFile: text.optional(),
  caFile: text.optional(),
  /** The answer contains this when the speaker has taken it; absent: any 2xx. */
  okText: text.optional(),
})
export type SpeakerHttpSettings = z.infer<typeof speakerHttpSchema>

const topic = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^+#\p{C}]+$/u, 'a topic without + and #')

export const speakerMqttSchema = z.strictObject({
  ...commonShape,
  ...templateShape,
  type: z.literal('speaker-mqtt'),
  /** `mqtts://HOST:PORT`, or `mqtt://` on loopback. */
  url: text,
  user: z.string().min(1).max(200).optional(),
  passwordFile: text.optional(),
  caFile: text.optional(),
  /** Published with QoS 1: the broker's PUBACK is the hand-over. */
  topic,
  /** Where the speaker answers; a message that contains the id is its receipt. */
  receiptTopic: topic.optional(),
  /** For the receipt, of the time of one attempt; without one the message counts as handed over. */
  receiptSeconds: z.number().min(1).max(60).default(5),
})
export type SpeakerMqttSettings = z.infer<typeof speakerMqttSchema>

/** The speaker at the sound card of this machine. */
export const speakerLocalSchema = z.strictObject({
  ...commonShape,
  type: z.literal('speaker-local'),
  /** Plays a WAV file (8 kHz, µ-law) from its input: aplay of Debian's alsa-utils, or another program of this machine. */
  playerCommand: text.default('aplay'),
  /** Given to it as they stand: no shell reads them. */
  playerArguments: z.array(text).max(20).default(['-q', '-']),
  ...speechShape,
  /** Before the words. */
  toneSeconds: z.number().min(0).max(10).default(2),
  /** One attempt with all of the words. */
  timeoutSeconds: z.number().min(10).max(300).default(60),
})
export type SpeakerLocalSettings = z.infer<typeof speakerLocalSchema>

export function checkSpeakerHttp(path: string, settings: SpeakerHttpSettings): Problem[] {
  const both = settings.bearerFile !== undefined && settings.basicFile !== undefined
  return [
    ...checkUrl(path, settings),
    ...(both ? [{ path: `${path}.basicFile`, message: 'bearerFile or basicFile: not both' }] : []),
  ]
}

export function checkSpeakerMqtt(path: string, settings: SpeakerMqttSettings): Problem[] {
  const { url, user, passwordFile, receiptTopic, receiptSeconds, timeoutSeconds } = settings
  const problems: Problem[] = []
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isGood =
    parsed?.protocol === 'mqtts:' || (parsed?.protocol === 'mqtt:' && isLoopback(parsed.hostname))
  if (!isGood || parsed.username !== '' || parsed.password !== '')
    problems.push({
      path: `${path}.url`,
      message: 'mqtts://HOST:PORT without a password: plain mqtt is allowed on loopback only',
    })
  if (passwordFile !== undefined && user === undefined)
    problems.push({ path: `${path}.user`, message: 'a passwordFile needs user' })
  if (receiptTopic !== undefined && receiptSeconds >= timeoutSeconds)
    problems.push({ path: `${path}.receiptSeconds`, message: 'shorter than timeoutSeconds' })
  return problems
}
