// The gateway, wired: storage starts first, the broker listens last and refuses first. Two of them fit into one process.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Clock } from '../protocols/kit/clock.ts'
import { keepPacketCachesSmall } from '../protocols/kit/packet-caches.ts'
import type { Random } from '../protocols/kit/random.ts'
import { createBroker } from './broker/broker.ts'
import type { BrokerAddress, DeviceBroker } from './broker/port.ts'
import type { Cameras } from './cameras/port.ts'
import { StageReceipts } from './commands/stage-receipts.ts'
import type { CentreConfig } from './config/centre-config.ts'
import type { GatewayConfig } from './config/config.ts'
import { checkControl, parseControl } from './console/box-controls.ts'
import { ConsoleServer } from './console/console-server.ts'
import { fitGuard, guardOf } from './alarms/guard.ts'
import { BoxFacts } from './health/box-facts.ts'
import { BoxWatch, certificateFilesOf } from './health/box-watch.ts'
import { loadBootBases } from './clock/boot-bases.ts'
import { BoxClock, createBootTimer, readBootId } from './clock/box-clock.ts'
import { watchSystemClock } from './clock/system-sync.ts'
import { FlashWear } from './health/flash-wear.ts'
import { registerJournalMetrics } from './health/journal-metrics.ts'
import { diskOf } from './health/disk-room.ts'
import { createHeartbeatFacts } from './health/heartbeat-facts.ts'
import { HealthReport } from './health/health-report.ts'
import { watchKeeping, type KeepingWatch } from './health/keeping-watch.ts'
import { takeForgetRequests } from './intake/forget-request.ts'
import { Intake } from './intake/intake.ts'
import { causePrefix, type CauseDocument, type Kept } from './intake/port.ts'
import { openJournal } from './journal/journal.ts'
import type { Journal } from './journal/port.ts'
import { actUnkept } from './wiring/act-unkept.ts'
import { openCameras } from './wiring/open-cameras.ts'
import { openCommands } from './wiring/open-commands.ts'
import { createEngine } from './wiring/create-engine.ts'
import { openDialects } from './wiring/open-dialects.ts'
import { outboxOf } from './wiring/outbox-of.ts'
import { programFolder } from './wiring/program-folder.ts'
import { startTicks } from './wiring/start-ticks.ts'
import { createUplink } from './uplink/uplink.ts'
import type { Uplink } from './uplink/port.ts'

/** Everything is flushed and closed within this; then the process ends anyway and the journal repairs itself. */
export const stopDeadlineMs = 4000

export interface GatewayOptions {
  config: GatewayConfig
  logger: Logger
  clock: Clock
  random: Random
  version: string
  /** What the centre may change of the configuration; without it, nothing. */
  centreConfig?: CentreConfig
  /** Milliseconds since the machine booted; the system's own by default. */
  sinceBootMs?: () => number
  bootId?: string
  /** Stands between the program and its disk in fault tests. */
  wrapJournal?: (journal: Journal) => Journal
  /** Whether the system keeps its clock itself; asked of the system by default. */
  isSystemSynced?: () => boolean
  /** Told while the event loop and the thread of the journal answer. */
  onAlive?: (() => void) | undefined
}

export interface Gateway {
  /** Resolves when devices can connect; rejects with what is in the way and leaves nothing open. */
  start(): Promise<void>
  /** Refuses new work, flushes and closes; idempotent. */
  stop(): Promise<void>
  addresses(): { mqtt: BrokerAddress[]; console: string }
  /** Reads certificates, keys, passwords and revocations again now; they are watched too. */
  reload(): Promise<void>
  /** Rejects when the journal turned out to be damaged while running (start anew, and it is salvaged), or with ConfigChanged. */
  readonly failed: Promise<never>
}

/** The configuration is another one now: read it again and start anew. */
export class ConfigChanged extends Error {}
export function createGateway(options: GatewayOptions): Gateway {
  return new WiredGateway(options)
}

type Undo = [name: string, run: () => Promise<void> | void]

class WiredGateway implements Gateway {
  readonly failed: Promise<never>
  readonly #options: GatewayOptions
  readonly #metrics = new Registry()
  readonly #undos: Undo[] = []
  readonly #facts = new BoxFacts()
  #fail: (error: Error) => void = () => undefined
  #broker: DeviceBroker | undefined
  #cameras: Cameras | undefined
  #uplink: Uplink | undefined
  #consoleUrl = ''
  #keeping: KeepingWatch | undefined
  #stopping: Promise<void> | undefined

  constructor(options: GatewayOptions) {
    this.#options = options
    this.failed = new Promise<never>((_, reject) => {
      this.#fail = reject
    })
    this.failed.catch(() => undefined)
  }

