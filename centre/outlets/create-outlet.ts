// From the settings of an outlet to the outlet itself, by its type; also for the command line, which opens no database.
import {
  createSharedOutlet,
  offsetOf,
  textFor,
  type OutletParts,
} from '../../platform/outlets/create-outlet.ts'
import type { Outlet } from '../../platform/outlets/port.ts'
import type { OutletSettings } from '../config/outlets/outlet-settings.ts'
import { createEbdOutlet } from './broadcast/ebd-outlet.ts'
import { createCapOutlet } from './cap/cap-outlet.ts'
import { createFileOutlet } from './file/file-outlet.ts'
import { createGb28181Outlet } from './gb28181/gb28181-outlet.ts'
import { createBoxSpeakerOutlet, type BoxCommands } from './speaker/box-speaker-outlet.ts'
import { withPictureLinks, type PictureLinks } from './pictures/picture-links.ts'
import { createMailOutlet } from './mail/mail-outlet.ts'

/** What the centre has beyond a box: absent on the command line. */
export interface CentreOutletParts extends OutletParts {
  commands?: BoxCommands | undefined
  links?: PictureLinks | undefined
}

export function createOutlet(settings: OutletSettings, parts: CentreOutletParts): Outlet {
  const outlet = outletOfType(settings, parts)
  return 'pictureLink' in settings ? withPictureLinks(outlet, settings, parts.links) : outlet
}

function outletOfType(settings: OutletSettings, parts: CentreOutletParts): Outlet {
  const { clock, random, onFailed = () => undefined } = parts
  const textOf = textFor(settings, parts)
  switch (settings.type) {
    case 'cap':
      return createCapOutlet({ settings, textOf, utcOffsetMin: offsetOf(parts) })
    case 'ebd':
      return createEbdOutlet({ settings, utcOffsetMin: offsetOf(parts) })
    case 'mail':
      return createMailOutlet({ settings, textOf })
    case 'gb28181':
      return createGb28181Outlet({ settings, textOf, clock, random, onFailed })
    case 'box-speaker':
      return createBoxSpeakerOutlet({ settings, clock, commands: parts.commands })
    case 'file':
      return createFileOutlet({ ...settings, textOf })
    default:
      return createSharedOutlet(settings, parts)
  }
}
