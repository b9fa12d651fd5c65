// The section `outlets` of a box: receivers outside of a village without a town. Types and rules are those of the centre.
import { z } from 'zod'
import { checkDc09, dc09Schema } from '../../../platform/outlets/settings/dc09-settings.ts'
import { checkTogether } from '../../../platform/outlets/settings/outlet-checks.ts'
import { checkScaip, scaipSchema } from '../../../platform/outlets/settings/scaip-settings.ts'
import { checkSms, smsSchema } from '../../../platform/outlets/settings/sms-settings.ts'
import {
  checkSpeakerHttp,
  checkSpeakerMqtt,
  speakerHttpSchema,
  speakerLocalSchema,
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
import type { Problem } from '../../../protocols/kit/result.ts'

/** A box has no address that a receiver could open a picture at. */
const boxWebhookSchema = webhookSchema.omit({ pictureLink: true })
const boxDc09Schema = dc09Schema.omit({ pictureLink: true })
/** The roster of people is at the centre: a box knows numbers. */
const boxSmsSchema = smsSchema.omit({ duty: true })
const boxVoiceSchema = voiceSchema.omit({ duty: true, desk: true })

export const boxOutletSchema = z.discriminatedUnion('type', [
  boxWebhookSchema,
  boxDc09Schema,
  boxSmsSchema,
  scaipSchema,
  boxVoiceSchema,
  loudspeakerSchema,
  speakerHttpSchema,
  speakerMqttSchema,
  speakerLocalSchema,
])
export type BoxOutletSettings = z.infer<typeof boxOutletSchema>

export const boxOutletsSchema = z.array(boxOutletSchema).max(10).default([])

export function checkBoxOutlets(outlets: readonly BoxOutletSettings[]): Problem[] {
  const own = outlets.flatMap((outlet, i): Problem[] => {
    const path = `outlets.${i}`
    const villages = outlet.rules.flatMap((rule, at) =>
      unknownHere(rule.villages, `${path}.rules.${at}.villages`),
    )
    return [...villages, ...checkOfType(path, outlet)]
  })
  return [...checkTogether(outlets), ...own]
}

/** A box has one village: a rule that names others would never send anything. */
const unknownHere = (villages: readonly string[] | undefined, path: string): Problem[] =>
  villages === undefined ? [] : [{ path, message: 'a box has one village: leave this out' }]

function checkOfType(path: string, outlet: BoxOutletSettings): Problem[] {
  switch (outlet.type) {
    case 'webhook':
      return checkUrl(path, outlet)
    case 'sia-dc09':
      return checkDc09(path, outlet)
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
    case 'speaker-local':
      return []
  }
}