  async start(): Promise<void> {
    try {
      await this.#start()
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

  async #start(): Promise<void> {
    const { config, logger, clock, random, onAlive } = this.#options
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
    collectDefaultMetrics({ register: this.#metrics })
    void keepPacketCachesSmall()
    const flash = new FlashWear({ monotonicMs: () => clock.monotonicMs() })
    flash.register(this.#metrics)
    const journal = await this.#openJournal()
    const bases = await loadBootBases(journal)
    const { boot } = journal.facts()
    const boxClock = new BoxClock({
      clock,
      sinceBootMs: this.#options.sinceBootMs ?? createBootTimer(),
      boot,
      steadyBaseMs: bases.baseOf(boot),
      isSystemSynced: this.#options.isSystemSynced ?? watchSystemClock(clock, this.#undos),
    })
    let onKept: (kept: Kept) => void = () => undefined
    const intake = new Intake({
      journal,
      engine: createEngine(config),
      now: () => boxClock.now(),
      steadyBaseOf: (wanted) => bases.baseOf(wanted),
      monotonicMs: () => clock.monotonicMs(),
      logger: logger.child({ part: 'intake' }),
      metrics: this.#metrics,
      onKept: (kept) => onKept(kept),
      onUnkept: actUnkept({ journal, broker: () => this.#broker, uplink: () => this.#uplink, logger }),
    })
    await intake.start()
    this.#undos.push(['intake', () => intake.stop()])
    const stopRequests = takeForgetRequests({
      folder: config.dataDir,
      clock,
      forget: (device) => intake.forget(device, 'asked for by hand'),
      onProblem: (error) => logger.warn({ reason: error.message }, 'a request to forget a device waits'),
    })
    this.#undos.push(['forget requests', stopRequests])
    const dialects = await openDialects({
      ...this.#options,
      metrics: this.#metrics,
      journal,
      intake,
      steadyMs: () => boxClock.now().steadyMs,
    })
    const broker = createBroker({
      settings: config.mqtt,
      logger: logger.child({ part: 'broker' }),
      clock,
      metrics: this.#metrics,
      intake: dialects.intake,
      grants: dialects.grants,
    })
    this.#broker = broker
    const stages = new StageReceipts({
      publish: (topic, payload, choice) => broker.publish(topic, payload, choice),
      logger: logger.child({ part: 'commands' }),
    })
    const causes = (await journal.loadState(causePrefix)) as [string, CauseDocument][]
    stages.restore(causes.map(([key, cause]) => [key.slice(causePrefix.length), cause]))
    const reported = (work: Promise<void>, what: string): void =>
      void work.catch((error: Error) => logger.warn({ reason: error.message }, what))
    const commands = await openCommands({
      ...this.#options,
      metrics: this.#metrics,
      journal,
      intake,
      broker,
      dialects,
      cameras: () => this.#cameras,
      uplink: () => this.#uplink,
      now: () => boxClock.now(),
      restart: (why) => this.#fail(new ConfigChanged(why)),
    })
    this.#undos.push(['commands', () => commands.stop()])
    onKept = (kept) => {
      commands.kept(kept)
      if (kept.event && kept.alarms.length > 0) {
        const at = kept.stored[0]
        if (at)
          stages.stored(
            kept.event,
            at,
            kept.alarms.map(({ alarm }) => alarm.id),
          )
      }
      for (const { change, alarm } of kept.transitions) this.#cameras?.onAlarm(change, alarm)
    }

    const outbox = outboxOf(journal, stages)
    const opened = await openCameras({
      ...this.#options,
      metrics: this.#metrics,
      intake,
      now: () => boxClock.now(),
    })
    const cameras = opened?.cameras
    if (cameras) {
      this.#undos.push(['cameras', () => cameras.stop()])
      journal.onUrgent(() => cameras.standStill())
    }
    this.#cameras = cameras
    const startedMs = clock.monotonicMs()
    const guard = () => guardOf(intake.documents(), config, boxClock.now().steadyMs)
    const heartbeat = createHeartbeatFacts({
      config,
      broker,
      journal,
      guard: () => fitGuard(guard()),
      now: () => boxClock.now(),
      boot,
      uptimeMs: () => clock.monotonicMs() - startedMs,
    })
    let lastReceiptMs: number | undefined
    if (config.uplink) {
      const uplink = createUplink({
        settings: config.uplink,
        boxId: config.box.id,
        boxName: config.box.name,
        outbox,
        logger: logger.child({ part: 'uplink' }),
        clock,
        random,
        metrics: this.#metrics,
        pictures: opened?.pictures,
        health: () => ({ ...heartbeat.read(), ...this.#keeping?.said }),
        onStage: (notice) => {
          stages.reached(notice.alarm, notice.stage)
          cameras?.onStage(notice.alarm, notice.stage)
          const { alarm, stage, by } = notice
          reported(
            intake.judge({ type: 'stage', alarm, stage, ...(by === undefined ? {} : { by }) }),
            'what the town did could not be kept yet',
          )
        },
        onCentreTime: (wallMs) => {
          lastReceiptMs = clock.monotonicMs()
          boxClock.hearCentreTime(wallMs)
          commands.hearCentreTime(wallMs)
        },
        onCommand: (payload) => commands.take(payload),
        onLink: (state, reason) => {
          this.#facts.set('link-lost', state !== 'up')
          if (state === 'up') heartbeat.connected()
          logger.info({ state, reason }, 'the link to the centre changed')
        },
      })
      this.#uplink = uplink
      this.#undos.push(['uplink', () => uplink.stop()])
      opened?.travel.start(uplink)
    }

    const health = new HealthReport({
      config,
      version: this.#options.version,
      journal,
      uplink: this.#uplink,
      broker,
      cameras,
      documents: intake.documents(),
      guard,
      now: () => boxClock.now(),
      steadyBaseMs: bases.baseOf(boot),
      monotonicMs: () => clock.monotonicMs(),
      startedMs,
      lastReceiptMs: () => lastReceiptMs,
      disk: () => diskOf(config.dataDir),
      flash,
    })
    if (!this.#uplink) this.#facts.set('link-lost', false)
    const server = new ConsoleServer({
      ...config.console,
      pageFolder: join(programFolder(), 'dist/web/console'),
      clock,
      metrics: this.#metrics,
      logger: logger.child({ part: 'console' }),
      illness: () => this.#keeping?.illness,
      health: () => health.answer(),
      quarantine: (limit) => health.quarantine(limit),
      control: async (control, body) => {
        const parsed = parseControl(control, body)
        const input = parsed.ok ? checkControl(parsed.value, health.known()) : parsed
        if (input.ok) await intake.judge(input.value)
        return input
      },
      forget: ({ device, by }) => intake.forget(device, `asked for at the console by ${by}`),
      cameras,
    })
    await this.#startConsole(server)
    this.#tellJournal(journal, intake)
    boxClock.onSynced(() => {
      const bootWallMs = Math.round(boxClock.bootWallMs())
      reported(journal.repairTimes(boot, bootWallMs), 'times could not be repaired yet')
      reported(intake.log('clock-synced', { boot, bootWallMs }), 'the known time could not be noted yet')
    })
    const { salvaged } = journal.facts()
    if (salvaged)
      logger.error({ ...salvaged }, 'the journal was damaged; what could be read was saved into a new one')
    // Judged now; its commit may wait for company, and no button has to wait for it.
    const started = intake.judge({ type: 'started' })
    started.catch(() => undefined) // awaited below
    const watch = new BoxWatch({
      facts: this.#facts,
      journal,
      now: () => boxClock.now(),
      certificateFiles: certificateFilesOf(config),
      metrics: this.#metrics,
      logger: logger.child({ part: 'health' }),
    })
    const steadyMs = (): number => boxClock.now().steadyMs
    const ticks = startTicks({ clock, logger, intake, journal, watch, facts: this.#facts, steadyMs, onAlive })
    this.#undos.push(['ticks', ticks])
    await broker.start()
    this.#undos.push(['broker', () => broker.stop()])
    this.#undos.push(['dialects', () => dialects.stop()])
    await dialects.start(broker)
    await started
    // After the devices: loading and connecting the uplink must not keep a button waiting.
    this.#uplink?.start()
    logger.info({ ...this.addresses(), epoch: journal.epoch, boot }, 'gateway is listening')
  }

  async #openJournal(): Promise<Journal> {
    const { config, clock, random, logger } = this.#options
    const journal = await openJournal({
      ...config.journal,
      folder: config.dataDir,
      clock,
      random,
      logger: logger.child({ part: 'journal' }),
      bootId: this.#options.bootId ?? readBootId(() => random.hex(16)),
    })
    this.#undos.push(['journal', () => journal.close()])
    return this.#options.wrapJournal?.(journal) ?? journal
  }

  /** If the console's port is taken, the box starts without it. */
  async #startConsole(server: ConsoleServer): Promise<void> {
    const { logger, config } = this.#options
    try {
      this.#consoleUrl = await server.start()
      this.#undos.push(['console', () => server.stop()])
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      logger.error({ code, reason: message, ...config.console }, 'no console: give console.port a free port')
    }
  }

  /** Metrics of the journal, and what to do when it refuses or turns out to be damaged. */
  #tellJournal(journal: Journal, intake: Intake): void {
    journal.onRefused((error) => {
      if (/^(SQLITE_(CORRUPT|NOTADB)|THREAD|CLOSED)/.test(error.code)) this.#fail(error)
    })
    this.#keeping = watchKeeping(journal, this.#options.clock, intake, () => this.#uplink?.beat())
    this.#undos.push(['keeping watch', () => this.#keeping?.stop()])
    registerJournalMetrics(journal, this.#metrics)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const { logger } = this.#options
    for (const [name, undo] of this.#undos.splice(0).reverse())
      try {
        await undo()
      } catch (error) {
        logger.error({ part: name, reason: (error as Error).message }, 'a part did not stop cleanly')
      }
    this.#metrics.clear()
  }
}
