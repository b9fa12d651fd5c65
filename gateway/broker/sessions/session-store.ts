// The sessions for aedes: subscriptions, waiting messages and unfinished QoS 2 exchanges, in memory and bounded.
// Durability is elsewhere: an event is committed before its PUBACK, a command is a row of the journal until its result.
import { Readable } from 'node:stream'
import type { AedesPublishPacket, Client, Subscription } from 'aedes'
import { FilterTree } from './filter-tree.ts'
import { OutboundQueue, type OutboundLimits } from './outbound-queue.ts'
import { RetainedStore, type RetainedLimits } from './retained-store.ts'

export interface SessionLimits extends OutboundLimits, RetainedLimits {
  sessions: number
}

/** Dropped items by place; each has a counter. */
export type DropPlace = 'outbound' | 'retained' | 'session'

interface Filed {
  session: Session
  clientId: string
  topic: string
  qos: number
}

interface Session {
  filed: Map<string, Filed>
  queue: OutboundQueue
}

/**
 * Stands for a session without subscriptions, so that aedes answers "session present"; never granted. [MQTT-3.2.2-2]
 */
export const sessionMarker = '$session'

export interface SessionStoreOptions {
  limits: SessionLimits
  /** True when the client's connection was granted `filter`: a refused filter must not come back with the session. */
  isGranted(client: Client, filter: string): boolean
  /** True when a client of that id is connected now: its session is never evicted. */
  isConnected(clientId: string): boolean
  onDrop(place: DropPlace, topic: string): void
  /** PUBREL is sent to the client (again). */
  onReleased(client: Client, packetId: number): void
}

/** An id of a QoS 2 message that waits for its PUBREL. */
type Incoming = { messageId: number | undefined; takenBy?: Client }
type AckPacket = { cmd?: string; messageId?: number | undefined; brokerCounter?: number; qos?: number }

// The method names are aedes' own persistence interface.
export class SessionStore {
  readonly retained: RetainedStore
  readonly #options: SessionStoreOptions
  readonly #sessions = new Map<string, Session>()
  readonly #tree = new FilterTree<Filed>()
  readonly #incoming = new Map<string, Map<number, Incoming>>()
  readonly #replaying = new WeakSet<object>()

