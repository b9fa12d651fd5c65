// From the settings of an outlet to the outlet itself, by its type; also for the command line, which opens no database.
import { offsetMinAt } from '../../protocols/domain/time-zone.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { OutletSettings } from '../config/outlets/outlet-settings.ts'
import { createCapOutlet } from './cap/cap-outlet.ts'
import { createDc09Outlet } from './dc09/dc09-outlet.ts'
import { createGb28181Outlet } from './gb28181/gb28181-outlet.ts'
import { createFileOutlet } from './file/file-outlet.ts'
import { createMailOutlet } from './mail/mail-outlet.ts'
import type { OutletMessage } from './message.ts'
import type { Outlet } from './port.ts'
import { createSmsOutlet, type SmsOptions } from './sms/sms-outlet.ts'
import { createWebhookOutlet } from './webhook/webhook-outlet.ts'
import { sentence } from './words.ts'

export interface OutletParts {
  clock: Clock
  random: Random
  timeZone: string
  /** Who is on duty is in the database: absent on the command line. */
  phonesOnDuty?: SmsOptions['phonesOnDuty']
  onFailed?: (error: unknown) => void
}

export function createOutlet(settings: OutletSettings, parts: OutletParts): Outlet {
  const {
    clock,
    random,
    timeZone,
    phonesOnDuty = () => Promise.resolve([]),
    onFailed = () => undefined,
  } = parts
  const utcOffsetMin = (atMs: number): number => offsetMinAt(timeZone, atMs)
  const textOf = (message: OutletMessage): string =>
    sentence(message, { language: settings.language, utcOffsetMin })
  switch (settings.type) {
    case 'webhook':
      return createWebhookOutlet({ settings, textOf, clock })
    case 'sia-dc09':
      return createDc09Outlet({ settings, clock })
    case 'cap':
      return createCapOutlet({ settings, textOf, utcOffsetMin })
    case 'sms':
      return createSmsOutlet({ settings, textOf, phonesOnDuty, clock, random, onFailed })
    case 'mail':
      return createMailOutlet({ settings, textOf })
    case 'gb28181':
      return createGb28181Outlet({ settings, textOf, clock, random, onFailed })
    case 'file':
      return createFileOutlet({ ...settings, textOf })
  }
}
