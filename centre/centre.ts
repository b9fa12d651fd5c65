// One centre: the order of the wiring steps. Storage starts first, the broker of the boxes last; no decision is made
// here.
import type { Logger } from 'pino'
import { Registry, collectDefaultMetrics } from 'prom-client'
import { RunningParts } from '../platform/running-parts.ts'
import type { ProgramLog } from '../platform/support/program-log.ts'
import type { Clock } from '../protocols/kit/clock.ts'
import { keepPacketCachesSmall } from '../protocols/kit/packet-caches.ts'
import type { Random } from '../protocols/kit/random.ts'
import type { DeskServer } from './api/server.ts'
import { onDutyOnly } from './cluster/on-duty.ts'
import { CommandSender } from './commands/command-sender.ts'
import type { CentreConfig } from './config/config.ts'
import { Downlink } from './receiver/downlink.ts'
import { ReceiverCore } from './receiver/receiver-core.ts'
import type { UplinkBroker } from './receiver/uplink-broker.ts'
import type { Storage, StoredChange } from './storage/port.ts'
import type { Base } from './wiring/base.ts'
import { openEnrolment } from './wiring/enrolment/open-enrolment.ts'
import { openFleet } from './wiring/fleet/open-fleet.ts'
import { openPush } from './wiring/cluster/open-push.ts'
import { joinCluster } from './wiring/cluster/join-cluster.ts'
import { openCluster } from './wiring/cluster/open-cluster.ts'
import { openDesk } from './wiring/open-desk.ts'
import { openOutlets } from './wiring/open-outlets.ts'
import { openReceiver } from './wiring/open-receiver.ts'
import { openStorage } from './wiring/open-storage.ts'
import { openSupport } from './wiring/fleet/open-support.ts'
import { openStream } from './wiring/open-stream.ts'
import { openUpdates } from './wiring/open-updates.ts'
import { openLinkage, openUpkeep } from './wiring/open-upkeep.ts'
import { openUpward } from './wiring/open-upward.ts'
import { createStepTeller, openUplink } from './wiring/open-uplink.ts'
import { openVillages } from './wiring/open-villages.ts'
import { watchClock } from './wiring/watch-clock.ts'

export interface CentreOptions {
  config: CentreConfig
  logger: Logger
  clock: Clock
  random: Random
  /** The log of the program: its latest lines, and the levels of its parts. */
  programLog?: ProgramLog
  /** A layer between the program and its disk in fault tests. */
  wrapStorage?: (storage: Storage) => Storage
  /** Storage has stopped working: the program ends, so that its supervisor restarts it. */
  onFatal?: (failure: Error) => void
  /** Both threads of storage have answered just now. */
  onAlive?: () => void
  /** A part that takes longer to stop is named in the error, and the stop continues. */
  stopMsMax?: number
}

export interface Centre {
  start(): Promise<void>
  stop(): Promise<void>
  /** Reads certificates and the lists of revoked and admitted boxes again; also done when a file changes. */
  reload(): Promise<void>
  /** The addresses for desks and boxes; known once started. */
  readonly httpUrl: string
  readonly uplinkUrls: string[]
  readonly registry: Registry
}

/** Everything is stopped within this, unless the program gives a shorter time. */
const stopMsMaxDefault = 20_000

interface Running {
  desk: DeskServer
  broker: UplinkBroker
  readCertificates: () => void
}

export function createCentre(options: CentreOptions): Centre {
  const { config, logger, clock, random, stopMsMax = stopMsMaxDefault } = options
  const registry = new Registry()
  const parts = new RunningParts({ clock, deadlineMs: stopMsMax })
  const base: Base = { config, logger, clock, random, registry, parts }
  let running: Running | undefined
  return {
    start: () =>
      parts.start(async () => {
        running = await startParts(base, options)
      }),
    stop: () => parts.stop(),
    reload: async () => {
      running?.desk.reload()
      await running?.broker.reload()
      running?.readCertificates()
    },
    get httpUrl() {
      return running?.desk.url ?? ''
    },
    get uplinkUrls() {
      return running?.broker.urls ?? []
    },
    registry,
  }
}

