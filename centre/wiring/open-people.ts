// Wires the parts for people who are sent to the scene: the duty roster, their links and page, and the files of cases.
import { join } from 'node:path'
import { filesFolderOf } from '../config/files-folder.ts'
import { createAttachmentRoutes } from '../api/people/attachment-routes.ts'
import { createFamilyRoutes } from '../api/people/family-routes.ts'
import { createResponseRoutes } from '../api/people/response-routes.ts'
import { createRosterRoutes } from '../api/people/roster-routes.ts'
import type { Route } from '../api/route.ts'
import type { SecurityLog } from '../accounts/security-log.ts'
import { AttachmentFolder } from '../attachments/attachment-folder.ts'
import { Attachments } from '../attachments/attachments.ts'
import { PeopleUpkeep } from '../people/people-upkeep.ts'
import { PhotoParts } from '../people/photo-parts.ts'
import { ResponseLinks } from '../people/response-links.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import { positionOf } from '../../protocols/desk/villages/map.ts'
import type { Base } from './base.ts'

const bytesPerMegabyte = 1024 * 1024
const hourMs = 3_600_000

export interface OpenPeopleOptions {
  storage: Storage
  securityLog: SecurityLog
  onStep: (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]) => void
}

export interface OpenedPeople {
  routes: Route[]
  links: ResponseLinks
}

export function openPeople(base: Base, { storage, securityLog, onStep }: OpenPeopleOptions): OpenedPeople {
  const { config, clock, random, registry, parts } = base
  const logger = base.logger.child({ part: 'people' })
  const upkeep = new PeopleUpkeep({ storage, clock, logger, registry })
  upkeep.start()
  parts.add('terms of people', () => upkeep.stop())
  const attachments = new Attachments({
    folder: new AttachmentFolder(join(filesFolderOf(config), 'attachments')),
    storage,
    clock,
    logger,
    bytesMax: config.attachments.quotaMegabytes * bytesPerMegabyte,
    termMs: config.attachments.termDays * 24 * hourMs,
  })
  attachments.start()
  parts.add('attachments', () => attachments.stop())
  const links = new ResponseLinks({ storage, clock, random, lifeMs: config.people.linkHours * hourMs })
  const placed = new Map(config.map.villages.map((village) => [village.id, village]))
  const common = { storage, clock, securityLog, onStep, attachments }
  const routes = [
    ...createRosterRoutes({ storage, clock, securityLog, ...config.people }),
    ...createResponseRoutes({
      ...common,
      links,
      parts: new PhotoParts(),
      positionOf: (village, point) => positionOf(placed.get(village), point),
    }),
    ...createAttachmentRoutes(common),
    ...createFamilyRoutes({ storage, clock, random, termDaysMax: config.people.termDaysMax }),
  ]
  return { routes, links }
}
