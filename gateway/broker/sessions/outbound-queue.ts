// The messages that wait for one device session: sent again after a reconnect until the device has acknowledged them;
// bounded.
import type { AedesPublishPacket } from 'aedes'

export interface OutboundLimits {
  outboundMessages: number
  outboundBytes: number
}

export interface Waiting {
  /** The message, or `pubrel` once the device has confirmed the first half of a QoS 2 exchange. */
  cmd: 'publish' | 'pubrel'
  packet: AedesPublishPacket
  messageId: number | undefined
  /** The connection on which it was sent last. */
  sentOn: object | undefined
}

export class OutboundQueue {
  readonly #limits: OutboundLimits
  readonly #byCounter = new Map<number, Waiting>()
  readonly #byMessageId = new Map<number, Waiting>()
  #bytes = 0

  constructor(limits: OutboundLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byCounter.size
  }

  /** False when the queue is full: the newest is refused, because the oldest may be half-way to the device. */
  add(packet: AedesPublishPacket): boolean {
    const bytes = this.#bytes + packet.payload.length
    if (this.#byCounter.size >= this.#limits.outboundMessages || bytes > this.#limits.outboundBytes)
      return false
    this.#byCounter.set(packet.brokerCounter, {
      cmd: 'publish',
      packet,
      messageId: undefined,
      sentOn: undefined,
    })
    this.#bytes = bytes
    return true
  }

  find(brokerCounter: number): Waiting | undefined {
    return this.#byCounter.get(brokerCounter)
  }

  has(messageId: number): boolean {
    return this.#byMessageId.has(messageId)
  }

  /** Records that `waiting` is sent on `connection` as `messageId`. */
  sent(waiting: Waiting, messageId: number, connection: object): void {
    if (waiting.messageId !== undefined && waiting.messageId !== messageId)
      this.#byMessageId.delete(waiting.messageId)
    waiting.messageId = messageId
    waiting.sentOn = connection
    this.#byMessageId.set(messageId, waiting)
  }

  /** The device has the message; only the release of its id is due. */
  released(messageId: number): void {
    const waiting = this.#byMessageId.get(messageId)
    if (waiting) waiting.cmd = 'pubrel'
  }

  /** The exchange is complete. */
  settle(messageId: number): AedesPublishPacket | undefined {
    const waiting = this.#byMessageId.get(messageId)
    if (!waiting) return undefined
    this.#byMessageId.delete(messageId)
    this.#byCounter.delete(waiting.packet.brokerCounter)
    this.#bytes -= waiting.packet.payload.length
    return waiting.packet
  }

  /** In order, including entries added while it runs. */
  entries(): IterableIterator<Waiting> {
    return this.#byCounter.values()
  }
}
