// The box as a client of an existing broker: a persistent session, QoS 1, and each message is acknowledged to that
// broker only when it is stored here. An unacknowledged message comes again.
import { readFileSync } from 'node:fs'
import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls, type SecureContextOptions } from 'node:tls'
import { MqttClient, type IPublishPacket } from 'mqtt'
import type { Logger } from 'pino'
import type { LeftOutMessage } from '../../../platform/mqtt/frame-sieve.ts'
import { SievedStream } from '../../../platform/mqtt/sieved-stream.ts'
import type { BridgeSettings } from '../../config/bridge-settings.ts'
import type { DialectIntake } from './dialect-intake.ts'
import type { ResultStorage } from './result-storage.ts'

const reconnectMs = 5000
const connectTimeoutMs = 10_000
const keepaliveS = 30
/** Longest time to store one message; then the connection is ended, and the broker sends the message again. */
const keepTimeoutMs = 30_000
/** Of a message's frame: its topic and packet id. */
const topicBytesMax = 1024
/** Commands that wait for the connection; beyond it a command is refused. */
const outgoingMax = 100

export interface ForeignBrokerOptions {
  bridge: BridgeSettings
  dialects: DialectIntake
  keeper: ResultStorage
  logger: Logger
  boxId: string
}

interface BrokerPlace {
  host: string
  port: number
  tls?: SecureContextOptions & { servername?: string }
}

function placeOf({ url = '', caFile, certFile, keyFile }: BridgeSettings): BrokerPlace {
  const { protocol, hostname, port } = new URL(url)
  const isSecure = protocol === 'mqtts:' || protocol === 'tls:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const place = { host, port: port === '' ? (isSecure ? 8883 : 1883) : Number(port) }
  if (!isSecure) return place
  return {
    ...place,
    tls: {
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
      ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
      ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
    },
  }
}

export class ForeignBroker {
  readonly #options: ForeignBrokerOptions
  #client: MqttClient | undefined
  #isConnected = false
  #outgoing = 0

  constructor(options: ForeignBrokerOptions) {
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  start(): void {
    if (this.#client) return
    const { bridge, boxId, logger } = this.#options
    const { username, passwordFile } = bridge
    const place = placeOf(bridge)
    const client = new MqttClient(() => this.#openStream(place), {
      protocolVersion: 4,
      clientId: `gengfu-${boxId}-${bridge.id}`,
      clean: false,
      resubscribe: false,
      queueQoSZero: false,
      keepalive: keepaliveS,
      connectTimeout: connectTimeoutMs,
      reconnectPeriod: reconnectMs,
      reconnectOnConnackError: true,
      ...(username === undefined ? {} : { username }),
      ...(passwordFile === undefined ? {} : { password: readFileSync(passwordFile, 'utf8').trim() }),
    })
    this.#client = client
    // Called for each message in order; the PUBACK is sent when `done` is called without an error.
    client.handleMessage = (packet, done) => this.#take(packet, done)
    client.on('connect', () => this.#connected(client))
    client.on('close', () => this.#lost())
    client.on('error', (error) => {
      logger.warn(
        { bridge: bridge.id, reason: error.message },
        'the broker of a bridge refuses or does not answer',
      )
    })
  }

  async publish(topic: string, payload: Uint8Array | string, qos: 0 | 1): Promise<void> {
    const client = this.#client
    if (!client || !this.#isConnected) throw new Error('not connected to the broker of the bridge')
    if (this.#outgoing >= outgoingMax) throw new Error('too many commands wait for the broker of the bridge')
    this.#outgoing++
    try {
      await client.publishAsync(topic, Buffer.from(payload), { qos })
    } finally {
      this.#outgoing--
    }
  }

  async stop(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    if (client) await client.endAsync(true)
  }

  #openStream(place: BrokerPlace): SievedStream {
    const { payloadBytes } = this.#options.bridge
    const socket = place.tls ? connectTls({ ...place, ...place.tls }) : connectTcp(place)
    return new SievedStream(socket, {
      messageBytesMax: payloadBytes + topicBytesMax,
      onLeftOut: (message) => this.#leaveOut(message),
    })
  }

  /** Acknowledged once it is named in the quarantine: if it was refused, it would come again for ever. */
  #leaveOut({ topic, bytes, excerpt }: LeftOutMessage): Promise<void> {
    const { bridge, keeper, logger } = this.#options
    logger.warn({ bridge: bridge.id, topic, bytes }, 'a message of a bridge is too large and was left out')
    return keeper.keepUnreadable(
      { device: bridge.id, topic, payload: excerpt },
      `${bytes} bytes, at most ${bridge.payloadBytes} are read`,
    )
  }

  #connected(client: MqttClient): void {
    const { bridge, dialects, logger } = this.#options
    const filters = bridge.subscribe ?? dialects.filtersOf(bridge.id)
    // Also for an existing session: the filters may have changed.
    client.subscribe([...filters], { qos: 1 }, (error, granted) => {
      const refused = granted?.filter(({ qos }) => qos > 2).map(({ topic }) => topic) ?? []
      if (error || refused.length > 0)
        logger.error(
          { bridge: bridge.id, refused, reason: error?.message },
          'the broker refuses a subscription',
        )
    })
    this.#isConnected = true
    logger.info({ bridge: bridge.id, url: bridge.url }, 'connected to the broker of a bridge')
    this.#notePresence(true)
  }

  /** Also when the first attempt fails: a broker that is down at the start is handled like one that goes down later. */
  #lost(): void {
    if (!this.#client) return
    this.#notePresence(false)
    if (!this.#isConnected) return
    this.#isConnected = false
    this.#options.logger.warn({ bridge: this.#options.bridge.id }, 'the broker of a bridge is lost')
  }

  #notePresence(isOnline: boolean): void {
    const { keeper, bridge, logger } = this.#options
    keeper
      .keepPresence(bridge.id, isOnline)
      .catch((error: Error) =>
        logger.warn({ bridge: bridge.id, reason: error.message }, 'a presence could not be stored'),
      )
  }

  #take(packet: IPublishPacket, done: (error?: Error) => void): void {
    const { dialects, bridge, logger } = this.#options
    const client = this.#client
    const end = (reason: string): void => {
      logger.warn(
        { bridge: bridge.id, reason },
        'a message could not be stored; its broker will send it again',
      )
      // Without an answer the session keeps the message, and delivers it again on the next connection.
      client?.stream.destroy()
    }
    let isAnswered = false
    const timer = setTimeout(() => finish(() => end('not kept in time')), keepTimeoutMs)
    const finish = (then: () => void): void => {
      if (isAnswered) return
      isAnswered = true
      clearTimeout(timer)
      then()
    }
    const { topic, payload, retain, dup } = packet
    dialects.take(
      bridge.id,
      { topic, payload: Buffer.from(payload), isRetained: retain, isResent: dup },
      { kept: () => finish(() => done()), refused: (error) => finish(() => end(error.message)) },
    )
  }
}
