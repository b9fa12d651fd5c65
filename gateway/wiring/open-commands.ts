// Wires commands: those of local rules and of the centre, for devices, cameras and the box itself.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Alarm } from '../../protocols/domain/alarm.ts'
import type { BoxTime } from '../../protocols/domain/event.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import { encodeJson } from '../../protocols/uplink/codec.ts'
import type { DeviceBroker } from '../broker/port.ts'
import type { Cameras } from '../cameras/port.ts'
import {
  centreCommandPrefix,
  type CentreCommandDocument,
  type CommandOutcome,
} from '../commands/centre-command-document.ts'
import { CentreCommands } from '../commands/centre-commands.ts'
import { commandReason } from '../commands/command-reasons.ts'
import { ConfigTrial } from '../commands/config-trial.ts'
import { DeviceCommands } from '../commands/device-commands.ts'
import type { BoxKnowledge } from '../commands/plan-command.ts'
import { withNames } from '../commands/result-names.ts'
import { takePictures } from '../commands/take-pictures.ts'
import type { CentreChanges } from '../config/centre-changes.ts'
import type { GatewayConfig } from '../config/config.ts'
import { readEnrolled } from '../config/enrolment/enrolled-file.ts'
import type { Intake } from '../intake/intake.ts'
import type { CommandDocument, StoredInput } from '../intake/port.ts'
import type { Journal } from '../journal/port.ts'
import type { Uplink } from '../uplink/port.ts'
import type { OpenDialects } from './dialects/open-dialects.ts'
import { UpdateFromCentre } from './release/update-from-centre.ts'

export interface OpenCommandsOptions {
  config: GatewayConfig
  clock: Clock
  logger: Logger
  metrics: Registry
  version: string
  journal: Journal
  intake: Intake
  broker: DeviceBroker
  dialects: OpenDialects
  cameras: Cameras | undefined
  uplink: Uplink | undefined
  now: () => BoxTime & { steadyMs: number }
  centreConfig?: CentreChanges
  /** Makes a support bundle and sends it to the centre. */
  sendSupport: () => Promise<CommandOutcome>
  /** Lets the village's network in at the console for so long; false without a console. */
  openConsole: (minutes: number) => boolean
  /** Restarts the gateway with the configuration as it is then. */
  restart: (why: string) => void
}

export interface OpenCommands {
  /** After a commit: commands are sent, answers are stored. */
  kept(input: StoredInput): void
  /** A version that was on trial works by itself: an update that the centre asked for is done. */
  versionProven(): void
  /** The centre's clock, late by the one-way time of the link. */
  hearCentreTime(wallMs: number): void
  stop(): Promise<void>
}

