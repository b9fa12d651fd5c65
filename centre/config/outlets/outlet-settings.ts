// The section `outlets` of the centre's configuration: one entry per receiver outside, by its type.
import { z } from 'zod'
import { checkTogether } from '../../../platform/outlets/settings/outlet-checks.ts'
import type { Problem } from '../../../protocols/kit/result.ts'
import { commonShape } from '../../../platform/outlets/settings/outlet-rules.ts'
import { boxSpeakerSchema } from './box-speaker-settings.ts'
import { capSchema, checkCap } from './cap-settings.ts'
import { checkDc09, dc09Schema } from '../../../platform/outlets/settings/dc09-settings.ts'
import { checkEbd, ebdSchema } from './ebd-settings.ts'
import { checkGb28181, gb28181Schema } from './gb28181-settings.ts'
import { checkMail, mailSchema } from './mail-settings.ts'
import { checkScaip, scaipSchema } from '../../../platform/outlets/settings/scaip-settings.ts'
import { checkSms, smsSchema } from '../../../platform/outlets/settings/sms-settings.ts'
import {
  checkSpeakerHttp,
  checkSpeakerMqtt,
  speakerHttpSchema,
  speakerMqttSchema,
} from '../../../platform/outlets/settings/speaker-settings.ts'
import {
  checkLoudspeaker,
  checkVoice,
  loudspeakerSchema,
  voiceSchema,
} from '../../../platform/outlets/settings/voice-settings.ts'
import { checkUrl } from '../../../platform/outlets/settings/url-checks.ts'
import { webhookSchema } from '../../../platform/outlets/settings/webhook-settings.ts'

const fileShape = z.strictObject({
  ...commonShape,
  type: z.literal('file'),
  /** One file per message, in JSON, for another program. */
  folder: z.string().min(1).max(1000),
})

export const outletSchema = z.discriminatedUnion('type', [
  fileShape,
  webhookSchema,
  dc09Schema,
  capSchema,
  ebdSchema,
  gb28181Schema,
  smsSchema,
  mailSchema,
  scaipSchema,
  voiceSchema,
  loudspeakerSchema,
  speakerHttpSchema,
  speakerMqttSchema,
  boxSpeakerSchema,
])
export type OutletSettings = z.infer<typeof outletSchema>

export const outletsSchema = z.array(outletSchema).max(50).default([])

/** What the schema can not express. */
export function checkOutlets(outlets: readonly OutletSettings[]): Problem[] {
  const own = outlets.flatMap((outlet, i) => checkOfType(`outlets.${i}`, outlet))
  return [...checkTogether(outlets), ...own]
}

function checkOfType(path: string, outlet: OutletSettings): Problem[] {
  switch (outlet.type) {
    case 'webhook':
      return checkUrl(path, outlet)
    case 'sia-dc09':
      return checkDc09(path, outlet)
    case 'cap':
      return checkCap(path, outlet)
    case 'ebd':
      return checkEbd(path, outlet)
    case 'scaip':
      return checkScaip(path, outlet)
    case 'voice':
      return checkVoice(path, outlet)
    case 'loudspeaker':
      return checkLoudspeaker(path, outlet)
    case 'speaker-http':
      return checkSpeakerHttp(path, outlet)
    case 'speaker-mqtt':
      return checkSpeakerMqtt(path, outlet)
    case 'sms':
      return checkSms(path, outlet)
    case 'mail':
      return checkMail(path, outlet)
    case 'gb28181':
      return checkGb28181(path, outlet)
    case 'file':
    case 'box-speaker':
      return []
  }
}