async function startParts(base: Base, options: CentreOptions): Promise<Running> {
  const { logger, clock, registry } = base
  collectDefaultMetrics({ register: registry })
  void keepPacketCachesSmall()
  const isClockKept = watchClock(base)
  const { storage, known, pulse, rules } = await openStorage(base, options)
  const core = new ReceiverCore()
  core.remember(known.epochs, known.lanes)
  const downlink = new Downlink({ core, wallMs: () => clock.wallMs(), isClockKept })
  const cluster = openCluster(base, { storage, known, core })
  const opened = await openStream(base, storage)
  const { push, also, onForeign } = openPush(cluster, opened.stream)
  const isOnDuty = cluster?.hasDuties
  const boxes = openVillages(base, { storage, known, core, push, isClockKept, isOnDuty })
  const { securityLog } = opened.accounts
  const fleet = await openFleet(base, storage, boxes.villages)
  const claims = cluster?.claims
  const received = { fleet: fleet.fleet, storage, core, downlink, securityLog, push, isClockKept, claims }
  const receiver = openReceiver(base, { ...boxes, ...received })
  const commands = await openCommands(base, { storage, downlink, push })
  const { attendance } = opened.accounts
  const dutyStorage = isOnDuty ? onDutyOnly(storage, isOnDuty) : storage
  openUpkeep(base, { storage: dutyStorage, attendance, push, anchor: (head) => downlink.anchor(head) })
  const updates = openUpdates(base, { ...boxes, storage, commands })
  also(openLinkage(base, { storage, commands, push }))
  const tellSteps = createStepTeller(downlink, push)
  const upward = await openUpward(base, { ...boxes, storage, onStep: tellSteps })
  also(upward.look)
  const outletParts = { ...boxes, ...receiver, storage: dutyStorage, commands, securityLog }
  const { outlets, linkRoutes } = openOutlets(base, { ...outletParts, onStored: push, onStep: tellSteps })
  await outlets.start()
  also(() => outlets.look())
  const signing = await openEnrolment(base, storage)
  const notes = () => ({ boxesAhead: boxes.boxesAhead().length, isClockKept: isClockKept() })
  await openSupport(base, { storage, boxes: fleet.boxes, notes, programLog: options.programLog })
  const desk = await openDesk(base, {
    ...opened,
    ...boxes,
    storage,
    rules,
    fleet,
    downlink,
    commands,
    outlets,
    pictureRoutes: [...receiver.pictures.routes, ...linkRoutes],
    updates,
    signing,
    notes,
    isHealthy: () => receiver.intake.isHealthy && pulse.isAlive,
    push,
  })
  const broker = await openUplink(base, {
    ...receiver,
    ...boxes,
    storage,
    downlink,
    commands,
    securityLog,
    certificates: signing.certificates,
    claim: cluster && ((box) => cluster.claims.claim(box)),
  })
  signing.certificates.onRevoked(() => void broker.reload())
  const joined = { ...boxes, attendance, broker, downlink, commands, upward }
  if (cluster) onForeign(await joinCluster(cluster, joined))
  else upward.start()
  logger.info({ http: desk.url, uplink: broker.urls }, 'centre is listening')
  return { desk, broker, readCertificates: () => boxes.own.certificates.look() }
}

async function openCommands(
  { logger, clock, registry, parts }: Base,
  options: { storage: Storage; downlink: Downlink; push: (changes: readonly StoredChange[]) => void },
): Promise<CommandSender> {
  const { storage, downlink, push } = options
  const commands = new CommandSender({
    storage,
    clock,
    logger: logger.child({ part: 'commands' }),
    registry,
    canReach: (box) => downlink.canReach(box),
    publish: (box, payload) => downlink.sendCommand(box, payload),
    onStored: push,
  })
  commands.restore(await storage.openCommands())
  commands.start()
  parts.add('commands', () => commands.stop())
  return commands
}
