// The connections that carry messages to senders of foreign dialects: existing brokers, buses, or the box's own broker.
import type { Logger } from 'pino'
import type { DeviceBroker } from '../../broker/port.ts'
import type { GatewayConfig } from '../../config/config.ts'
import type { DialectIntake } from '../../dialects/box/dialect-intake.ts'
import type { ForeignBroker } from '../../dialects/box/foreign-broker.ts'
import type { ResultStorage } from '../../dialects/box/result-storage.ts'
import type { OpenBuses } from './open-buses.ts'

export interface SenderMessage {
  topic: string
  payload: Uint8Array | string
  qos: 0 | 1
}

export interface SenderLinksOptions {
  config: Pick<GatewayConfig, 'bridges' | 'box'>
  dialects: DialectIntake
  keeper: ResultStorage
  buses: OpenBuses
  logger: Logger
}

/** The bridges whose messages come over a broker that exists already, by id. */
async function openForeignBrokers(options: SenderLinksOptions): Promise<Map<string, ForeignBroker>> {
  const { config } = options
  const bridges = config.bridges.filter(({ url }) => url !== undefined)
  if (bridges.length === 0) return new Map()
  // Loaded for a box that has such a bridge: the MQTT client costs a tenth of a second at every start.
  const { ForeignBroker } = await import('../../dialects/box/foreign-broker.ts')
  return new Map(
    bridges.map((bridge) => [bridge.id, new ForeignBroker({ ...options, bridge, boxId: config.box.id })]),
  )
}

export class SenderLinks {
  readonly #options: SenderLinksOptions
  readonly #brokers: ReadonlyMap<string, ForeignBroker>
  #own: DeviceBroker | undefined
  #stopSightings = (): void => undefined

  private constructor(options: SenderLinksOptions, brokers: ReadonlyMap<string, ForeignBroker>) {
    this.#options = options
    this.#brokers = brokers
  }

  static async open(options: SenderLinksOptions): Promise<SenderLinks> {
    return new SenderLinks(options, await openForeignBrokers(options))
  }

  isThere(sender: string): boolean {
    return (
      this.#brokers.get(sender)?.isConnected ??
      this.#options.buses.isThere(sender) ??
      this.#own?.sightingOf(sender).state === 'connected'
    )
  }

  async publish(sender: string, { topic, payload, qos }: SenderMessage): Promise<void> {
    const broker = this.#brokers.get(sender)
    if (broker) await broker.publish(topic, payload, qos)
    else await this.#own?.publish(topic, payload, { qos: 0 })
  }

  /** `own` is the box's broker: its connections of foreign senders become their presence. */
  start(own: DeviceBroker): void {
    const { dialects, keeper, logger } = this.#options
    this.#own = own
    this.#stopSightings = own.onSighting(({ device, state }) => {
      if (!dialects.has(device) || this.#brokers.has(device) || state === 'unknown') return
      keeper
        .keepPresence(device, state === 'connected')
        .catch((error: Error) =>
          logger.warn({ device, reason: error.message }, 'a presence could not be stored'),
        )
    })
    for (const broker of this.#brokers.values()) broker.start()
  }

  /** From now on the box's own broker changes no presence. */
  stopSightings(): void {
    this.#stopSightings()
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#brokers.values()].map((broker) => broker.stop()))
  }
}
