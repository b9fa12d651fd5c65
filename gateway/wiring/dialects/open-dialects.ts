// Wires foreign dialects: messages of bridges and bought devices go to intake as events of listed devices, and commands
// for those devices are sent in their dialect.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Random } from '../../../protocols/kit/random.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { DeviceCommand } from '../../../protocols/device-mqtt/messages.ts'
import type { GatewayConfig } from '../../config/config.ts'
import type { DeviceRegistry } from '../../config/device-registry.ts'
import type { DeviceBroker, DeviceIntake, TopicGrants } from '../../broker/port.ts'
import { PendingAnswers } from '../../dialects/box/pending-answers.ts'
import { DialectIntake, dialectPrefix } from '../../dialects/box/dialect-intake.ts'
import type { ResultStorage } from '../../dialects/box/result-storage.ts'
import { PushListener } from '../../dialects/box/push-listener.ts'
import { sendersOf } from '../../dialects/box/senders-of.ts'
import { knockPrefix } from '../../dialects/box/strangers.ts'
import type { Intake } from '../../intake/intake.ts'
import type { Journal } from '../../journal/port.ts'
import { DialectCommands } from './dialect-commands.ts'
import { resultStorageOf } from './result-storage-of.ts'
import { openBuses } from './open-buses.ts'
import { SenderLinks } from './sender-links.ts'

export interface OpenDialectsOptions {
  config: GatewayConfig
  journal: Journal
  intake: Intake
  registry?: DeviceRegistry
  clock: Clock
  random: Random
  steadyMs: () => number
  isClockSynced: () => boolean
  logger: Logger
  metrics: Registry
}

export interface OpenDialects {
  intake: DeviceIntake
  grants: TopicGrants
  dialects: DialectIntake
  /** The sender that carries commands to this device, if it uses a foreign dialect. */
  carrierOf(device: string): string | undefined
  isConnected(device: string): boolean
  /** Sends it in the device's dialect and stores the outcome, like an answer of the device. */
  send(device: string, command: DeviceCommand): Promise<void>
  /** Lets devices join at a bridge for this long; otherwise returns the obstacle. */
  permitJoin(bridge: string, minutes: number): Promise<string | undefined>
  /** Devices behind this bridge. */
  behind(bridge: string): readonly string[]
  /** The port to which vendors push; 0 if there is none. */
  pushPort(): number
  start(broker: DeviceBroker): Promise<void>
  stop(): Promise<void>
}

/** The adapters, with the documents that they learned before the start. */
async function openAdapters(
  options: OpenDialectsOptions,
  keeper: ResultStorage,
  awaited: PendingAnswers,
): Promise<DialectIntake> {
  const { config, journal, registry } = options
  const dialects = new DialectIntake({
    ...options,
    senders: sendersOf(config),
    devices: config.devices,
    keeper,
    onHeard: (device, result) => awaited.hear(device, result),
    isLockedOut: (address) => registry?.isLockedOut(address) === true,
  })
  dialects.restoreStrangers((await journal.loadState(knockPrefix)) as [string, object][])
  dialects.restore((await journal.loadState(dialectPrefix)) as [string, object][])
  return dialects
}

function grantsOf(
  dialects: DialectIntake,
  { config, registry }: Pick<OpenDialectsOptions, 'config' | 'registry'>,
): TopicGrants {
  return {
    mayPublish: (device, topic) => dialects.mayPublish(device, topic),
    maySubscribe: (device, filter) => dialects.maySubscribe(device, filter),
    isForeign: (device) => dialects.has(device),
    isUrgent: (device, message) => dialects.isUrgent(device, message),
    payloadBytesMax: (device) => config.bridges.find(({ id }) => id === device)?.payloadBytes,
    isLockedOut: (device) => registry?.isLockedOut(device) === true,
  }
}

/** Messages of senders with a foreign dialect go through their adapter, all others to intake as they are. */
function intakeOf(dialects: DialectIntake, intake: Intake): DeviceIntake {
  return {
    admitted: (device, proof, mark) => intake.admitted(device, proof, mark),
    elsewhere: (message) => intake.elsewhere(message),
    take: (message, answer) => {
      const { device, topic, payload, isRetained, isResent } = message
      if (!dialects.has(device)) return intake.take(message, answer)
      const incoming = { topic, payload, isRetained, isResent: isResent === true, isDirect: true }
      return dialects.take(device, incoming, {
        kept: () => answer.kept(),
        refused: (error) => answer.refused(error),
      })
    },
  }
}

export async function openDialects(given: OpenDialectsOptions): Promise<OpenDialects> {
  const logger = given.logger.child({ part: 'dialects' })
  const options = { ...given, logger }
  const { config, intake, clock } = options
  const keeper = resultStorageOf(intake, options.journal)
  const awaited = new PendingAnswers(clock)
  const dialects = await openAdapters(options, keeper, awaited)
  const buses = await openBuses({ ...options, bridges: config.bridges, dialects, keeper })
  const links = await SenderLinks.open({ config, dialects, keeper, buses, logger })
  const commands = new DialectCommands({ ...options, dialects, awaited, links })
  const push =
    config.push &&
    new PushListener({ settings: config.push, bridges: config.bridges, dialects, clock, logger })
  let pushPort = 0
  return {
    dialects,
    grants: grantsOf(dialects, options),
    intake: intakeOf(dialects, intake),
    carrierOf: (device) => dialects.senderOf(device),
    isConnected: (device) => links.isThere(dialects.senderOf(device) ?? device),
    send: (device, command) => commands.send(device, command),
    permitJoin: (bridge, minutes) => commands.permitJoin(bridge, minutes),
    behind: (bridge) => config.devices.flatMap(({ id, via }) => (via === bridge ? [id] : [])),
    pushPort: () => pushPort,
    start: async (broker) => {
      links.start(broker)
      await buses.start()
      pushPort = (await push?.start()) ?? 0
    },
    stop: async () => {
      awaited.stop()
      links.stopSightings()
      await buses.stop()
      if (pushPort !== 0) await push?.stop()
      await links.stop()
      await dialects
        .stop()
        .catch((error: Error) =>
          logger.warn({ reason: error.message }, 'the devices that knock could not be noted'),
        )
    },
  }
}
