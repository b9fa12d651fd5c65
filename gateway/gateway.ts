// One gateway: the order of the wiring steps. Storage starts first, the broker of the devices listens last. Two
// gateways fit into one process.
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { RunningParts } from '../platform/running-parts.ts'
import type { ProgramLog } from '../platform/support/program-log.ts'
import type { Clock } from '../protocols/kit/clock.ts'
import { keepPacketCachesSmall } from '../protocols/kit/packet-caches.ts'
import type { Random } from '../protocols/kit/random.ts'
import { guardOf } from './alarms/guard.ts'
import { createBroker } from './broker/broker.ts'
import type { BrokerAddress, DeviceBroker } from './broker/port.ts'
import { hearCentreTime } from './clock/hear-centre-time.ts'
import { StageReceipts } from './commands/stage-receipts.ts'
import type { CentreChanges } from './config/centre-changes.ts'
import type { GatewayConfig } from './config/config.ts'
import type { DeviceRegistry } from './config/device-registry.ts'
import { BoxFacts } from './health/box-facts.ts'
import { BoxWatch, certificateFilesOf } from './health/box-watch.ts'
import { FlashWear } from './health/flash-wear.ts'
import { watchStorage } from './health/storage-watch.ts'
import type { Intake } from './intake/intake.ts'
import type { RefusedIds } from './intake/memory/refused-ids.ts'
import type { Journal } from './journal/port.ts'
import type { Uplink } from './uplink/port.ts'
import { actOnStored, restoreStages } from './wiring/act-on-stored.ts'
import { actOnUnstored } from './wiring/act-on-unstored.ts'
import type { Base } from './wiring/base.ts'
import { deviceNamesOf, namedBroker, namedGrants, namedIntake } from './wiring/device-names.ts'
import { createHealth, createHeartbeatVitals } from './wiring/support/create-health.ts'
import { openCameras } from './wiring/open-cameras.ts'
import { openCommands } from './wiring/open-commands.ts'
import { openAccess } from './wiring/console/open-access.ts'
import { openConsole } from './wiring/open-console.ts'
import { openDialects, type OpenDialects } from './wiring/dialects/open-dialects.ts'
import { openIntake } from './wiring/open-intake.ts'
import { openJournal, type OpenedJournal } from './wiring/open-journal.ts'
import { BoxSupport } from './wiring/support/open-support.ts'
import { openOutlets } from './wiring/open-outlets.ts'
import { openUplink } from './wiring/open-uplink.ts'
import { openRegistry } from './wiring/open-registry.ts'
import { takeOver } from './wiring/support/take-over.ts'
import { proveRelease } from './wiring/release/prove-release.ts'
import { openDailyReport, reportVillageList, startTicks } from './wiring/start-ticks.ts'

function watchFlash({ clock, metrics }: Base): FlashWear {
  const flash = new FlashWear({ monotonicMs: () => clock.monotonicMs() })
  flash.register(metrics)
  return flash
}

/**
 * Everything is flushed and closed within this time; then the process ends in any case and the journal repairs itself.
 */
export const stopDeadlineMs = 4000

export interface GatewayOptions {
  config: GatewayConfig
  logger: Logger
  clock: Clock
  random: Random
  version: string
  /** The configuration that the centre may change; undefined: none. */
  centreConfig?: CentreChanges
  /** Devices that were adopted, replaced, forgotten or renamed; without it, none can be. */
  registry?: DeviceRegistry
  /** Milliseconds since the machine booted; the system's own by default. */
  sinceBootMs?: () => number
  bootId?: string
  /** A layer between the program and its disk in fault tests. */
  wrapJournal?: (journal: Journal) => Journal
  /** The log of the program: its latest lines, and the levels of its parts. */
  programLog?: ProgramLog
  /** Ids of calls that an earlier gateway of this process could not store. */
  refusedIds?: RefusedIds
  /** True when the system keeps its clock itself; by default the system is asked. */
  isSystemSynced?: () => boolean
  /** Called while the event loop and the journal's thread answer. */
  onAlive?: (() => void) | undefined
}

