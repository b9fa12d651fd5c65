// Wires one centre together: storage first, the broker last; nothing is decided here.
import { join } from 'node:path'
import type { Logger } from 'pino'
import { Registry, collectDefaultMetrics } from 'prom-client'
import { encodeJson, parseHeartbeat } from '../protocols/uplink/codec.ts'
import { centreAlarmKinds } from '../protocols/domain/alarm.ts'
import type { DeskAlarm } from '../protocols/desk/api.ts'
import type { Clock } from '../protocols/kit/clock.ts'
import { keepPacketCachesSmall } from '../protocols/kit/packet-caches.ts'
import type { Random } from '../protocols/kit/random.ts'
import type { StageNotice } from '../protocols/uplink/stage-notice.ts'
import { CommandSender } from './commands/command-sender.ts'
import type { CentreConfig } from './config/config.ts'
import { isLoopback } from './config/config.ts'
import { createOpenApi } from './api/openapi.ts'
import type { CommandRouteOptions } from './api/command-routes.ts'
import type { Route } from './api/route.ts'
import { createRoutes } from './api/routes.ts'
import { createCasePolicy } from './cases/case-policy.ts'
import { RetentionSweep } from './retention/retention-sweep.ts'
import { AuditWatch } from './deadlines/audit-watch.ts'
import { DeadlineClock } from './deadlines/deadline-clock.ts'
import { DeskServer, findDeskFolder } from './api/server.ts'
import { RequestSender } from './accounts/request-sender.ts'
import { cookieName, presentedToken } from './accounts/sessions.ts'
import { RunningParts } from '../platform/running-parts.ts'
import { openAccounts } from './wiring/open-accounts.ts'
import { StoragePulse } from './wiring/storage-pulse.ts'
import { openOwnAlarms } from './wiring/open-own-alarms.ts'
import { openPictures } from './wiring/open-pictures.ts'
import { HeartbeatCheck } from './receiver/heartbeat-check.ts'
import { Intake } from './receiver/intake.ts'
import { ReceiverCore, type GapChange } from './receiver/receiver-core.ts'
import { UnkeptIntake } from './receiver/unkept-intake.ts'
import { UplinkBroker } from './receiver/uplink-broker.ts'
import { lockDataDir } from './storage/sqlite/data-lock.ts'
import { sqliteFile } from './storage/sqlite/database.ts'
import type { PendingStage, Storage, StoredChange } from './storage/port.ts'
import { openSqliteStorage } from './storage/sqlite/sqlite-storage.ts'
import { Stream } from './stream/stream.ts'
import { BoxNotes } from './villages/box-notes.ts'
import { GapNotes } from './villages/gap-notes.ts'
import { createRetire } from './villages/retire-box.ts'
import { Villages } from './villages/villages.ts'
import { centreBox } from './villages/own-alarms.ts'

export interface CentreOptions {
  config: CentreConfig
  logger: Logger
  clock: Clock
  random: Random
  /** Stands between the program and its disk in fault tests. */
  wrapStorage?: (storage: Storage) => Storage
  /** Nothing can be stored or read any more: the program ends, so that its supervisor starts it again. */
  onFatal?: (failure: Error) => void
  /** Both threads of storage have answered just now. */
  onAlive?: () => void
  /** A part that takes longer to stop is named in the error and not waited for. */
  stopMsMax?: number
}

export interface Centre {
  start(): Promise<void>
  stop(): Promise<void>
  /** Reads certificates and the lists of revoked and admitted boxes again; also done by itself when a file changes. */
  reload(): Promise<void>
  /** Where desks and boxes connect; known once started. */
  readonly httpUrl: string
  readonly uplinkUrls: string[]
  readonly registry: Registry
}

/** Everything is stopped within this, unless the program says less. */
const stopMsMaxDefault = 20_000

