// One device connection: the gate in front of aedes' parser, and what the broker knows about the other end.
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
import { SlowLane } from '../events/slow-lane.ts'

/** What all connections of a broker have in hand. */
export interface AllInHand {
  bytes: number
}

export interface ConnectionOptions {
  stream: Duplex
  /** What is below `stream`, or the same. */
  socket: Socket
  address: string
  /** The common name of a verified client certificate. */
  certificateName: string | undefined
  /** Serial number and fingerprint of it, for the revocation list. */
  certificateMarks: readonly string[]
  limits: FrameLimits & {
    inHandMessages: number
    inHandBytes: number
    inHandBytesOfAll: number
    payloadBytes: number
  }
  all: AllInHand
  clock: Clock
  onProblem: (connection: Connection, problem: FrameProblem) => void
}

/** While a device is slowed down it has less in hand, and less is read in one go. */
const slowedInHandMax = 8
const slowedReadBytesMax = 4096
/** PUBACKs that the device has not taken yet; beyond it aedes answers, which gives up on who does not read. */
const unreadAnswerBytesMax = 4096

/** What a PUBLISH has beside its payload, at most. */
const topicAndHeaderBytes = 1024

type Phase = 'connect' | 'deciding' | 'open' | 'closed'

export class Connection {
  readonly stream: Duplex
  readonly socket: Socket
  readonly all: AllInHand
  readonly address: string
  readonly certificateName: string | undefined
  readonly certificateMarks: readonly string[]
  readonly slowLane: SlowLane
  /** Granted filters and their QoS. */
  readonly granted = new Map<string, number>()
  /** Who it is, once proven. */
  identity: Identity | undefined
  /** Who it says it is, from its CONNECT. */
  claim: Claim | undefined
  keepaliveSeconds = 0
  /** Set by whoever ends the connection; undefined when it just went away. */
  endReason: string | undefined
  lastHeardMs: number
  /** What the device may do with the topic it used last. */
  lastRight: { topic: string; right: PublishRight } | undefined
  /** The topic of its own events, once it has used it and if nobody may subscribe to it: those need no aedes. */
  eventTopic: Buffer | undefined
  /** Messages that aedes has handed on to be judged. */
  judged = 0
  /** Takes an event that did not go through aedes. */
  onEvent: OnEvent = () => undefined
  /** Told when events were heard, and when held-back bytes may be read. */
  onHeard: () => void = () => undefined
  onRoom: () => void = () => undefined
  /** The delivery round in which it last got a packet. */
  lastRound = 0
  /** True while its routine messages are slowed down. */
  isSlowed: () => boolean = () => false
  /** Messages (and their bytes) that have no answer yet. */
  inHand = 0
  inHandBytes = 0
  readonly answers = new AnswerOrder()
  /** What it was sent and has not acknowledged. */
  readonly sent = new SentMessages()
  /** Turns of the event loop until its retained messages are stored: a SUBSCRIBE behind them waits for it. */
  retainedTurns = 0
  #phase: Phase = 'connect'
  #isHeldBack = false
  /** PUBACKs to send, one byte a character. */
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
    this.slowLane = new SlowLane(options.clock)
    this.lastHeardMs = options.clock.monotonicMs()
    this.#guardPushes()
    this.#guardReads()
  }

  get hasSaidGoodbye(): boolean {
    return this.#guard.hasSaidGoodbye
  }

  /** A bridge sends lists that are larger than any device's message. */
  allowPayloads(bytesMax: number): void {
    this.#guard.allowFrames(bytesMax + topicAndHeaderBytes)
  }

  /** CONNACK is on its way: what the device has sent meanwhile may be read now. */
  open(): void {
    if (this.#phase === 'deciding') this.#phase = 'open'
  }

  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  /** Whether more may be read while earlier messages still wait for their commit. */
  hasRoom(): boolean {
    const { inHandMessages, inHandBytes, inHandBytesOfAll } = this.#limits
    if (this.inHandBytes >= inHandBytes || this.inHand >= inHandMessages) return false
    // Only one with something in hand waits: its own answer lets it read on.
    if (this.all.bytes >= inHandBytesOfAll && this.inHand > 0) return false
    return this.inHand < slowedInHandMax || !this.isSlowed()
  }

  /** Gets the PUBACK of an event that did not go through aedes ready; true when it is the first since `sendAnswers`. */
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

  /** Ends it with the answer to a version that is not spoken here. [MQTT-3.1.2-2] */
  endUnknownVersion(reason: string): void {
    this.endReason ??= reason
    this.#phase = 'closed'
    this.stream.end(unknownVersionAnswer, () => this.stream.destroy())
  }

  // Events are taken as they come off the socket: queueing them in the stream, telling that there is something to read and
  // reading it out again costs a tenth of what an event costs in all. Only while nothing that came before is queued there.
  #guardPushes(): void {
    const { stream } = this
    const push = stream.push.bind(stream)
    stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      const isNext = this.#phase === 'open' && stream.readableLength === 0 && this.hasRoom()
      if (!isNext || !Buffer.isBuffer(chunk) || this.#readable(chunk) !== chunk) return push(chunk, encoding)
      const events = this.#takeEvents(chunk)
      if (events === 0) return push(chunk, encoding)
      this.lastHeardMs = this.#clock.monotonicMs()
      return events === chunk.length || push(chunk.subarray(events), encoding)
    }
  }

  // aedes would handle packets that follow CONNECT in the same breath before it knows who sent them, and count
  // them against a queue of 42. Held back here, they wait in the socket, and TCP slows the sender down.
  #guardReads(): void {
    const { stream } = this
    const read = stream.read.bind(stream)
    stream.read = (size?: number): unknown => {
      if (this.#phase === 'deciding' || this.#phase === 'closed') return null
      // aedes asks again after each answer.
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

  // Only while aedes holds nothing of this device that came before: messages to one topic keep their order. [MQTT-4.6.0-5]
  #takeEvents(chunk: Buffer): number {
    const guard = this.#guard
    if (!this.eventTopic || this.#phase !== 'open' || !guard.isBetweenFrames || guard.hasSaidGoodbye) return 0
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

/** What a CONNECT claims, before anything is proven. */
export interface Claim {
  clientId: string
  username: string | undefined
  isClean: boolean
  /** MQTT 3.1. */
  isOldVersion: boolean
  willTopic: string | undefined
  willBytes: number
  /** Who that would be; undefined when it can not be anybody. */
  identity: Identity | undefined
  /** Set when the CONNECT itself is not acceptable. */
  refusal: RefusalCause | undefined
}