export interface Gateway {
  /** Resolves when devices can connect; rejects with the obstacle and leaves nothing open. */
  start(): Promise<void>
  /** Refuses new work, flushes and closes; idempotent. */
  stop(): Promise<void>
  addresses(): { mqtt: BrokerAddress[]; console: string }
  /** Reads certificates, keys, passwords and revocations again now; they are also watched. */
  reload(): Promise<void>
  /** Rejects when the journal was found damaged while running (restart, and it is salvaged), or with ConfigChanged. */
  readonly failed: Promise<never>
}

/** The configuration has changed: read it again and restart. */
export class ConfigChanged extends Error {}
/** The version on trial is at fault: end, and the one before is started. */
export class ReleaseFailed extends Error {}

export function createGateway(options: GatewayOptions): Gateway {
  return new WiredGateway(options)
}

class WiredGateway implements Gateway {
  readonly failed: Promise<never>
  readonly #options: GatewayOptions
  readonly #base: Base
  #fail: (error: Error) => void = () => undefined
  #broker: DeviceBroker | undefined
  #consoleUrl = ''
  #stopping: Promise<void> | undefined

  constructor(options: GatewayOptions) {
    this.#options = options
    const parts = new RunningParts({ clock: options.clock, deadlineMs: stopDeadlineMs })
    this.#base = { ...options, metrics: new Registry(), parts }
    this.failed = new Promise<never>((_, reject) => {
      this.#fail = reject
    })
    this.failed.catch(() => undefined)
  }