  constructor(options: SessionStoreOptions) {
    this.#options = options
    this.retained = new RetainedStore(options.limits)
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  get waitingCount(): number {
    let waiting = 0
    for (const session of this.#sessions.values()) waiting += session.queue.size
    return waiting
  }

  async setup(): Promise<void> {}

  // Stored at delivery, in one step: see `Delivery`.
  async storeRetained(): Promise<void> {}

  keepRetained(packet: { topic: string }): void {
    if (!this.retained.store(packet as AedesPublishPacket)) this.#options.onDrop('retained', packet.topic)
  }

  // Taken at once: the subscription gets messages published from now on directly.
  createRetainedStreamCombi(filters: string[]): Readable {
    return Readable.from([...this.retained.matching([...new Set(filters.map(String))])])
  }

  async addSubscriptions(client: Client, subscriptions: Subscription[]): Promise<void> {
    const session = this.#openSession(client.id)
    for (const { topic: filter, qos } of subscriptions) {
      const topic = String(filter)
      if (!this.#options.isGranted(client, topic)) continue
      this.#unfile(session, topic)
      const filed = { session, clientId: client.id, topic, qos }
      session.filed.set(topic, filed)
      if (qos > 0) this.#tree.add(topic, filed)
    }
  }

  async removeSubscriptions(client: Client, filters: string[]): Promise<void> {
    const session = this.#sessions.get(client.id)
    if (session) for (const filter of filters) this.#unfile(session, filter)
  }

  /** Called once per CONNECT without clean session: the session opens here if there was none. */
  async subscriptionsByClient(client: Pick<Client, 'id'>): Promise<{ topic: string; qos: number }[]> {
    const known = this.#sessions.get(client.id)
    if (!known) {
      this.#openSession(client.id)
      return []
    }
    const filed = [...known.filed.values()].map(({ topic, qos }) => ({ topic, qos }))
    return [{ topic: sessionMarker, qos: 0 }, ...filed]
  }

  /** One entry per client, with the highest QoS of its matching filters. [MQTT-3.3.5-1] */
  async subscriptionsByTopic(topic: string): Promise<Filed[]> {
    const best = new Map<Session, Filed>()
    this.#tree.match(topic, (filed) => {
      const other = best.get(filed.session)
      if (!other || other.qos < filed.qos) best.set(filed.session, filed)
    })
    return [...best.values()]
  }

  /** A clean session begins: everything stored for the client is removed. */
  async cleanSubscriptions(client: Client): Promise<void> {
    this.#forget(client.id)
  }

  async outgoingEnqueueCombi(filed: Filed[], packet: AedesPublishPacket): Promise<void> {
    for (const { session, qos } of filed) {
      const copy = Object.assign({}, packet, {
        qos: Math.min(qos, packet.qos),
        payload: Buffer.from(packet.payload),
        // A queued message comes from an established subscription. [MQTT-3.3.1-9]
        retain: false,
        dup: false,
      }) as AedesPublishPacket
      if (!session.queue.add(copy)) this.#options.onDrop('outbound', packet.topic)
    }
  }

  /** True when a live copy of `packet` may be sent to the client now, or is (or was) sent from its queue. */
  mayForward(client: Client, brokerCounter: number): boolean {
    if (this.#replaying.has(client)) return false
    const waiting = this.#sessions.get(client.id)?.queue.find(brokerCounter)
    return waiting !== undefined && waiting.sentOn !== client
  }

  async outgoingUpdate(client: Client, packet: AckPacket): Promise<void> {
    const queue = this.#sessions.get(client.id)?.queue
    if (!queue || packet.messageId === undefined) return
    if (packet.cmd === 'pubrel') {
      queue.released(packet.messageId)
      this.#options.onReleased(client, packet.messageId)
      return
    }
    const waiting = packet.brokerCounter === undefined ? undefined : queue.find(packet.brokerCounter)
    // Not stored: QoS 0 after the subscription's limit, or a retained message sent on SUBSCRIBE.
    if (!waiting) return
    // aedes starts its ids at any number after a reconnect; an id that still waits for its acknowledgement is not free.
    let messageId = packet.messageId
    while (waiting.messageId !== messageId && queue.has(messageId)) messageId = (messageId % 65_535) + 1
    packet.messageId = messageId
    queue.sent(waiting, messageId, client)
  }

  // aedes also calls this for copies that it did not send, without a message id; those settle nothing.
  async outgoingClearMessageId(client: Client, packet: AckPacket): Promise<AedesPublishPacket | undefined> {
    if (packet.messageId === undefined) return undefined
    return this.#sessions.get(client.id)?.queue.settle(packet.messageId)
  }

  /**
   * The messages that wait for the client, oldest first; until `endReplay`, live messages join the queue instead of
   * overtaking.
   */
  outgoingStream(client: Client): Readable {
    const session = this.#sessions.get(client.id)
    if (!session || client.clean) return Readable.from([])
    this.#replaying.add(client)
    return Readable.from(this.#replay(client, session))
  }

  *#replay(client: Client, session: Session): Generator<object> {
    for (const waiting of session.queue.entries()) {
      if (waiting.sentOn === client) continue
      waiting.sentOn = client
      const { messageId, packet } = waiting
      if (waiting.cmd === 'pubrel') yield { cmd: 'pubrel', messageId, brokerCounter: packet.brokerCounter }
      // [MQTT-3.3.1-1]: a message that may have arrived before carries DUP.
      else yield Object.assign({}, packet, { messageId, dup: messageId !== undefined })
    }
  }

  /** The replay is written; returns the messages that joined the queue too late for it, to be sent now. */
  endReplay(client: Client): AedesPublishPacket[] {
    this.#replaying.delete(client)
    const session = client.clean ? undefined : this.#sessions.get(client.id)
    if (!session) return []
    return [...session.queue.entries()].filter(({ sentOn }) => sentOn !== client).map(({ packet }) => packet)
  }

  async incomingStorePacket(client: Client, packet: AckPacket): Promise<void> {
    this.#incomingOf(client).set(packet.messageId ?? 0, { messageId: packet.messageId })
  }

  // aedes calls this for each PUBLISH at QoS 2, and for each PUBREL. It handles the packets of one segment in parallel,
  // so that a copy behind its original would be delivered too [MQTT-4.3.3-2]: the first call takes the id.
  async incomingGetPacket(client: Client, packet: AckPacket): Promise<AckPacket> {
    const messageId = packet.messageId ?? 0
    const kept = this.#incoming.get(client.id)?.get(messageId)
    if (kept && (kept.takenBy === undefined || kept.takenBy === client)) return kept
    // Until it is stored the id is taken only for this connection: if that ends first, the message counts when it comes
    // again.
    if (packet.cmd === 'publish') this.#incomingOf(client).set(messageId, { messageId, takenBy: client })
    throw new Error('no such packet')
  }

  async incomingDelPacket(client: Client, packet: AckPacket): Promise<void> {
    const kept = this.#incoming.get(client.id)
    if (!kept?.delete(packet.messageId ?? 0)) throw new Error('no such packet')
    if (kept.size === 0) this.#incoming.delete(client.id)
  }

  async cleanIncoming(client: Client): Promise<void> {
    this.#incoming.delete(client.id)
  }

  // A will lives as long as its connection, and aedes stores it there; there is no other broker to take it over.
  async putWill(): Promise<void> {}
  async delWill(): Promise<void> {}
  streamWill(): Readable {
    return Readable.from([])
  }

  /** The session's client has disconnected; among the waiting sessions this one is evicted last. */
  touch(clientId: string): void {
    const session = this.#sessions.get(clientId)
    if (!session) return
    this.#sessions.delete(clientId)
    this.#sessions.set(clientId, session)
  }

  /** Ids of the stored sessions, oldest first, that start with `prefix`. */
  sessionsOf(prefix: string): string[] {
    return [...this.#sessions.keys()].filter((id) => id.startsWith(prefix))
  }

  /** Removes a session without a connected client, to make room. */
  evict(clientId: string): void {
    this.#forget(clientId)
    this.#options.onDrop('session', clientId)
  }

  #incomingOf({ id }: Client): Map<number, Incoming> {
    let kept = this.#incoming.get(id)
    if (!kept) this.#incoming.set(id, (kept = new Map<number, Incoming>()))
    return kept
  }

  #openSession(clientId: string): Session {
    const known = this.#sessions.get(clientId)
    if (known) return known
    if (this.#sessions.size >= this.#options.limits.sessions) {
      for (const id of this.#sessions.keys()) {
        if (this.#options.isConnected(id)) continue
        this.evict(id)
        break
      }
    }
    const session: Session = { filed: new Map(), queue: new OutboundQueue(this.#options.limits) }
    this.#sessions.set(clientId, session)
    return session
  }

  #unfile(session: Session, filter: string): void {
    const filed = session.filed.get(filter)
    if (!filed) return
    session.filed.delete(filter)
    this.#tree.remove(filter, filed)
  }

  #forget(clientId: string): void {
    const session = this.#sessions.get(clientId)
    if (!session) return
    for (const filter of session.filed.keys()) this.#unfile(session, filter)
    this.#sessions.delete(clientId)
    this.#incoming.delete(clientId)
  }
}
