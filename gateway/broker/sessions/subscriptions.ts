// The allowed subscriptions of a device, and which copy of a message it gets at which QoS.
import type { AedesPublishPacket, Client, Subscription } from 'aedes'
import type { BrokerLimits } from '../../config/broker-settings.ts'
import type { Access } from '../credentials/access.ts'
import type { Connection } from '../connections/connection.ts'
import type { Delivery } from './delivery.ts'
import type { Refusals } from '../refusals.ts'
import { sessionMarker, type SessionStore } from './session-store.ts'
import { filterMatches, topicFilterProblem } from '../topic-text.ts'

export interface SubscriptionsOptions {
  limits: BrokerLimits
  access: Access
  refusals: Refusals
  delivery: Delivery
  store: SessionStore
  connectionOf: (client: Client) => Connection | undefined
}

type Done = (error: Error | null, subscription?: Subscription | null) => void

export class Subscriptions {
  readonly #options: SubscriptionsOptions

  constructor(options: SubscriptionsOptions) {
    this.#options = options
  }

  /** Answers with the subscription, null for 0x80 in SUBACK, or an error that ends the connection. */
  authorize(client: Client, subscription: Subscription, done: Done): void {
    const { access, limits, refusals } = this.#options
    const connection = this.#options.connectionOf(client)
    const identity = connection?.identity
    const { qos } = subscription
    const topic = String(subscription.topic)
    if (!connection || !identity) return done(new Error('a subscription without a client'))
    if (topic === sessionMarker) return done(null, null)
    // A malformed filter ends the connection [MQTT-4.7.1]; a forbidden one does not.
    if (topicFilterProblem(topic, limits) !== undefined) {
      refusals.report('topic-malformed', { device: identity.device })
      connection.endReason ??= 'topic-malformed'
      return done(new Error('malformed filter'))
    }
    const isFull =
      !connection.granted.has(topic) && connection.granted.size >= limits.subscriptionsPerConnection
    const refusal = isFull ? 'subscription-limit' : access.subscribeRefusal(identity, topic)
    if (refusal) {
      refusals.report(refusal, { device: identity.device }, { filter: topic })
      return done(null, null)
    }
    connection.granted.set(topic, qos)
    // aedes sends through the first filter that matches; the effective QoS is computed in forward.
    const answer = (): void => done(null, { ...subscription, topic, qos: 2 })
    if (connection.retainedTurns === 0) answer()
    else afterTurns(connection.retainedTurns, answer)
  }

  /** The packet as this client may get it, or null. Called for each filter that matches, within one delivery round. */
  forward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    const { access, delivery, limits, refusals, store } = this.#options
    const connection = this.#options.connectionOf(client)
    if (!connection?.isOpen || !access.mayReceive(packet.topic)) return null
    if (client.conn.writableLength > limits.unsentBytes) {
      refusals.report('not-reading', { device: connection.identity?.device })
      connection.end('not-reading')
      return null
    }
    // From its own queue: the QoS was decided when it was queued.
    if (packet.messageId !== undefined) {
      connection.sent.sent(packet.messageId, packet.qos)
      return packet
    }
    const round = delivery.current
    if (round !== 0) {
      if (connection.lastRound === round) return null
      connection.lastRound = round
    }
    const granted = highestQos(connection.granted, packet.topic)
    if (granted < 0) return null
    packet.qos = Math.min(packet.qos, granted) as 0 | 1 | 2
    // DUP concerns only the transfer from the publisher. [MQTT-3.3.1-3]
    packet.dup = false
    if (packet.qos === 0) return packet
    const isQueued = !client.clean && !packet.retain
    if (isQueued && !store.mayForward(client, packet.brokerCounter)) return null
    packet.messageId = connection.sent.nextId()
    connection.sent.sent(packet.messageId, packet.qos)
    return packet
  }
}

/** The highest QoS among the filters that match, -1 for none. [MQTT-3.8.4-6] [MQTT-3.3.5-1] */
function highestQos(granted: ReadonlyMap<string, number>, topic: string): number {
  let highest = -1
  for (const [filter, qos] of granted) if (qos > highest && filterMatches(filter, topic)) highest = qos
  return highest
}

function afterTurns(turns: number, run: () => void): void {
  setImmediate(() => (turns > 1 ? afterTurns(turns - 1, run) : run()))
}