  async start(): Promise<void> {
    try {
      await this.#base.parts.start(() => this.#start())
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  addresses(): { mqtt: BrokerAddress[]; console: string } {
    return { mqtt: this.#broker?.addresses() ?? [], console: this.#consoleUrl }
  }

  async reload(): Promise<void> {
    await this.#broker?.reload()
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #start(): Promise<void> {
    const base = this.#base
    const { config, logger, clock, metrics } = base
    collectDefaultMetrics({ register: metrics })
    void keepPacketCachesSmall()
    const flash = watchFlash(base)
    const opened = await openJournal(base, { ...this.#options, onDamaged: (error) => this.#fail(error) })
    const { journal, boxClock, boot } = opened
    const intake = await openIntake(base, { ...opened, refusedIds: this.#options.refusedIds })
    const storageWatch = watchStorage(journal, clock, intake)
    base.parts.add('storage watch', () => storageWatch.stop())
    const now = () => boxClock.now()
    const { dialects, broker } = await this.#openBroker(opened, intake)
    const stages = new StageReceipts({
      publish: (topic, payload, choice) => broker.publish(topic, payload, choice),
      logger: logger.child({ part: 'commands' }),
    })
    await restoreStages(journal, stages)
    const seen = await openCameras({ ...base, intake, now })
    const cameras = seen?.cameras
    if (cameras) {
      base.parts.add('cameras', () => cameras.stop())
      journal.onUrgent(() => cameras.pauseForAlarm())
    }
    const facts = new BoxFacts()
    const guard = () => guardOf(intake.documents(), config, now().steadyMs)
    const restart = (why: string): void => this.#fail(new ConfigChanged(why))
    const startedMs = clock.monotonicMs()
    const common = { ...opened, intake, broker, storageWatch, flash, guard, startedMs, restart }
    await takeOver(base, { boxClock, guard, judge: (input) => intake.judge(input) })
    const vitals = createHeartbeatVitals(base)
    const support = new BoxSupport(base)
    const uplink = openUplink(base, { ...common, stages, opened: seen, facts, vitals, restart })
    const access = openAccess(base, { steadyMs: () => now().steadyMs })
    const commands = await openCommands({
      ...base,
      ...this.#options,
      ...common,
      dialects,
      cameras,
      uplink,
      now,
      sendSupport: () => support.send(),
      openConsole: (minutes) => access.openFromAfar(minutes),
    })
    base.parts.add('commands', () => commands.stop())
    const lastReceiptMs = hearCentreTime({ uplink, boxClock, commands, clock, logger })
    intake.onKept(support.recording(actOnStored({ commands, stages, cameras })))
    intake.onUnstored(actOnUnstored({ journal, broker, uplink, logger }))
    const registry = await openRegistry(base, { ...this.#options, ...common, dialects, restart })
    const health = createHealth(base, { ...common, registry, dialects, cameras, uplink, lastReceiptMs })
    await vitals.start(() => health.answer())
    await support.open({ health, registry, programLog: this.#options.programLog })
    const outlets = await openOutlets(base, { ...opened, intake, facts, stages })
    const shown = { ...common, access, cameras, registry, health, outlets }
    this.#consoleUrl = await openConsole(base, { ...this.#options, ...shown })
    await this.#listen(opened, { intake, broker, dialects, facts, uplink })
    // After the devices: loading and connecting the uplink must not delay a button.
    uplink?.start()
    proveRelease(base, {
      journal,
      broker,
      uplink,
      consoleUrl: this.#consoleUrl,
      lastReceiptMs,
      onFailed: (reason) => this.#fail(new ReleaseFailed(reason)),
      onConfirmed: () => commands.versionProven(),
    })
    logger.info({ ...this.addresses(), epoch: journal.epoch, boot }, 'gateway is listening')
  }

  /** The broker exists from here on, and listens when everything behind it works. */
  async #openBroker(
    { journal, boxClock }: OpenedJournal,
    intake: Intake,
  ): Promise<{ dialects: OpenDialects; broker: DeviceBroker }> {
    const base = this.#base
    const { config, logger, clock, metrics } = base
    const { registry } = this.#options
    const dialects = await openDialects({
      ...base,
      journal,
      intake,
      ...(registry ? { registry } : {}),
      steadyMs: () => boxClock.now().steadyMs,
      isClockSynced: () => boxClock.quality() === 'synced',
    })
    const names = deviceNamesOf(config.devices)
    const hardware = createBroker({
      settings: config.mqtt,
      logger: logger.child({ part: 'broker' }),
      clock,
      metrics,
      intake: namedIntake(dialects.intake, names),
      grants: namedGrants(dialects.grants, names),
    })
    const broker = namedBroker(hardware, names)
    this.#broker = broker
    return { dialects, broker }
  }

  /** The last step: the start is judged, the ticks begin, and devices may connect. */
  async #listen(
    { journal, boxClock }: OpenedJournal,
    parts: {
      intake: Intake
      broker: DeviceBroker
      dialects: OpenDialects
      facts: BoxFacts
      uplink: Uplink | undefined
    },
  ): Promise<void> {
    const { config, logger, clock, metrics, parts: running } = this.#base
    const { intake, broker, dialects, facts } = parts
    // Judged now; its commit may be shared with others, so that no button has to wait for it.
    const started = intake.judge({ type: 'started' })
    // A journal that refuses it refuses the calls too, and those must reach siren and town: the box listens all the same.
    const judged = started.catch((error: unknown) => logger.warn({ err: error }, 'the start was not stored'))
    const watch = new BoxWatch({
      facts,
      journal,
      now: () => boxClock.now(),
      certificateFiles: certificateFilesOf(config),
      metrics,
      logger: logger.child({ part: 'health' }),
    })
    const steadyMs = (): number => boxClock.now().steadyMs
    const { onAlive } = this.#options
    const daily = openDailyReport(this.#base, { boxClock, intake, broker })
    const isUplinkMoving = (): boolean => parts.uplink?.isMoving ?? true
    const pulse = { isUplinkMoving, onAlive, onUplinkFrozen: (error: Error) => this.#fail(error) }
    const ticks = startTicks({ clock, logger, intake, journal, watch, daily, facts, steadyMs, ...pulse })
    running.add('ticks', ticks)
    await broker.start()
    running.add('broker', () => broker.stop())
    running.add('dialects', () => dialects.stop())
    await dialects.start(broker)
    await judged
    reportVillageList(this.#base, { journal, boxClock, judge: intake })
  }

  async #stop(): Promise<void> {
    const { logger, metrics, parts } = this.#base
    await parts.stop().catch((error: unknown) => {
      logger.error({ err: error }, 'a part did not stop cleanly')
    })
    metrics.clear()
  }
}
