// The desk: its routes, its pages and the stream behind one HTTP server.
import { createOpenApi } from '../api/openapi.ts'
import type { CommandRouteOptions } from '../api/command-routes.ts'
import type { Route } from '../api/route.ts'
import { createFigureRoutes } from '../api/figure-routes.ts'
import { createDirectoryRoutes } from '../api/sign-in/directory-routes.ts'
import { createFactorRoutes } from '../api/sign-in/factor-routes.ts'
import { createUserRoutes } from '../api/sign-in/user-routes.ts'
import { createTokenRoutes } from '../api/sign-in/token-routes.ts'
import { createSessionRoutes } from '../api/sign-in/session-routes.ts'
import { createRoutes } from '../api/routes.ts'
import { createUploadRoutes } from '../api/fleet/upload-routes.ts'
import { createLedgerRoutes } from '../api/ledger-routes.ts'
import { createBulletinRoutes } from '../api/villages/bulletin-routes.ts'
import { createEnrolmentRoutes } from '../api/villages/enrolment-routes.ts'
import { createLinkageRoutes } from '../api/villages/linkage-routes.ts'
import { createMapRoutes } from '../api/villages/map-routes.ts'
import { createRegistryRoutes } from '../api/villages/registry-routes.ts'
import { createDailyMark, createDailyRoutes, type DailyOptions } from '../api/villages/daily-reports.ts'
import { createStaffRoutes } from '../api/cases/staff-routes.ts'
import { createSettingsRoutes } from '../api/settings-routes.ts'
import { createShiftRoutes } from '../api/cases/shift-routes.ts'
import { createOutletRoutes, type OutletCalls } from '../api/outlets/outlet-routes.ts'
import { DeskServer, findPageFolder, type HealthNotes } from '../api/server.ts'
import { cookieName } from '../accounts/sessions.ts'
import { villagesOfCase } from '../cases/case-villages.ts'
import type { CaseRuleWatch } from '../deadlines/case-rule-watch.ts'
import type { CommandSender } from '../commands/command-sender.ts'
import { openFleetRoutes, type OpenedFleet } from './fleet/open-fleet.ts'
import type { OpenedEnrolment } from './enrolment/open-enrolment.ts'
import type { Downlink } from '../receiver/downlink.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import { createRetire } from '../villages/retire-box.ts'
import type { Base } from './base.ts'
import { openDirectory } from './open-directory.ts'
import { openPeople } from './open-people.ts'
import { maySeeTyping } from '../stream/may-see.ts'
import { typingRoute } from '../api/cases/typing-route.ts'
import { createStepTeller } from './open-uplink.ts'
import type { OpenedUpdates } from './open-updates.ts'
import type { OpenedStream } from './open-stream.ts'
import type { OpenedVillages } from './open-villages.ts'

export interface OpenDeskOptions extends OpenedStream, OpenedVillages {
  storage: Storage
  rules: CaseRuleWatch
  downlink: Downlink
  commands: CommandSender
  outlets: OutletCalls
  pictureRoutes: readonly Route[]
  updates: OpenedUpdates
  fleet: OpenedFleet
  signing: OpenedEnrolment
  isHealthy: () => boolean
  notes: () => HealthNotes
  push: (changes: readonly StoredChange[]) => void
}

function createDeskRoutes(base: Base, options: OpenDeskOptions): Route[] {
  const { config, logger, clock, random } = base
  const { storage, downlink, commands, villages, own, accounts, push } = options
  const commandRoutes: CommandRouteOptions = {
    storage,
    clock,
    random,
    isBoxKnown: (box) => villages.knows(box),
    ask: (command) => commands.ask(command),
  }
  const onStep = createStepTeller(downlink, push)
  const people = openPeople(base, { storage, securityLog: accounts.securityLog, onStep })
  const { policy } = options.rules
  const retire = createRetire({
    storage,
    clock,
    logger: logger.child({ part: 'villages' }),
    villages,
    silent: (box) => own.retired(box),
    onStored: push,
  })
  const daily: DailyOptions = { storage, clock, settings: config.dailyReport, boxes: () => villages.ids() }
  const routes: Route[] = []
  routes.push(
    ...createRoutes({
      ...commandRoutes,
      ...accounts,
      storage,
      acceptLimitMs: (colour) => policy.limitMs('accept', colour),
      markDaily: createDailyMark(daily),
      villages: (counts) => ({ ...villages.answer(counts), certificates: own.certificates.soon }),
      onStep: (alarm, changes) => onStep([alarm], changes),
      retire,
      cases: { storage, clock, policy, onStep, commands: commandRoutes, links: people.links },
      openApi: () => createOpenApi(routes, cookieName),
    }),
    typingRoute({
      storage,
      clock,
      show: (message, places) =>
        options.stream.show(message, (account) => maySeeTyping(account, message.typing.who, places)),
    }),
    ...createFigureRoutes({ storage, clock, boxes: () => villages.ids() }),
    ...createShiftRoutes({ storage, clock, push }),
    ...createLeadingRoutes(base, options),
    ...createDailyRoutes(daily),
    ...createVillageRoutes(base, options),
    ...createLedgerRoutes({ storage, clock }),
    ...createOutletRoutes(options.outlets),
    ...options.pictureRoutes,
    ...options.updates.routes,
    ...createBoxRoutes(base, options),
    ...people.routes,
    ...createFactorRoutes(accounts),
    ...createDirectoryRoutes({
      ...accounts,
      storage,
      directory: openDirectory(base),
      clock,
      logger: logger.child({ part: 'accounts' }),
    }),
    ...createSessionRoutes({ ...accounts, storage, clock }),
    ...createTokenRoutes({ ...accounts, storage, clock, random }),
    ...createUserRoutes({ ...accounts, storage, clock, random }),
  )
  return routes
}