export async function openCommands(options: OpenCommandsOptions): Promise<OpenCommands> {
  const { config, clock, metrics, version, journal, intake, broker, dialects, now } = options
  const logger = options.logger.child({ part: 'commands' })
  const ended = new AbortController()
  const reported = (work: Promise<void>, what: string): void => {
    work.catch((error: Error) => logger.warn({ reason: error.message }, what))
  }
  const devices = createDeviceCommands(options, logger)
  const trial = new ConfigTrial({
    centreConfig: options.centreConfig,
    trialSeconds: config.commands.trialSeconds,
    clock,
    logger,
    restart: options.restart,
  })
  const update = new UpdateFromCentre({ config, version, clock, logger, signal: ended.signal })
  let centreTime: { wallMs: number; heardMs: number } | undefined
  const centre = new CentreCommands({
    settings: config.commands,
    judge: intake,
    knowledge: () => ({ ...knowledgeOf(config, intake), canUpdate: update.canUpdate }),
    now,
    centreAgeMs: (centreMs) =>
      centreTime && centreTime.wallMs + (clock.monotonicMs() - centreTime.heardMs) - centreMs,
    send: (result) => options.uplink?.sendResult(encodeJson(withNames(result, namedOf(config)))) ?? false,
    giveUp: (device, id) => devices.takeBack(device, id),
    work: {
      pictures: (command, plan) => takePictures(options.cameras, command, plan),
      config: async (command, plan) => trial.propose(command.id, plan.set, command.isPatch),
      update: ({ leftMs }, plan) => update.run(plan.version, leftMs),
      support: () => options.sendSupport(),
      console: async (_command, { minutes }) => consoleEnding(options.openConsole(minutes)),
    },
    clock,
    logger,
    metrics,
  })
  const waiting = (await journal.loadState('command:')) as [string, CommandDocument][]
  devices.restore(waiting.map(([, document]) => document))
  const remembered = (await journal.loadState(centreCommandPrefix)) as [string, CentreCommandDocument][]
  await centre.restore(remembered.map(([, document]) => document))
  const versionProven = resumeUpdates(centre, update, version, reported)
  await trial.resume(centre)
  options.uplink?.onCommand((payload) => centre.take(payload))
  const stopReady = broker.onDeviceReady((device) => {
    for (const one of [device, ...dialects.behind(device)])
      reported(devices.deviceReady(one), 'commands wait for the journal')
  })
  return {
    kept: ({ commands, result: answer }) => {
      for (const document of commands) reported(devices.send(document), 'a command waits for its device')
      if (!answer) return
      const { device, result } = answer
      centre.deviceAnswered(device, result)
      reported(devices.answered(device, result.id, result.ok), 'the answer to a command could not be noted')
    },
    versionProven,
    hearCentreTime: (wallMs) => {
      centreTime = { wallMs, heardMs: clock.monotonicMs() }
      reported(trial.reached(centre), 'that a changed configuration is kept could not be noted')
    },
    stop: async () => {
      stopReady()
      ended.abort()
      trial.stop()
      await centre.stop()
    },
  }
}

const namedOf = ({ zones, devices, cameras }: GatewayConfig) => [...zones, ...devices, ...cameras]

const consoleEnding = (isOpen: boolean): CommandOutcome =>
  isOpen ? { state: 'done' } : { state: 'failed', reason: commandReason('no-console') }

/** Updates that were under way when the program ended; returns what ends them once this version has proven itself. */
function resumeUpdates(
  centre: CentreCommands,
  update: UpdateFromCentre,
  version: string,
  reported: (work: Promise<void>, what: string) => void,
): () => void {
  const failure = 'the outcome of an update could not be noted'
  const underWay = (): [id: string, wanted: string][] =>
    centre
      .underWay()
      .flatMap(({ id, do: what, waiting }) => (what === 'update' ? [[id, waiting?.[0] ?? '']] : []))
  const resume = async (id: string, wanted: string): Promise<void> => {
    const ending = await update.afterRestart(wanted)
    if (ending && ending.state !== 'received') await centre.finish(id, ending)
  }
  for (const [id, wanted] of underWay()) reported(resume(id, wanted), failure)
  return () => {
    for (const [id, wanted] of underWay().filter(([, one]) => one === version))
      reported(centre.finish(id, { state: 'done', reached: [wanted] }), failure)
  }
}

function createDeviceCommands(options: OpenCommandsOptions, logger: Logger): DeviceCommands {
  const { broker, dialects, journal, metrics, now } = options
  return new DeviceCommands({
    publish: (topic, payload, choice) => broker.publish(topic, payload, choice),
    forget: async (keys) => {
      await journal.append({ records: [], state: keys.map((key) => [key, undefined]), isUrgent: false })
    },
    steadyMs: () => now().steadyMs,
    isConnected: (device) => dialects.isConnected(device),
    isForeign: (device) => dialects.carrierOf(device) !== undefined,
    sendForeign: (device, command) => dialects.send(device, command),
    logger,
    metrics,
  })
}

function knowledgeOf(
  { zones, devices, cameras, dataDir }: GatewayConfig,
  intake: Intake,
): Omit<BoxKnowledge, 'canUpdate'> {
  const documents = intake.documents()
  return {
    canSendSupport: readEnrolled(dataDir)?.ok === true,
    zones: zones.map(({ id }) => id),
    devices,
    cameras: cameras.map(({ id, zone, isPrivate }) => ({ id, zones: zone, isPrivate })),
    alarms: [...documents.keys('alarm:')].map((key) => (documents.get(key) as { alarm: Alarm }).alarm),
  }
}
