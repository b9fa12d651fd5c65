// The device broker: aedes behind our own checks, rules and stores. Its promises are in port.ts.
import { Aedes, type Client } from 'aedes'
import { Access } from './credentials/access.ts'
import { Admission } from './connections/admission.ts'
import {
  causeOfFailure,
  deliverTo,
  disableCopyCheck,
  noteHeard,
  publishFrom,
  continueReading,
  readOn,
} from './aedes-internals.ts'
import type { BrokerOptions } from './broker-options.ts'
import { createBrokerMetrics, type BrokerMetrics } from './broker-metrics.ts'
import { Connection } from './connections/connection.ts'
import { answerEachFilter } from '../../platform/mqtt/answer-each-filter.ts'
import type { FrameProblem } from '../../platform/mqtt/frame-guard.ts'
import { describeViolation } from '../../platform/mqtt/packet-rules.ts'
import { Delivery } from './sessions/delivery.ts'
import { watchFiles } from '../../platform/file-watch.ts'
import { watchIdle } from './connections/idle-watch.ts'
import { Listeners, type Arrival } from './connections/listeners.ts'
import { PasswordCredentials } from './credentials/password-credentials.ts'
import {
  noGrants,
  type BrokerAddress,
  type DeviceBroker,
  type DeviceSighting,
  type OwnEvent,
  type PublishChoice,
  type RefusedDevice,
} from './port.ts'
import { Places } from './connections/places.ts'
import { PublishRate } from './events/publish-rate.ts'
import { Publishing } from './events/publishing.ts'
import { Refusals, type RefusalCause } from './refusals.ts'
import { SessionStore } from './sessions/session-store.ts'
import { RefusedDevices } from './connections/refused-devices.ts'
import { Sightings } from './connections/sightings.ts'
import { Subscriptions } from './sessions/subscriptions.ts'

/** How long stop waits for messages in flight; the others have no PUBACK, so devices send them again. */
const settleMsMax = 2000
/** aedes publishes its own state on $SYS this often; it has no subscribers. */
const heartbeatMs = 3_600_000

export function createBroker(options: BrokerOptions): DeviceBroker {
  return new Broker(options)
}

class Broker implements DeviceBroker {
  readonly #options: BrokerOptions
  readonly #metrics: BrokerMetrics
  readonly #refusals: Refusals
  readonly #sightings = new Sightings()
  readonly #refused = new RefusedDevices()
  readonly #delivery = new Delivery((packet) => this.#store.keepRetained(packet))
  readonly #store: SessionStore
  readonly #access: Access
  readonly #rate: PublishRate
  readonly #publishing: Publishing
  readonly #admission: Admission
  readonly #subscriptions: Subscriptions
  readonly #listeners: Listeners
  readonly #places: Places
  readonly #passwords: PasswordCredentials | undefined
  readonly #aedes: Aedes
  readonly #connections = new Map<Client, { connection: Connection; refusal: RefusalCause | undefined }>()
  readonly #byStream = new WeakMap<object, { connection: Connection; refusal: RefusalCause | undefined }>()
  readonly #holders = new Map<string, Connection>()
  readonly #totalInFlight = { bytes: 0 }
  readonly #readyListeners = new Set<(device: string) => void>()
  #state: 'created' | 'started' | 'stopping' | 'stopped' = 'created'
  #undo: (() => void)[] = []