/** For those who lead: who is on, and the rules. */
function createLeadingRoutes(base: Base, options: OpenDeskOptions): Route[] {
  const { storage, accounts, push } = options
  const silentForMs = (user: string): number => accounts.attendance.silentForMs(user)
  return [
    ...createStaffRoutes({ storage, clock: base.clock, silentForMs, push }),
    ...createSettingsRoutes({ rules: options.rules, config: base.config }),
  ]
}

/** The health of boxes, what they send besides records, and their enrolment. */
function createBoxRoutes(base: Base, options: OpenDeskOptions): Route[] {
  const { clock } = base
  const { storage, villages, commands, accounts, fleet, signing } = options
  const { securityLog } = accounts
  const { bundles, handovers, plans } = fleet
  return [
    ...openFleetRoutes(base, fleet, { storage, villages, commands, securityLog }),
    ...createUploadRoutes({
      enrolment: signing.enrolment,
      storage,
      bundles,
      handovers,
      plans,
      clock,
      securityLog,
    }),
    ...createEnrolmentRoutes({
      ...signing,
      isHeard: (box) => (villages.presenceOf(box) ?? 'unknown') !== 'unknown',
      storage,
      clock,
      securityLog,
    }),
  ]
}

/** The registry, bulletins, and linkage between villages. */
function createVillageRoutes(base: Base, options: OpenDeskOptions): Route[] {
  const { config, clock, random } = base
  const { storage, villages, commands, push } = options
  const boxes = (): string[] => villages.ids()
  const names = new Map(config.divisions.map(({ code, name }) => [code, name]))
  return [
    ...createMapRoutes({
      storage,
      clock,
      map: config.map,
      names,
      plans: options.fleet.plans,
      securityLog: options.accounts.securityLog,
      isVillageKnown: (village) => villages.villageIds().includes(village),
    }),
    ...createRegistryRoutes({
      storage,
      clock,
      names,
      timeZone: config.people.timeZone,
      villageIds: () => villages.villageIds(),
      boxesOf: (of) => villages.boxesOf(of),
      villages: (counts, only) => villages.answer(counts, only),
    }),
    ...createLinkageRoutes({ storage, clock, boxes }),
    ...createBulletinRoutes({
      storage,
      clock,
      random,
      boxes,
      nameOf: (box) => villages.nameOf(box),
      hasRoomFor: (count) => commands.hasRoomFor(count),
      adopt: (stored) => commands.adopt(stored),
      push,
    }),
  ]
}

export async function openDesk(base: Base, options: OpenDeskOptions): Promise<DeskServer> {
  const { config, logger, clock, registry, parts } = base
  const { stream, accounts, sender, guard, isHealthy } = options
  const server = new DeskServer({
    ...config.http,
    routes: createDeskRoutes(base, options),
    sessions: accounts.sessions,
    securityLog: accounts.securityLog,
    sender,
    guard,
    clock,
    registry,
    logger: logger.child({ part: 'desk' }),
    isHealthy,
    notes: options.notes,
    villagesOfCase: async (id) => {
      const found = await options.storage.caseOf({ case: id })
      return found ? villagesOfCase(found.case) : []
    },
    onEvents: (request, response) => stream.events(request, response),
    onUpgrade: (request, socket, head) => stream.upgrade(request, socket, head),
    deskFolder: findPageFolder('desk'),
    pages: {
      '/respond/': findPageFolder('responder'),
      '/family/': findPageFolder('family'),
      '/e/': findPageFolder('enrol'),
      '/releases/': options.updates.folder,
    },
  })
  stream.start()
  parts.add('desk server', () => server.stop())
  // Before the server, which waits for every open connection.
  parts.add('stream', () => stream.stop())
  await server.start()
  return server
}
