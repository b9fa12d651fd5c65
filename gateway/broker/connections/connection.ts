// One device connection: limits the frames before aedes' parser, and holds the broker's facts about the device.
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { PublishRight } from '../credentials/access.ts'
import { AnswerOrder } from '../events/answer-order.ts'
import { encodePuback, takeEvents, type OnEvent } from '../events/event-lane.ts'
import {
  FrameGuard,
  unknownVersionAnswer,
  type FrameLimits,
  type FrameProblem,
} from '../../../platform/mqtt/frame-guard.ts'
import { SentMessages } from './sent-messages.ts'
import type { Identity } from '../credentials/identity.ts'
import type { RefusalCause } from '../refusals.ts'
import { DelayedMessages } from '../events/delayed-messages.ts'

/** The messages in flight of all connections of a broker. */
export interface TotalInFlight {
  bytes: number
}

export interface ConnectionOptions {
  stream: Duplex
  /** The transport below `stream`, or the same. */
  socket: Socket
  address: string
  /** The common name of a verified client certificate. */
  certificateName: string | undefined
  /** Serial number and fingerprint of the certificate, for the revocation list. */
  certificateMarks: readonly string[]
  limits: FrameLimits & {
    inHandMessages: number
    inHandBytes: number
    inHandBytesOfAll: number
    payloadBytes: number
  }
  all: TotalInFlight
  clock: Clock
  onProblem: (connection: Connection, problem: FrameProblem) => void
}

/** A slowed device may have fewer messages in flight, and less is read at a time. */
const slowedInFlightMax = 8
const slowedReadBytesMax = 4096
/**
 * PUBACKs that the device has not read; beyond it aedes sends the answer and closes a connection that does not read.
 */
const unreadAnswerBytesMax = 4096

/** Largest part of a PUBLISH beside its payload. */
const topicAndHeaderBytes = 1024

type Phase = 'connect' | 'deciding' | 'open' | 'closed'

export class Connection {
  readonly stream: Duplex
  readonly socket: Socket
  readonly all: TotalInFlight
  /** Messages to topics that are not its own, or that no part of the box reads. */
  elsewhere = 0
  readonly address: string
  readonly certificateName: string | undefined
  readonly certificateMarks: readonly string[]
  readonly delayed: DelayedMessages
  /** Granted filters and their QoS. */
  readonly granted = new Map<string, number>()
  /** The device, once authenticated. */
  identity: Identity | undefined
  /** The device that CONNECT claims. */
  claim: Claim | undefined
  keepaliveSeconds = 0
  /** Set where the connection is ended on purpose; undefined when the device closed it. */
  endReason: string | undefined
  lastHeardMs: number
  /** The rule for the topic that the device used last. */
  lastRight: { topic: string; right: PublishRight } | undefined
  /**
   * The topic of the device's own events, once used, if no subscription to it is allowed: these events need no aedes.
   */
  eventTopic: Buffer | undefined
  /** Messages that aedes has handed on for judging. */
  judged = 0
  /** Takes an event that did not go through aedes. */
  onEvent: OnEvent = () => undefined
  /** Called when events were received, and when held-back bytes may be read. */
  onHeard: () => void = () => undefined
  onRoom: () => void = () => undefined
  /** The delivery round of the last packet sent to it. */
  lastRound = 0
  /** True while its routine messages are slowed down. */
  isSlowed: () => boolean = () => false
  /** Messages (and their bytes) without an answer. */
  inFlight = 0
  inFlightBytes = 0
  readonly answers = new AnswerOrder()
  /** Messages sent to the device and not acknowledged by it. */
  readonly sent = new SentMessages()
  /** Turns of the event loop until its retained messages are stored: a SUBSCRIBE after them waits for it. */
  retainedTurns = 0
  #phase: Phase = 'connect'
  #isHeldBack = false
  /** PUBACKs to send, one byte per character. */
  #unsent = ''
  readonly #guard: FrameGuard
  readonly #limits: ConnectionOptions['limits']
  readonly #clock: Clock
  readonly #onProblem: ConnectionOptions['onProblem']

  constructor(options: ConnectionOptions) {
    this.stream = options.stream
    this.socket = options.socket
    this.all = options.all
    this.address = options.address
    this.certificateName = options.certificateName
    this.certificateMarks = options.certificateMarks
    this.#guard = new FrameGuard(options.limits, (type, packetId) => this.sent.acknowledge(type, packetId))
    this.#limits = options.limits
    this.#clock = options.clock
    this.#onProblem = options.onProblem
    this.delayed = new DelayedMessages(options.clock)
    this.lastHeardMs = options.clock.monotonicMs()
    this.#guardReads()
  }

