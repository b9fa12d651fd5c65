// Handles a message between its arrival and its PUBACK: may the device send it, how fast, and is it stored.
import type { Client, PublishPacket } from 'aedes'
import { parsePresence } from '../../../protocols/device-mqtt/messages.ts'
import type { BrokerSettings } from '../../config/broker-settings.ts'
import type { Access, PublishRight } from '../credentials/access.ts'
import type { BrokerMetrics } from '../broker-metrics.ts'
import type { Connection } from '../connections/connection.ts'
import type { Identity } from '../credentials/identity.ts'
import { MessageInFlight, type Arrived, type Done, type MessageInFlightOwner } from './message-in-flight.ts'
import type { DeviceIntake } from '../port.ts'
import { DeviceShares } from './device-shares.ts'
import { canBeRed, type PublishRate } from './publish-rate.ts'
import type { RefusalCause, Refusals } from '../refusals.ts'
import type { Sightings } from '../connections/sightings.ts'

export interface PublishingOptions {
  settings: BrokerSettings
  access: Access
  intake: DeviceIntake
  rate: PublishRate
  metrics: BrokerMetrics
  refusals: Refusals
  sightings: Sightings
}

export class Publishing implements MessageInFlightOwner {
  /** Messages accepted, by their kind. */
  readonly messages: Record<PublishRight['purpose'], number> = { intake: 0, presence: 0, route: 0, aside: 0 }
  readonly #options: PublishingOptions
  /** Events of this turn: first all are read, then all are judged, which uses the processor's caches better. */
  #heard: MessageInFlight[] = []
  /** Connections with PUBACKs to send. */
  #answering: Connection[] = []
  readonly #shares = new DeviceShares<MessageInFlight>((message) => this.#handToIntake(message))
  #inFlight = 0
  readonly #idle: (() => void)[] = []

  constructor(options: PublishingOptions) {
    this.#options = options
  }

