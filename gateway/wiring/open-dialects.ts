// Wires foreign dialects: messages of bridges and bought devices go to intake as events of listed devices, and commands
// for those devices are sent in their dialect.
import { withPlainReadings } from '../intake/records.ts'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { DeviceCommand } from '../../protocols/device-mqtt/messages.ts'
import { deviceTopic } from '../../protocols/device-mqtt/topics.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { DeviceRegistry } from '../config/device-registry.ts'
import type { DeviceBroker, DeviceIntake, TopicGrants } from '../broker/port.ts'
import { DialectIntake, dialectPrefix } from '../dialects/box/dialect-intake.ts'
import { AwaitedAnswers } from '../dialects/box/awaited-answers.ts'
import { knockPrefix } from '../dialects/box/strangers.ts'
import type { Keeper } from '../dialects/box/keeper.ts'
import { ForeignBroker } from '../dialects/box/foreign-broker.ts'
import { sendersOf } from '../dialects/box/senders-of.ts'
import { PushListener } from '../dialects/box/push-listener.ts'
import type { Intake } from '../intake/intake.ts'
import { openBuses } from './open-buses.ts'
import type { Journal } from '../journal/port.ts'

export interface OpenDialectsOptions {
  config: GatewayConfig
  journal: Journal
  intake: Intake
  registry?: DeviceRegistry
  clock: Clock
  steadyMs: () => number
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

/** A bridge that was asked to let devices join has this long to answer. */
const permitAnswerMs = 10_000

/** The functions that dialects need of intake and journal. */
export function keeperOf(intake: Intake, journal: Journal): Keeper {
  return {
    takeReadings: (event, answer) => intake.takeReadings(withPlainReadings(event), answer),
    keepState: async (state) => {
      await journal.append({ records: [], state, isUrgent: false })
    },
    keepUnreadable: (message, problem) => intake.keepUnreadable(message, problem),
    keepHint: (device, isOnline) => intake.keepHint(device, isOnline),
    keepPresence: (device, isOnline) =>
      intake.accept({
        device,
        topic: deviceTopic(device, 'presence'),
        payload: Buffer.from(isOnline ? 'online' : 'offline'),
      }),
    wasKept: intake.wasKept,
  }
}

export async function openDialects(options: OpenDialectsOptions): Promise<OpenDialects> {
  const { config, journal, intake, clock, steadyMs, metrics, registry } = options
  const logger = options.logger.child({ part: 'dialects' })
  const keeper = keeperOf(intake, journal)
  const awaited = new AwaitedAnswers(options.clock)
  const dialects = new DialectIntake({
    senders: sendersOf(config),
    devices: config.devices,
    keeper,
    onHeard: (device, result) => awaited.hear(device, result),
    isLockedOut: (address) => registry?.isLockedOut(address) === true,
    steadyMs,
    logger,
    metrics,
  })
  dialects.restoreStrangers((await journal.loadState(knockPrefix)) as [string, object][])
  dialects.restore((await journal.loadState(dialectPrefix)) as [string, object][])
  const links = new Map(
    config.bridges.flatMap((bridge) =>
      bridge.url === undefined
        ? []
        : [
            [
              bridge.id,
              new ForeignBroker({ bridge, dialects, keeper, logger, boxId: config.box.id }),
            ] as const,
          ],
    ),
  )
  const buses = openBuses({ bridges: config.bridges, dialects, keeper, clock, steadyMs, logger })
  const push =
    config.push &&
    new PushListener({ settings: config.push, bridges: config.bridges, dialects, clock, logger })
  let pushPort = 0
  let broker: DeviceBroker | undefined
  let stopSightings = (): void => undefined
  const isThere = (sender: string): boolean =>
    links.get(sender)?.isConnected ??
    buses.isThere(sender) ??
    broker?.sightingOf(sender).state === 'connected'
  const publish = async (
    sender: string,
    message: { topic: string; payload: Uint8Array | string; qos: 0 | 1 },
  ): Promise<void> => {
    const { topic, payload, qos } = message
    const link = links.get(sender)
    if (link) await link.publish(topic, payload, qos)
    else await broker?.publish(topic, payload, { qos: 0 })
  }
  const answer = (device: string, id: string, problem: string | undefined): Promise<void> =>
    intake.accept({
      device,
      topic: deviceTopic(device, 'result'),
      payload: Buffer.from(
        JSON.stringify(
          problem === undefined ? { id, ok: true } : { id, ok: false, error: problem.slice(0, 256) },
        ),
      ),
    })
  return {
    dialects,
    grants: {
      mayPublish: (device, topic) => dialects.mayPublish(device, topic),
      maySubscribe: (device, filter) => dialects.maySubscribe(device, filter),
      isForeign: (device) => dialects.has(device),
      isUrgent: (device, message) => dialects.isUrgent(device, message),
      payloadBytesMax: (device) => config.bridges.find(({ id }) => id === device)?.payloadBytes,
      isLockedOut: (device) => registry?.isLockedOut(device) === true,
    },
    intake: {
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
    },
    carrierOf: (device) => dialects.senderOf(device),
    isConnected: (device) => isThere(dialects.senderOf(device) ?? device),
    send: async (device, command) => {
      const sender = dialects.senderOf(device)
      const encoded = dialects.encode(device, command)
      if (sender === undefined || 'cannot' in encoded) {
        const problem =
          'cannot' in encoded ? encoded.cannot : 'there is no connection that carries messages to it'
        logger.warn(
          { device, command: command.do, problem },
          'a command has no words in the dialect of its device',
        )
        return answer(device, command.id, problem)
      }
      const { answer: policy } = encoded
      if (policy)
        awaited.expect(device, command.id, policy, ({ ok, error = 'refused' }) => {
          answer(device, command.id, ok ? undefined : error).catch((failure: Error) =>
            logger.warn({ device, reason: failure.message }, 'the answer to a command could not be kept'),
          )
        })
      try {
        await publish(sender, encoded)
      } catch (error) {
        awaited.withdraw(device, command.id)
        throw error
      }
      // The device says what became of it; its time-out is that of the command.
      if (!policy) await answer(device, command.id, undefined)
    },
    permitJoin: async (bridge, minutes) => {
      const id = `join-${steadyMs()}`
      const encoded = dialects.permitJoin(bridge, minutes, id)
      if ('cannot' in encoded) return encoded.cannot
      if (!isThere(bridge)) return `the bridge "${bridge}" is not connected 网桥未连接`
      return new Promise((resolve) => {
        const cancel = options.clock.after(permitAnswerMs, () => {
          awaited.withdraw(bridge, id)
          resolve(`the bridge "${bridge}" did not answer within ${permitAnswerMs / 1000} s 网桥未答复`)
        })
        awaited.expect(bridge, id, encoded.answer ?? { by: 'answer' }, ({ ok, error = 'refused' }) => {
          cancel()
          resolve(ok ? undefined : `the bridge refused: ${error}`)
        })
        publish(bridge, encoded).catch((error: Error) => {
          cancel()
          awaited.withdraw(bridge, id)
          resolve(error.message)
        })
      })
    },
    behind: (bridge) => config.devices.flatMap(({ id, via }) => (via === bridge ? [id] : [])),
    pushPort: () => pushPort,
    start: async (started) => {
      broker = started
      stopSightings = started.onSighting(({ device, state }) => {
        if (!dialects.has(device) || links.has(device)) return
        if (state === 'unknown') return
        keeper
          .keepPresence(device, state === 'connected')
          .catch((error: Error) =>
            logger.warn({ device, reason: error.message }, 'a presence could not be kept'),
          )
      })
      for (const link of links.values()) link.start()
      await buses.start()
      pushPort = (await push?.start()) ?? 0
    },
    stop: async () => {
      awaited.stop()
      stopSightings()
      await buses.stop()
      if (pushPort !== 0) await push?.stop()
      await Promise.all([...links.values()].map((link) => link.stop()))
      await dialects
        .stop()
        .catch((error: Error) =>
          logger.warn({ reason: error.message }, 'those that knock could not be noted'),
        )
    },
  }
}
