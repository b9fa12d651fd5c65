// From the settings of an outlet to the outlet itself, for the types that the centre and a box have both.
import { offsetMinAt } from '../../protocols/domain/time-zone.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { createDc09Outlet } from './dc09/dc09-outlet.ts'
import type { OutletMessage } from './message.ts'
import type { Outlet } from './port.ts'
import { createScaipOutlet } from './scaip/scaip-outlet.ts'
import type { Dc09Settings } from './settings/dc09-settings.ts'
import type { OutletCommon } from './settings/outlet-rules.ts'
import type { ScaipSettings } from './settings/scaip-settings.ts'
import type {
  SpeakerHttpSettings,
  SpeakerLocalSettings,
  SpeakerMqttSettings,
} from './settings/speaker-settings.ts'
import type { SmsSettings } from './settings/sms-settings.ts'
import type { CallSettings } from './settings/voice-settings.ts'
import type { WebhookSettings } from './settings/webhook-settings.ts'
import { createSpeakerHttpOutlet } from './speaker/speaker-http.ts'
import { createSpeakerLocalOutlet } from './speaker/speaker-local.ts'
import { createSpeakerMqttOutlet } from './speaker/speaker-mqtt.ts'
import { createSmsOutlet, type SmsOptions } from './sms/sms-outlet.ts'
import { createVoiceOutlet } from './voice/voice-outlet.ts'
import { createWebhookOutlet } from './webhook/webhook-outlet.ts'
import { sentence } from './words.ts'

export interface OutletParts {
  clock: Clock
  random: Random
  timeZone: string
  /** Instead of the time zone: minutes ahead of UTC. */
  utcOffsetMin?: number | undefined
  /** Who is on duty is in the centre's database: absent at a box and on the command line. */
  phonesOnDuty?: SmsOptions['phonesOnDuty']
  onFailed?: (error: unknown) => void
}

export type SharedOutletSettings =
  | WebhookSettings
  | Dc09Settings
  | SmsSettings
  | ScaipSettings
  | CallSettings
  | SpeakerHttpSettings
  | SpeakerMqttSettings
  | SpeakerLocalSettings

/** Local time, minutes ahead of UTC at a moment. */
export const offsetOf =
  ({ timeZone, utcOffsetMin }: Pick<OutletParts, 'timeZone' | 'utcOffsetMin'>) =>
  (atMs: number): number =>
    utcOffsetMin ?? offsetMinAt(timeZone, atMs)

/** The sentence that people read. */
export const textFor =
  ({ language }: Pick<OutletCommon, 'language'>, parts: OutletParts) =>
  (message: OutletMessage): string =>
    sentence(message, { language, utcOffsetMin: offsetOf(parts) })

export function createSharedOutlet(settings: SharedOutletSettings, parts: OutletParts): Outlet {
  const { clock, random, phonesOnDuty = () => Promise.resolve([]), onFailed = () => undefined } = parts
  const textOf = textFor(settings, parts)
  switch (settings.type) {
    case 'webhook':
      return createWebhookOutlet({ settings, textOf, clock })
    case 'sia-dc09':
      return createDc09Outlet({ settings, clock })
    case 'scaip':
      return createScaipOutlet({ settings, clock, random, onFailed })
    case 'voice':
    case 'loudspeaker':
      return createVoiceOutlet({ settings, textOf, phonesOnDuty, clock, random, onFailed })
    case 'speaker-http':
      return createSpeakerHttpOutlet(settings)
    case 'speaker-mqtt':
      return createSpeakerMqttOutlet({ settings, clock })
    case 'speaker-local':
      return createSpeakerLocalOutlet(settings)
    case 'sms':
      return createSmsOutlet({ settings, textOf, phonesOnDuty, clock, random, onFailed })
  }
}