export function createCentre(options: CentreOptions): Centre {
  const { config, logger, clock, random, wrapStorage, stopMsMax = stopMsMaxDefault } = options
  const registry = new Registry()
  const parts = new RunningParts({ clock, deadlineMs: stopMsMax })
  let desk: DeskServer | undefined
  let broker: UplinkBroker | undefined
  let readCertificates: () => void = () => undefined

  async function openStorage(): Promise<Storage> {
    parts.add('lock of the data folder', lockDataDir(config.dataDir))
    const file = sqliteFile(config.storage.url, config.dataDir)
    const opened = await openSqliteStorage(file, clock.wallMs(), undefined, (failure) => {
      logger.fatal({ err: failure }, 'a storage thread has ended: the centre ends, to be started again')
      options.onFatal?.(failure)
    })
    parts.add('storage', () => opened.close())
    return wrapStorage ? wrapStorage(opened) : opened
  }

  async function start(): Promise<void> {
    collectDefaultMetrics({ register: registry })
    void keepPacketCachesSmall()
    const storage = await openStorage()
    const known = await storage.remember([...config.boxes, centreBox])
    for (const one of known.setAside) logger.error(one, 'stored data makes no sense and is set aside')
    const pulse = new StoragePulse({
      storage,
      clock,
      ...(options.onAlive ? { onAlive: options.onAlive } : {}),
    })
    pulse.start()
    parts.add('pulse of storage', () => pulse.stop())
    const core = new ReceiverCore()
    core.remember(known.epochs, known.lanes)

    const sender = new RequestSender({
      trustedProxies: config.http.trustedProxies,
      isTls: config.http.tls !== undefined,
    })
    const accounts = await openAccounts({
      storage,
      clock,
      random,
      logger: logger.child({ part: 'accounts' }),
      registry,
      onEnded: (ended) =>
        stream.end((of) => ('token' in ended ? of.token === ended.token : of.user === ended.user)),
      recheck: () => stream.recheck(),
    })
    parts.add('accounts', () => accounts.stop())
    const { sessions, signIn, securityLog } = accounts
    const stream = new Stream({
      storage,
      clock,
      logger: logger.child({ part: 'stream' }),
      registry,
      find: (token) => sessions.find(token),
      presented: presentedToken,
      isOwnPage: (request) => desk?.isOwnPage(request) ?? false,
      addressOf: (request) => sender.addressOf(request),
      admit: (socket) => desk?.admit(socket) ?? false,
    })
    const push = (changes: readonly StoredChange[]): void => stream.push(changes)

    const villageLogger = logger.child({ part: 'villages' })
    const notes = new BoxNotes({ storage, clock, logger: villageLogger, onStored: push })
    parts.add('notes of boxes', () => notes.stop())
    const villages = new Villages({
      clock,
      logger: villageLogger,
      receiptOf: (box, epoch) => core.receipt(box, epoch, clock.wallMs()),
      missing: (box, epoch, lane) => core.missing(box, epoch, lane),
      givenUp: (box, epoch, lane) => core.givenUp(box, epoch, lane),
      latestEpoch: (box) => core.latestEpoch(box),
      onPresence: (box, presence, message) => {
        notes.add(message, box)
        if (presence === 'silent' || presence === 'present') own.silent(box.id, presence === 'silent')
      },
    })
    const own = openOwnAlarms({
      config,
      storage,
      clock,
      random,
      logger: villageLogger,
      registry,
      nameOf: (box) => villages.nameOf(box),
      onStored: push,
    })
    parts.add("the centre's own alarms", () => own.stop())
    const boxes = known.boxes.filter(({ id }) => id !== centreBox.id)
    villages.remember(boxes, config.boxes)
    own.remember(known.ownAlarms)
    own.start()
    readCertificates = () => own.certificates.look()

    const sendReceipt = (box: string, epoch: string): void => {
      broker?.publish(box, 'receipt', encodeJson(core.receipt(box, epoch, clock.wallMs())), 0)
    }
    const sendStage = (box: string, { alarm, stage, by, atMs }: PendingStage): void => {
      const notice: StageNotice = { v: 1, alarm, stage, ...(by === undefined ? {} : { by }), atMs }
      broker?.publish(box, 'stage', encodeJson(notice), 1)
    }
    const receiverLogger = logger.child({ part: 'receiver' })
    const gapNotes = new GapNotes<GapChange>(clock, ({ box, lane, missing }) => {
      if (missing.length > 0) receiverLogger.warn({ box, lane, missing }, 'numbers are missing in a lane')
      else receiverLogger.info({ box, lane }, 'nothing is missing in a lane any more')
      notes.add({ type: 'box.gap', box, lane, missing })
    })
    const noteGaps = (gaps: readonly GapChange[]): void => {
      for (const gap of gaps) gapNotes.add(gap)
    }
    const intake = new Intake({
      core,
      storage,
      clock,
      logger: receiverLogger,
      registry,
      onStored: ({ heard, changes, gaps }) => {
        for (const { box, epoch } of heard) sendReceipt(box, epoch)
        push(changes)
        noteGaps(gaps)
        pictures.hear(changes)
      },
    })
    const pictures = openPictures({
      config,
      storage,
      clock,
      logger: logger.child({ part: 'pictures' }),
      registry,
      securityLog,
      recordsSettled: (box) => intake.settled(box),
      push,
      sendReceipt: (box, receipt) => broker?.publish(box, 'picture', encodeJson(receipt), 0),
    })
    parts.add('pictures', () => pictures.stop())
    parts.add('intake', () => intake.drain())

    const unkept = new UnkeptIntake({ storage, clock, logger: receiverLogger, registry, onStored: push })
    const heartbeats = new HeartbeatCheck({
      logger: receiverLogger,
      registry,
      clock,
      core,
      onLost: noteGaps,
    })
    villages.start()
    parts.add('villages', () => villages.stop())

    const commands = new CommandSender({
      storage,
      clock,
      logger: logger.child({ part: 'commands' }),
      registry,
      canReach: (box) => broker?.canReach(box, 'command') ?? false,
      publish: (box, payload) => broker?.publish(box, 'command', payload, 1) ?? false,
      onStored: push,
    })
    commands.restore(await storage.openCommands())
    commands.start()
    parts.add('commands', () => commands.stop())

    await storage.setCasePolicy(config.cases)
    await storage.setReaderCasePolicy(config.cases)
    const deadlines = new DeadlineClock({
      passDeadlines: (nowMs) => storage.passDeadlines(nowMs),
      clock,
      logger: logger.child({ part: 'cases' }),
      push,
    })
    deadlines.start()
    const audit = new AuditWatch({
      verify: () => storage.verifyAudit(),
      headsFile: join(config.dataDir, 'audit-heads.jsonl'),
      clock,
      logger: logger.child({ part: 'audit' }),
      registry,
    })
    audit.start()
    const retention = new RetentionSweep({ storage, settings: config.retention, clock, logger, registry })
    retention.start()
    parts.add('retention', () => retention.stop())
    parts.add('audit watch', () => audit.stop())
    parts.add('deadlines of cases', () => deadlines.stop())

    let routes: Route[] = []
    const onStep = (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]): void => {
      push(changes)
      for (const alarm of alarms) tellBox(alarm, sendStage)
    }
    const commandRoutes: CommandRouteOptions = {
      storage,
      clock,
      random,
      isBoxKnown: (box) => villages.knows(box),
      ask: (command) => commands.ask(command),
    }
    const commonRoutes = createRoutes({
      ...commandRoutes,
      storage,
      sessions,
      signIn,
      securityLog,
      villages: (counts) => ({ ...villages.answer(counts), certificates: own.certificates.soon }),
      onStep: (alarm, changes) => onStep([alarm], changes),
      retire: createRetire({
        storage,
        clock,
        logger: villageLogger,
        villages,
        silent: (box) => own.retired(box),
        onStored: push,
      }),
      cases: { storage, clock, policy: createCasePolicy(config.cases), onStep, commands: commandRoutes },
      openApi: () => createOpenApi(routes, cookieName),
    })
    routes = [...commonRoutes, ...pictures.routes]
    const server = new DeskServer({
      ...config.http,
      routes,
      sessions,
      sender,
      securityLog,
      clock,
      registry,
      logger: logger.child({ part: 'desk' }),
      isHealthy: () => intake.isHealthy && pulse.isAlive,
      onUpgrade: (request, socket, head) => stream.upgrade(request, socket, head),
      deskFolder: findDeskFolder(),
    })
    desk = server
    stream.start()
    parts.add('desk server', () => server.stop())
    // Before the server, which waits for every open connection.
    parts.add('stream', () => stream.stop())
    await server.start()

    broker = new UplinkBroker({
      listeners: config.uplink.listeners,
      isAnonymousAllowed: config.uplink.anonymous,
      passwordFile: config.uplink.passwordFile,
      revokedFile: config.uplink.revokedFile,
      admittedFile: config.uplink.admittedFile,
      onSpoke: own.spoke,
      onShutOut: (box, reason, address) => securityLog.note('box-refused', box, address, reason),
      clock,
      logger: receiverLogger,
      registry,
      onReport: (box, channel, topic, payload, done) => {
        villages.heard(box)
        intake.offer(box, channel, topic, payload, done)
      },
      onPicture: (box, payload) => {
        villages.heard(box)
        pictures.offer(box, payload)
      },
      onHeartbeat: (box, payload) => {
        if (!heartbeats.takes(box)) return
        const heartbeat = parseHeartbeat(payload)
        if (!heartbeat.ok) {
          heartbeats.countUnreadable(box)
          return
        }
        villages.heartbeat(box, heartbeat.value)
        own.notKeeping(box, heartbeat.value.isKeeping === false)
        if (heartbeats.isReceiptOwed(box, heartbeat.value)) sendReceipt(box, heartbeat.value.epoch)
      },
      onUnkept: (box, payload) => unkept.take(box, payload),
      onResult: (box, payload) => {
        villages.heard(box)
        return commands.answered(box, payload)
      },
      onSubscribed: (box, channel) => {
        const epoch = core.latestEpoch(box)
        if (channel === 'receipt' && epoch !== undefined) sendReceipt(box, epoch)
        if (channel === 'command') commands.boxReady(box)
        if (channel !== 'stage') return
        storage
          .pendingStages(box)
          .then((stages) => stages.forEach((stage) => sendStage(box, stage)))
          .catch((error: unknown) => logger.error({ err: error, box }, 'stages could not be read for a box'))
      },
    })
    const uplink = broker
    parts.add('uplink', () => uplink.stop())
    await uplink.start()
    if (!isLoopback(config.http.host) && !config.http.tls)
      logger.warn(
        { host: config.http.host },
        'the desk is served without TLS: passwords can be read on the way',
      )
    logger.info({ http: server.url, uplink: uplink.urls }, 'centre is listening')
  }

  return {
    start: () => parts.start(start),
    stop: () => parts.stop(),
    reload: async () => {
      desk?.reload()
      await broker?.reload()
      readCertificates()
    },
    get httpUrl() {
      return desk?.url ?? ''
    },
    get uplinkUrls() {
      return broker?.urls ?? []
    },
    registry,
  }
}

/** Of the centre's own alarms the box knows nothing. */
function tellBox(alarm: DeskAlarm, send: (box: string, stage: PendingStage) => void): void {
  if (centreAlarmKinds.some((kind) => kind === alarm.kind)) return
  const { id, box, stage, acceptedBy, changedAtMs } = alarm
  send(box, {
    alarm: id.slice(box.length + 1),
    stage,
    ...(acceptedBy === undefined ? {} : { by: acceptedBy }),
    atMs: changedAtMs,
  })
}
