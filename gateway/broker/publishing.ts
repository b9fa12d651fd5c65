// What happens to a message between its arrival and its PUBACK: may the device, how fast, and is it kept.
import type { Client, PublishPacket } from 'aedes'
import { parsePresence } from '../../protocols/device-mqtt/messages.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import type { Access, PublishRight } from './access.ts'
import type { BrokerMetrics } from './broker-metrics.ts'
import type { Connection } from './connection.ts'
import type { Identity } from './identity.ts'
import type { DeviceIntake } from './port.ts'
import { canBeRed, type PublishRate } from './publish-rate.ts'
import type { RefusalCause, Refusals } from './refusals.ts'
import type { Sightings } from './sightings.ts'

export interface PublishingOptions {
  settings: BrokerSettings
  access: Access
  intake: DeviceIntake
  rate: PublishRate
  metrics: BrokerMetrics
  refusals: Refusals
  sightings: Sightings
}

type Done = (error?: Error | null) => void

export class Publishing {
  /** Messages let pass, by what was done with them. */
  readonly messages: Record<PublishRight['purpose'], number> = { intake: 0, presence: 0, route: 0 }
  readonly #options: PublishingOptions
  #inHand = 0
  readonly #idle: (() => void)[] = []

  constructor(options: PublishingOptions) {
    this.#options = options
  }

  /** Answers through `done`: nothing lets aedes send its PUBACK, an error makes it drop the connection. Also for last wills. */
  authorize(connection: Connection, client: Client, packet: PublishPacket, done: Done): void {
    const { identity } = connection
    const right = identity ? this.#judge(connection, identity, packet) : 'malformed'
    if (!identity || typeof right === 'string') {
      this.#refuse(connection, right as RefusalCause, packet, done)
      return
    }
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload)
    const { metrics, rate, settings } = this.#options
    this.messages[right.purpose]++
    const isRetained = packet.retain
    // Nobody may subscribe to a device's events; retained ones would only fill the store.
    if (settings.access === 'strict' && right.purpose === 'intake') packet.retain = false
    const answer = this.#place(connection, payload.length, done)
    const accept = (): void => this.#accept({ connection, right, packet, payload, isRetained }, answer)
    // Wills and urgent messages go at once, after what they would overtake.
    if (client.closed || canBeRed(payload)) {
      connection.slowLane.release()
      accept()
      return
    }
    const delayMs = rate.take(identity.device)
    if (delayMs > 0) metrics.slowed.inc()
    connection.slowLane.hold(delayMs, accept)
  }

  /** Resolves when every message in hand has its answer. */
  async settled(): Promise<void> {
    if (this.#inHand > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Counts the message as in hand and gives its answer when its turn has come. */
  #place(connection: Connection, bytes: number, done: Done): Done {
    this.#inHand++
    connection.inHand++
    connection.inHandBytes += bytes
    const give = connection.answers.place()
    return (error) =>
      give(() => {
        connection.inHand--
        connection.inHandBytes -= bytes
        this.#inHand--
        if (this.#inHand === 0) for (const resolve of this.#idle.splice(0)) resolve()
        done(error)
      })
  }

  #judge(connection: Connection, identity: Identity, packet: PublishPacket): PublishRight | RefusalCause {
    const { access, settings } = this.#options
    // The parser lets id 0 pass, and turns a missing one into -1. [MQTT-2.3.1-1]
    if (packet.qos > 0 && packet.messageId !== undefined && packet.messageId < 1) return 'packet-id-zero'
    if (packet.payload.length > settings.limits.payloadBytes) return 'payload-too-large'
    // A device sends to the same topic again and again. Grants of foreign dialects may change, so those are asked for.
    if (connection.lastRight?.topic === packet.topic) return connection.lastRight.right
    const right = access.publishRight(identity, packet.topic)
    if (typeof right !== 'string' && packet.topic.startsWith('gengfu/v1/'))
      connection.lastRight = { topic: packet.topic, right }
    return right
  }

  #accept(
    message: {
      connection: Connection
      right: PublishRight
      packet: PublishPacket
      payload: Buffer
      isRetained: boolean
    },
    done: Done,
  ): void {
    const { connection, right, packet, payload, isRetained } = message
    const { device, purpose } = right
    if (purpose === 'presence') {
      const word = parsePresence(payload)
      if (word.ok) this.#options.sightings.says(device, word.value === 'online')
    }
    if (purpose === 'route') {
      done()
      return
    }
    const answer = (error?: unknown): void => {
      if (error === undefined) {
        this.#options.refusals.forget(device, 'not-kept')
        done()
        return
      }
      this.#refuse(connection, 'not-kept', packet, done, error)
    }
    const { topic, qos } = packet
    let kept: Promise<void>
    try {
      kept = this.#options.intake.accept({ device, topic, payload, isRetained, qos })
    } catch (error) {
      answer(error)
      return
    }
    kept.then(
      () => answer(),
      (error: unknown) => answer(error ?? new Error('rejected without a reason')),
    )
  }

  #refuse(
    connection: Connection,
    cause: RefusalCause,
    packet: PublishPacket,
    done: Done,
    error?: unknown,
  ): void {
    const who = { device: connection.identity?.device, address: connection.address }
    this.#options.refusals.report(cause, who, {
      topic: packet.topic.slice(0, 256),
      ...(error ? { err: error } : {}),
    })
    connection.endReason ??= cause
    done(new Error(cause))
  }
}