  get hasSentDisconnect(): boolean {
    return this.#guard.hasSentDisconnect
  }

  /** The list of a bridge is larger than any device's message. */
  allowPayloads(bytesMax: number): void {
    this.#guard.allowFrames(bytesMax + topicAndHeaderBytes)
  }

  /** CONNACK is being sent: what the device sent in the meantime may be read now. */
  open(): void {
    if (this.#phase === 'deciding') this.#phase = 'open'
  }

  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  /** True when more may be read while earlier messages still wait for their commit. */
  hasRoom(): boolean {
    const { inHandMessages, inHandBytes, inHandBytesOfAll } = this.#limits
    if (this.inFlightBytes >= inHandBytes || this.inFlight >= inHandMessages) return false
    // Only a connection with messages in flight waits: its own answer continues the reading.
    if (this.all.bytes >= inHandBytesOfAll && this.inFlight > 0) return false
    return this.inFlight < slowedInFlightMax || !this.isSlowed()
  }

  /** Prepares the PUBACK of an event that did not go through aedes; true when it is the first since `sendAnswers`. */
  acknowledge(packetId: number): boolean {
    const isFirst = this.#unsent === ''
    this.#unsent += encodePuback(packetId)
    return isFirst
  }

  sendAnswers(): void {
    const unsent = this.#unsent
    this.#unsent = ''
    if (this.stream.destroyed || !this.stream.writable) return
    this.stream.write(unsent, 'latin1')
    if (!this.#isHeldBack || !this.hasRoom()) return
    this.#isHeldBack = false
    this.onRoom()
  }

  end(reason: string): void {
    this.endReason ??= reason
    this.#phase = 'closed'
    this.stream.destroy()
  }

  /** Ends it with the answer for an unsupported protocol version. [MQTT-3.1.2-2] */
  endUnknownVersion(reason: string): void {
    this.endReason ??= reason
    this.#phase = 'closed'
    this.stream.end(unknownVersionAnswer, () => this.stream.destroy())
  }

  // aedes would handle packets that follow CONNECT in the same segment before it knows the sender, and limit them to a
  // queue of 42. Held back here, they wait in the socket, and TCP slows the sender down.
  #guardReads(): void {
    const { stream } = this
    const read = stream.read.bind(stream)
    stream.read = (size?: number): unknown => {
      if (this.#phase === 'deciding' || this.#phase === 'closed') return null
      // aedes reads again after each answer.
      if (this.#phase === 'open' && !this.hasRoom()) {
        this.#isHeldBack = true
        return null
      }
      const chunk = read(size) as Buffer | null
      if (chunk === null) return null
      this.lastHeardMs = this.#clock.monotonicMs()
      return this.#pass(chunk)
    }
  }

  #pass(chunk: Buffer): Buffer | null {
    const part = this.#phase === 'open' ? this.#readable(chunk) : chunk
    const events = this.#takeEvents(part)
    if (events === chunk.length || this.stream.destroyed) return null
    const taken = this.#guard.take(events === 0 ? part : part.subarray(events))
    if (typeof taken !== 'number') {
      this.#onProblem(this, taken)
      return null
    }
    if (this.#phase === 'connect' && this.#guard.frames > 0) this.#phase = 'deciding'
    const end = events + taken
    if (end < chunk.length) this.stream.unshift(chunk.subarray(end))
    return taken === chunk.length ? chunk : chunk.subarray(events, end)
  }

  // Only while aedes holds no earlier message of this device: messages to one topic keep their order. [MQTT-4.6.0-5]
  #takeEvents(chunk: Buffer): number {
    const guard = this.#guard
    if (!this.eventTopic || this.#phase !== 'open' || !guard.isBetweenFrames || guard.hasSentDisconnect)
      return 0
    if (guard.publishes !== this.judged || this.stream.writableLength > unreadAnswerBytesMax) return 0
    const taken = takeEvents(chunk, this.eventTopic, this.#limits.payloadBytes, this.onEvent)
    if (taken > 0) this.onHeard()
    return taken
  }

  #readable(chunk: Buffer): Buffer {
    return chunk.length > slowedReadBytesMax && this.isSlowed()
      ? chunk.subarray(0, slowedReadBytesMax)
      : chunk
  }
}

/** The claims of a CONNECT, before any proof. */
export interface Claim {
  clientId: string
  username: string | undefined
  isClean: boolean
  /** MQTT 3.1. */
  isOldVersion: boolean
  willTopic: string | undefined
  willBytes: number
  /** The claimed identity; undefined when the claim is invalid. */
  identity: Identity | undefined
  /** Set when the CONNECT itself is not acceptable. */
  refusal: RefusalCause | undefined
}
