// The receivers outside: their queue follows the cases, and their failures are alarms of the centre.
import { createCaseAnswer } from '../outlets/case-answer.ts'
import type { SecurityLog } from '../accounts/security-log.ts'
import { createPictureLinkRoutes } from '../api/outlets/picture-link-routes.ts'
import type { Route } from '../api/route.ts'
import { PictureLinks } from '../outlets/pictures/picture-links.ts'
import type { Pictures } from './open-pictures.ts'
import type { CommandSender } from '../commands/command-sender.ts'
import type { BoxCommands } from '../outlets/speaker/box-speaker-outlet.ts'
import { villageOf } from '../../protocols/domain/names.ts'
import { createOutlet } from '../outlets/create-outlet.ts'
import { createOutletFigures } from '../../platform/outlets/queue/outlet-figures.ts'
import { Outlets } from '../outlets/outlets.ts'
import { createPhonesOnDuty } from '../people/phones-on-duty.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { Base } from './base.ts'
import type { openOwnAlarms } from './open-own-alarms.ts'

export interface OpenOutletsOptions {
  storage: Storage
  own: ReturnType<typeof openOwnAlarms>
  onStored: (changes: readonly StoredChange[]) => void
  commands: Pick<CommandSender, 'ask'>
  villages: { ids: () => readonly string[] }
  pictures: Pick<Pictures, 'read'>
  securityLog: SecurityLog
  onStep: (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]) => void
}

export interface OpenedOutlets {
  outlets: Outlets
  linkRoutes: Route[]
}

export function openOutlets(base: Base, options: OpenOutletsOptions): OpenedOutlets {
  const { storage, own, onStored, onStep } = options
  const commands = boxCommandsOf(options)
  const links = openLinks(base, options)
  const { config, clock, random, registry, parts } = base
  const { timeZone } = config.people
  const logger = base.logger.child({ part: 'outlets' })
  const phonesOnDuty = createPhonesOnDuty({ storage, clock, timeZone })
  const onFailed = (error: unknown): void =>
    logger.error({ err: error }, 'answers to an outlet could not be read')
  const labels = new Map(config.outlets.map(({ name, label }) => [name, label ?? name]))
  const outlets = new Outlets({
    outlets: config.outlets.map((settings) => ({
      settings,
      outlet: createOutlet(settings, { clock, random, timeZone, phonesOnDuty, commands, links, onFailed }),
    })),
    timeZone,
    storage,
    clock,
    random,
    logger,
    figures: createOutletFigures(registry, 'centre'),
    troubles: {
      set: (kind, name, words) => own.outlet(kind, name, labels.get(name) ?? name, words),
      standing: (kind) => own.standingOutlets(kind),
    },
    onStored,
    takeAnswer: createCaseAnswer({ storage, clock, onStep }),
  })
  parts.add('outlets', () => outlets.stop())
  const { securityLog, pictures } = options
  const linkRoutes = createPictureLinkRoutes({ links, storage, clock, securityLog, read: pictures.read })
  return { outlets, linkRoutes }
}

function openLinks({ clock, random }: Base, { storage, securityLog }: OpenOutletsOptions): PictureLinks {
  return new PictureLinks({
    picturesOfAlarm: (alarm, limit) => storage.picturesOfAlarm(alarm, limit),
    clock,
    random,
    onMade: ({ outlet, alarm, picture, message }) =>
      securityLog.note(
        'picture-link-made',
        `link:${outlet}`,
        '',
        `${alarm} ${picture?.camera ?? '-'} ${message}`,
      ),
  })
}

/** Commands of a box among which one of an outlet is found again. */
const foundAmong = 500

function boxCommandsOf({ storage, commands, villages }: OpenOutletsOptions): BoxCommands {
  return {
    boxesOf: (village) => villages.ids().filter((box) => villageOf(box) === village),
    ask: (command) => commands.ask(command),
    find: async (box, id) =>
      (await storage.commands({ box, limit: foundAmong })).find((one) => one.id === id),
  }
}