  /**
   * Answers through `done`: no argument makes aedes send its PUBACK, an error makes it close the connection. Also for
   * last wills.
   */
  authorize(connection: Connection, client: Client, packet: PublishPacket, done: Done): void {
    connection.judged++
    // Earlier messages are handed on first.
    this.#admitHeard()
    const { identity } = connection
    const right = identity ? this.#judge(connection, identity, packet) : 'malformed'
    if (right === 'topic-not-own') this.#tellElsewhere(connection, packet)
    if (!identity || typeof right === 'string') {
      done(this.#refuse(connection, right as RefusalCause, packet.topic))
      return
    }
    const { payload, topic, qos, retain: isRetained, dup: isResent } = packet
    const bytes = (Buffer.isBuffer(payload) ? payload : Buffer.from(payload)).toString('latin1')
    // No subscription to a device's events is allowed; retained ones would only fill the store.
    if (
      right.purpose === 'aside' ||
      (this.#options.settings.access === 'strict' && right.purpose === 'intake')
    )
      packet.retain = false
    if (packet.retain) noteRetained(connection)
    if (right.purpose === 'route') this.#tellElsewhere(connection, packet)
    this.#admit(
      this.#take(connection, right, { topic, bytes, qos, isRetained, isResent }, done),
      client.closed,
    )
  }

  /** Whether the device has used its share at intake or its rate: little more is read from it then. */
  isSlowed(device: string | undefined): boolean {
    return device !== undefined && (this.#shares.isUsedUp(device) || this.#options.rate.isExhausted(device))
  }

  /** Messages that wait for their turn. */
  get waitingForTurn(): number {
    return this.#shares.waiting
  }

  #tellElsewhere(connection: Connection, { topic, payload, qos, retain, dup }: PublishPacket): void {
    const device = connection.identity?.device
    if (device === undefined || connection.elsewhere >= elsewhereMax) return
    connection.elsewhere++
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload)
    const excerpt = bytes.subarray(0, elsewhereBytesMax)
    this.#options.intake.elsewhere?.({
      device,
      topic,
      payload: excerpt,
      isRetained: retain,
      isResent: dup,
      qos,
    })
  }

  /**
   * An event that did not go through aedes: answered on the connection itself. `bytes`: its payload, one byte per
   * character.
   */
  takeEvent(connection: Connection, packetId: number, bytes: string, isRetained: boolean): void {
    const { lastRight } = connection
    if (!lastRight) return
    const { right, topic } = lastRight
    const message = this.#take(connection, right, { topic, bytes, qos: 1, isRetained }, packetId)
    // An alarm does not wait behind the events of other devices; only earlier messages of its own device are handed on
    // first.
    if (canBeRed(bytes) && !this.#heard.some((one) => one.connection === connection)) {
      this.#admit(message, false)
      return
    }
    this.#heard.push(message)
    if (this.#heard.length === 1) setImmediate(() => this.#admitHeard())
  }

  #admitHeard(): void {
    const heard = this.#heard
    this.#heard = []
    for (const message of heard) this.#admit(message, false)
  }

  #take(
    connection: Connection,
    right: PublishRight,
    message: Arrived,
    answer: Done | number,
  ): MessageInFlight {
    this.messages[right.purpose]++
    this.#inFlight++
    return new MessageInFlight(connection, right, message, answer, this)
  }

  /** The PUBACKs of a turn are sent together. */
  onAnswer(connection: Connection): void {
    this.#answering.push(connection)
    if (this.#answering.length === 1) process.nextTick(() => this.#sendAnswers())
  }

  #sendAnswers(): void {
    const answering = this.#answering
    this.#answering = []
    for (const connection of answering) connection.sendAnswers()
  }

  onGiven(): void {
    this.#inFlight--
    if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #admit(message: MessageInFlight, isLast: boolean): void {
    const { delayed, identity } = message.connection
    const delayMs = isLast ? 0 : this.#options.rate.take(identity?.device ?? message.right.device)
    if (delayMs <= 0 && delayed.size === 0) {
      this.#accept(message)
      return
    }
    // Wills and urgent messages are handed on at once, after earlier messages of the same device.
    if (isLast || this.#isUrgent(message)) {
      delayed.release()
      this.#accept(message)
      return
    }
    this.#options.metrics.slowed.inc()
    delayed.hold(delayMs, () => this.#accept(message))
  }

  /** A foreign payload may not contain known words: its dialect is asked. */
  #isUrgent(message: MessageInFlight): boolean {
    return canBeRed(message.bytes) || this.#options.access.isUrgent(message.device, message)
  }

  /** Resolves when every message in flight is answered. */
  async settled(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #judge(connection: Connection, identity: Identity, packet: PublishPacket): PublishRight | RefusalCause {
    const { access, settings } = this.#options
    // The parser accepts id 0, and turns a missing id into -1. [MQTT-2.3.1-1]
    if (packet.qos > 0 && packet.messageId !== undefined && packet.messageId < 1) return 'packet-id-zero'
    if (packet.payload.length > (access.payloadBytesMax(identity) ?? settings.limits.payloadBytes))
      return 'payload-too-large'
    // A device uses the same topic again and again, so its rule is cached. Grants of foreign dialects may change, so
    // they are looked up each time.
    if (connection.lastRight?.topic === packet.topic) return connection.lastRight.right
    const right = access.publishRight(identity, packet.topic)
    if (typeof right !== 'string' && packet.topic.startsWith('gengfu/v1/'))
      this.#remember(connection, packet.topic, right)
    return right
  }

  #remember(connection: Connection, topic: string, right: PublishRight): void {
    connection.lastRight = { topic, right }
    const isForIntakeAlone = this.#options.settings.access === 'strict' && right.purpose === 'intake'
    connection.eventTopic = isForIntakeAlone ? Buffer.from(topic) : undefined
  }

  #accept(message: MessageInFlight): void {
    const { purpose } = message.right
    if (purpose === 'route' || purpose === 'aside') message.answer()
    else if (!this.#shares.take(message))
      message.answer(this.#refuse(message.connection, 'share-full', message.topic))
  }

  /** Returns true when the message counts against the share of its device. */
  #handToIntake(message: MessageInFlight): boolean {
    const { device, purpose } = message.right
    if (purpose === 'presence') {
      const word = parsePresence(message.payload)
      if (word.ok) this.#options.sightings.says(device, word.value === 'online')
    }
    let isCounted = false
    try {
      isCounted = this.#options.intake.take(message, message)
    } catch (error) {
      this.onNotKept(message, error)
    }
    message.letGo()
    return isCounted
  }

  onKept(message: MessageInFlight): void {
    this.#options.refusals.forget(message.device, 'not-kept')
    this.#answer(message)
  }

  onNotKept(message: MessageInFlight, error: unknown): void {
    const reason = error ?? new Error('refused without a reason')
    this.#answer(message, this.#refuse(message.connection, 'not-kept', message.topic, reason))
  }

  #answer(message: MessageInFlight, error?: Error): void {
    message.answer(error)
    this.#shares.answered(message)
  }

  #refuse(connection: Connection, cause: RefusalCause, topic: string, error?: unknown): Error {
    const who = { device: connection.identity?.device, address: connection.address }
    this.#options.refusals.report(cause, who, {
      topic: topic.slice(0, 256),
      ...(error ? { err: error } : {}),
    })
    connection.endReason ??= cause
    return new Error(cause)
  }
}

/** As many as the alarm engine needs to call a device blind; more would only fill the quarantine. */
const elsewhereMax = 3
const elsewhereBytesMax = 1024

/** aedes routes a message some turns after it was accepted: a SUBSCRIBE in the same segment must not overtake it. */
const turnsToRoute = 2

function noteRetained(connection: Connection): void {
  if (connection.retainedTurns === 0) {
    const count = (): void => {
      if (--connection.retainedTurns > 0) setImmediate(count)
    }
    setImmediate(count)
  }
  connection.retainedTurns = turnsToRoute
}
