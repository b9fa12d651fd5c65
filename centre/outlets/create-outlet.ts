// From the settings of an outlet to the outlet itself, by its type; also for the command line, which opens no database.
import { offsetMinAt } from '../../protocols/domain/time-zone.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { OutletSettings } from '../config/outlets/outlet-settings.ts'
import { createFileOutlet } from './file/file-outlet.ts'
import type { OutletMessage } from './message.ts'
import type { Outlet } from './port.ts'
import { sentence } from './words.ts'

export interface OutletParts {
  clock: Clock
  random: Random
  timeZone: string
}

export function createOutlet(settings: OutletSettings, { timeZone }: OutletParts): Outlet {
  const utcOffsetMin = (atMs: number): number => offsetMinAt(timeZone, atMs)
  const textOf = (message: OutletMessage): string =>
    sentence(message, { language: settings.language, utcOffsetMin })
  switch (settings.type) {
    case 'file':
      return createFileOutlet({ ...settings, textOf })
  }
}