  constructor(options: BrokerOptions) {
    this.#options = options
    const { settings, logger, clock } = options
    const { limits } = settings
    this.#metrics = this.#createMetrics(options)
    this.#refusals = new Refusals(logger, this.#metrics.refusals, clock)
    this.#access = new Access({ access: settings.access, grants: options.grants ?? noGrants, limits })
    this.#rate = new PublishRate(limits, clock)
    this.#store = new SessionStore({
      limits,
      isGranted: (client, filter) => this.#connectionOf(client)?.granted.has(filter) === true,
      isConnected: (clientId) => this.#holders.has(clientId),
      onReleased: (client, packetId) => this.#connectionOf(client)?.sent.released(packetId),
      onDrop: (place, topic) => {
        this.#metrics.dropped.inc({ place })
        logger.debug({ place, topic }, 'dropped, a bound is reached')
      },
    })
    this.#passwords = options.credentials
      ? undefined
      : new PasswordCredentials({ file: settings.passwordFile, limits, clock, logger })
    this.#places = new Places({ limits, clock, refusals: this.#refusals })
    this.#listeners = new Listeners({
      settings: settings.listeners,
      limits,
      clock,
      logger,
      refusals: this.#refusals,
      places: this.#places,
      onArrival: (arrival) => this.#arrive(arrival),
    })
    this.#publishing = new Publishing({
      settings,
      access: this.#access,
      intake: options.intake,
      rate: this.#rate,
      metrics: this.#metrics,
      refusals: this.#refusals,
      sightings: this.#sightings,
    })
    this.#subscriptions = new Subscriptions({
      limits,
      access: this.#access,
      refusals: this.#refusals,
      delivery: this.#delivery,
      store: this.#store,
      connectionOf: (client) => this.#connectionOf(client),
    })
    this.#admission = new Admission({
      settings,
      access: this.#access,
      credentials: options.credentials ?? (this.#passwords as PasswordCredentials),
      clock,
      refused: this.#refused,
      refusals: this.#refusals,
      store: this.#store,
      isRevoked: (marks) => this.#listeners.isRevoked(marks),
      isStopping: () => this.#state !== 'started',
      places: this.#places,
      holderOf: (internalId) => this.#holders.get(internalId),
      onTakeover: () => this.#metrics.takeovers.inc(),
      onProven: (device, proof, mark) => options.intake.admitted(device, proof, mark),
    })
    this.#aedes = this.#createAedes()
  }

  #createMetrics({ metrics }: BrokerOptions): ReturnType<typeof createBrokerMetrics> {
    return createBrokerMetrics(metrics, {
      connections: () => this.#places.connections,
      devicesConnected: () => this.#sightings.connectedCount,
      sessions: () => this.#store.sessionCount,
      waiting: () => this.#store.waitingCount,
      retained: () => this.#store.retained.size,
      waitingForTurn: () => this.#publishing.waitingForTurn,
      messages: () => this.#publishing.messages,
    })
  }

  async start(): Promise<void> {
    if (this.#state !== 'created') return
    await this.#passwords?.load()
    await this.#aedes.listen()
    this.#state = 'started'
    try {
      await this.#listeners.start()
    } catch (error) {
      await this.stop()
      throw error
    }
    const { settings, clock, logger } = this.#options
    const files = [settings.passwordFile ?? [], this.#listeners.files()].flat()
    this.#undo.push(
      watchFiles(files, clock, () => this.reload()),
      watchIdle({
        connections: () => this.#open(),
        clock,
        idleMs: settings.limits.idleMs,
        refusals: this.#refusals,
      }),
    )
    logger.info({ addresses: this.addresses() }, 'broker listens')
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopping' || this.#state === 'stopped') return
    this.#state = 'stopping'
    for (const undo of this.#undo.splice(0)) undo()
    this.#listeners.refuse()
    for (const connection of this.#open()) connection.delayed.end()
    const late = new Promise<void>((resolve) => this.#options.clock.after(settleMsMax, resolve))
    await Promise.race([this.#publishing.settled(), late])
    // The last answers are sent in the next turn.
    await new Promise((resolve) => setImmediate(resolve))
    for (const connection of this.#open()) connection.endReason ??= 'stopping'
    await new Promise<void>((resolve) => this.#aedes.close(resolve))
    for (const connection of this.#open()) connection.end('stopping')
    this.#state = 'stopped'
  }

  addresses = (): BrokerAddress[] => this.#listeners.addresses()

  publish(topic: string, payload: Uint8Array | string, choice: PublishChoice = {}): Promise<void> {
    return publishFrom(this.#aedes, topic, payload, choice)
  }

  onDeviceReady(listener: (device: string) => void): () => void {
    this.#readyListeners.add(listener)
    return () => this.#readyListeners.delete(listener)
  }

  onSighting = (listener: (sighting: DeviceSighting) => void): (() => void) =>
    this.#sightings.onChange(listener)

  sightingOf = (device: string): DeviceSighting => this.#sightings.of(device)
  sightings = (): DeviceSighting[] => this.#sightings.all()
  refused = (): RefusedDevice[] => this.#refused.all()
  proveAnswer = (event: OwnEvent): Promise<void> => this.#listeners.proveAnswer(event)

  async reload(): Promise<void> {
    const { logger } = this.#options
    try {
      await this.#passwords?.load()
      await this.#listeners.reload()
      logger.info({}, 'passwords, certificates and revocations read again')
    } catch (error) {
      logger.error(
        { err: error },
        'could not read passwords, certificates or revocations again; the old ones stay',
      )
    }
    for (const connection of this.#open()) {
      if (!this.#listeners.isRevoked(connection.certificateMarks)) continue
      this.#refusals.report('certificate-revoked', { device: connection.identity?.device })
      connection.end('certificate-revoked')
    }
  }

  #createAedes(): Aedes {
    const { limits } = this.#options.settings
    const aedes = new Aedes({
      mq: this.#delivery,
      persistence: this.#store,
      heartbeatInterval: heartbeatMs,
      connectTimeout: limits.connectTimeoutMs,
      drainTimeout: limits.drainTimeoutMs,
      maxInflightInbound: limits.qos2InFlight,
      // The internal ids are longer than 23 characters because they contain the identity; the limit on client ids is
      // checked earlier.
      maxClientsIdLength: 100_000,
      preConnect: (client, packet, done) => {
        const found = this.#byStream.get(client.conn)
        const error = found
          ? this.#admission.read(found.connection, packet, found.refusal)
          : new Error('unknown stream')
        done(error ?? null, error === undefined)
      },
      authenticate: (client, _username, password, done) => void this.#authenticate(client, password, done),
      authorizePublish: (client, packet, done) => {
        const connection = client ? this.#connectionOf(client) : undefined
        if (client && connection) this.#publishing.authorize(connection, client, packet, done)
        else done(new Error('a message without a sender'))
      },
      authorizeSubscribe: (client, subscription, done) =>
        this.#subscriptions.authorize(client, subscription, done),
      authorizeForward: (client, packet) => this.#subscriptions.forward(client, packet),
    })
    aedes.on('connackSent', (packet, client) => {
      if (packet.returnCode === 0) this.#connectionOf(client)?.open()
    })
    aedes.on('clientReady', (client) => this.#ready(client))
    aedes.on('clientDisconnect', (client) => this.#disconnected(client))
    aedes.on('client', (client) => this.#registered(client))
    // Only now can the device receive the messages that waited for it.
    aedes.on('subscribe', (_subscriptions, client) => this.#tellReady(this.#connectionOf(client)))
    aedes.on('unsubscribe', (filters, client) => {
      const connection = this.#connectionOf(client)
      for (const filter of filters) connection?.granted.delete(filter)
    })
    aedes.on('keepaliveTimeout', (client) => {
      const connection = this.#connectionOf(client)
      if (connection) connection.endReason ??= 'keepalive'
    })
    aedes.on('clientError', (client, error) => this.#failed(client, error))
    aedes.on('connectionError', (client, error) => this.#failed(client, error))
    return aedes
  }

  #arrive(arrival: Arrival): void {
    const { clock, settings } = this.#options
    const connection = new Connection({
      ...arrival,
      limits: settings.limits,
      all: this.#totalInFlight,
      clock,
      onProblem: (broken, problem) => this.#refuseFrame(broken, problem),
    })
    const entry = { connection, refusal: arrival.refusal }
    this.#byStream.set(arrival.stream, entry)
    // Before aedes adds its own listener.
    arrival.stream.on('readable', () => {
      if (connection.isOpen && connection.hasRoom()) readOn(client)
    })
    const client = this.#aedes.handle(arrival.stream)
    this.#connections.set(client, entry)
    disableCopyCheck(this.#aedes, client)
    answerEachFilter(client)
    connection.onEvent = (packetId, bytes, isRetained) =>
      this.#publishing.takeEvent(connection, packetId, bytes, isRetained)
    connection.onHeard = () => noteHeard(client)
    connection.onRoom = () => continueReading(client)
    connection.isSlowed = () => this.#publishing.isSlowed(connection.identity?.device)
    arrival.stream.once('close', () => {
      connection.delayed.end()
      this.#connections.delete(client)
      this.#disconnected(client)
    })
  }

  #refuseFrame(connection: Connection, problem: FrameProblem): void {
    const { cause } = problem
    const who = { device: connection.identity?.device, address: connection.address }
    this.#refusals.report(cause, who, 'violation' in problem ? describeViolation(problem.violation) : {})
    if (cause === 'mqtt-5' || cause === 'unknown-version') connection.endUnknownVersion(cause)
    else connection.end(cause)
  }

  async #authenticate(
    client: Client,
    password: Buffer | undefined,
    done: (error: (Error & { returnCode: number }) | null, isWelcome: boolean | null) => void,
  ): Promise<void> {
    const connection = this.#connectionOf(client)
    if (!connection || client.closed) return
    try {
      const refusal = await this.#admission.decide(connection, client, password)
      // A connection that has closed must not be registered: it would never be removed.
      if (client.closed) return
      done(refusal ?? null, refusal === undefined)
    } catch (error) {
      this.#options.logger.error({ err: error }, 'could not check a device')
      done(Object.assign(new Error('could not check'), { returnCode: 3 }), null)
    }
  }

  #registered(client: Client): void {
    const connection = this.#connectionOf(client)
    if (connection) this.#holders.set(client.id, connection)
  }

  #ready(client: Client): void {
    const connection = this.#connectionOf(client)
    const device = connection?.identity?.device
    const replayed = this.#store.endReplay(client)
    // If the device has closed in the meantime, no further event follows, so it must not be noted as connected.
    if (!connection || device === undefined || client.closed || client.conn.destroyed) return
    for (const packet of replayed) deliverTo(client, packet)
    this.#sightings.connected(device, connection)
    this.#options.logger.debug(
      { device, clientId: client.id, address: connection.address },
      'device connected',
    )
    this.#tellReady(connection)
  }

  #tellReady(connection: Connection | undefined): void {
    const device = connection?.identity?.device
    if (device !== undefined) for (const listener of this.#readyListeners) listener(device)
  }

  /** Called by aedes, and when the stream has closed: a device that has gone must not look connected. */
  #disconnected(client: Client): void {
    const connection = this.#byStream.get(client.conn)?.connection
    const device = connection?.identity?.device
    if (!connection || device === undefined) return
    if (this.#holders.get(client.id) === connection) this.#holders.delete(client.id)
    this.#store.touch(client.id)
    const reason = connection.hasSentDisconnect ? 'disconnect' : (connection.endReason ?? 'connection lost')
    if (!this.#sightings.disconnected(device, connection, reason)) return
    this.#options.logger.debug({ device, clientId: client.id, reason }, 'device disconnected')
  }

  #failed(client: Client, error: Error): void {
    const connection = this.#connectionOf(client)
    if (!connection) return
    this.#options.logger.debug({ address: connection.address, error: error.message }, 'connection failed')
    // Network errors are expected.
    const isJustGone = error.message === 'connection closed'
    if (connection.endReason !== undefined || 'code' in error || isJustGone) return
    const cause = causeOfFailure(error.message)
    connection.endReason = cause
    const who = { device: connection.identity?.device, address: connection.address }
    this.#refusals.report(cause, who, { detail: error.message })
  }

  #connectionOf(client: Client): Connection | undefined {
    return this.#byStream.get(client.conn)?.connection
  }

  *#open(): Generator<Connection> {
    for (const { connection } of this.#connections.values()) yield connection
  }
}
