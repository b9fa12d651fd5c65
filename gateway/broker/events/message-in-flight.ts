// A device's message between its arrival and its answer. One object for all of it, because one is made for every event.
import type { PublishRight } from '../credentials/access.ts'
import type { AnswerPlace } from './answer-order.ts'
import type { Connection } from '../connections/connection.ts'
import type { DeviceMessage } from '../port.ts'
import type { SharedMessage } from './device-shares.ts'
import type { StorageAnswer } from '../../journal/port.ts'

/** Sends the answer: undefined or null sends the PUBACK, an error closes the connection. */
export type Done = (error?: Error | null) => void

const notAscii = /[\u0080-\u00ff]/

/** The connection that handed it on. */
export interface MessageInFlightOwner {
  onKept(message: MessageInFlight): void
  /** The connection has its first PUBACK of this turn to send. */
  onAnswer(connection: Connection): void
  onNotKept(message: MessageInFlight, error: unknown): void
  /** It is answered. */
  onGiven(): void
}

/** A message as it was read. */
export interface Arrived {
  topic: string
  /** The payload's bytes, one per character. */
  bytes: string
  qos: 0 | 1 | 2
  isRetained: boolean
  isResent?: boolean
}

export class MessageInFlight implements AnswerPlace, DeviceMessage, StorageAnswer, SharedMessage {
  readonly connection: Connection
  readonly right: PublishRight
  readonly device: string
  readonly topic: string
  /**
   * The payload's bytes, one per character. Empty once it was handed on: hundreds of messages wait for their commit and
   * should take little memory.
   */
  bytes: string
  readonly qos: 0 | 1 | 2
  readonly isRetained: boolean
  readonly isResent: boolean
  isReady = false
  isCounted = false
  next: AnswerPlace | undefined
  readonly #done: Done | undefined
  readonly #packetId: number
  readonly #owner: MessageInFlightOwner
  readonly #length: number
  #error: Error | null | undefined

  /** `answer` is aedes' callback, or the packet id of an event that did not go through aedes. */
  constructor(
    connection: Connection,
    right: PublishRight,
    message: Arrived,
    answer: Done | number,
    owner: MessageInFlightOwner,
  ) {
    this.connection = connection
    this.right = right
    this.device = right.device
    this.topic = message.topic
    this.bytes = message.bytes
    this.#length = message.bytes.length
    this.qos = message.qos
    this.isRetained = message.isRetained
    this.isResent = message.isResent === true
    this.#done = typeof answer === 'number' ? undefined : answer
    this.#packetId = typeof answer === 'number' ? answer : 0
    this.#owner = owner
    connection.inFlight++
    connection.inFlightBytes += this.#length
    connection.all.bytes += this.#length
    connection.answers.add(this)
  }

  /** Bytes of the payload, also once it was handed on. */
  get size(): number {
    return this.#length
  }

  /** The payload is read in this place. */
  letGo(): void {
    this.bytes = ''
  }

  get payload(): Buffer {
    return Buffer.from(this.bytes, 'latin1')
  }

  get text(): string | undefined {
    return notAscii.test(this.bytes) ? undefined : this.bytes
  }

  kept(): void {
    this.#owner.onKept(this)
  }

  refused(error: unknown): void {
    this.#owner.onNotKept(this, error)
  }

  answer(error?: Error | null): void {
    this.#error = error
    this.connection.answers.ready(this)
  }

  give(): void {
    const { connection } = this
    connection.inFlight--
    connection.inFlightBytes -= this.#length
    connection.all.bytes -= this.#length
    this.#owner.onGiven()
    if (this.#done) this.#done(this.#error)
    else if (this.#error) connection.end(this.#error.message)
    else if (connection.acknowledge(this.#packetId)) this.#owner.onAnswer(connection)
  }
}
