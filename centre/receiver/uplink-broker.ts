// The MQTT side of the centre: boxes connect, publish under their own name only, and receive messages. The only file
// that uses aedes. It does not use storage: a Report is acknowledged when `onReport` calls back.
import type { AddressInfo, Server, Socket } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import { Aedes, type AedesOptions, type AuthenticateError, type Client } from 'aedes'
import { Counter, Gauge } from 'prom-client'
import { parseDownTopic, parseUpTopic } from '../../protocols/uplink/topics.ts'
import type { DownChannel } from '../../protocols/uplink/topics.ts'
import { isPictureChunk } from '../../protocols/uplink/picture-chunk.ts'
import { answerEachFilter } from '../../platform/mqtt/answer-each-filter.ts'
import { GuessLimit } from '../../platform/strangers/guess-limit.ts'
import { BoxPasswords, claimOf, type Claim } from './box-credentials.ts'
import { watchFiles } from '../../platform/file-watch.ts'
import { StrangerGuard } from '../../platform/strangers/stranger-guard.ts'
import { backlog, uplinkLimits } from './uplink-limits.ts'
import { BoxAdmission } from './box-admission.ts'
import { BoxSessions } from './connections/box-sessions.ts'
import type { TlsFiles, UplinkBrokerOptions, UplinkListenerSettings } from './connections/uplink-options.ts'
import { guardUplinkFrames } from './connections/uplink-frames.ts'
import { createUplinkServer, readTls, tlsFilesOf } from './connections/uplink-server.ts'
import { UnacknowledgedBytes } from './connections/unacknowledged-bytes.ts'
import { RefusedBoxes } from './connections/refused-boxes.ts'

/** A heartbeat comes every 30 s; a connection without messages for this long is dead. */
const quietMsMax = 240_000
const connectMsMax = 10_000
/** Interval for checking the files of certificates and revoked boxes: a revoked box is disconnected within a second. */
const filesLookedAtEveryMs = 400

type Callbacks = Required<Pick<AedesOptions, 'preConnect' | 'authorizePublish' | 'authorizeSubscribe'>>

export class UplinkBroker {
  readonly #options: UplinkBrokerOptions
  readonly #passwords: BoxPasswords
  readonly #guesses: GuessLimit
  readonly #unacknowledged = new UnacknowledgedBytes()
  readonly #servers: Server[] = []
  readonly #claims = new WeakMap<Client, Claim>()
  readonly #sessions = new BoxSessions(() => void this.#refuse('reads-nothing'))
  readonly #sockets = new Set<Socket>()
  readonly #guard: StrangerGuard
  readonly #admission: BoxAdmission
  readonly #tlsServers: [server: TlsServer, files: TlsFiles][] = []
  #stopWatching: () => void = () => undefined
  readonly #refused
  readonly #refusedBoxes: RefusedBoxes
  #broker: Aedes | undefined

  constructor(options: UplinkBrokerOptions) {
    this.#options = options
    this.#passwords = new BoxPasswords(options.passwordFile)
    this.#guesses = new GuessLimit(options.clock)
    this.#guard = new StrangerGuard({
      limits: uplinkLimits,
      clock: options.clock,
      onRefused: (reason) => void this.#refuse(reason),
    })
    const { revokedFile, admittedFile, isRevoked, logger } = options
    this.#admission = new BoxAdmission({ revokedFile, admittedFile, isRevoked, logger })
    this.#refusedBoxes = new RefusedBoxes(logger, options.clock)
    const registers = [options.registry]
    this.#refused = new Counter({
      name: 'gengfu_centre_uplink_refused_total',
      help: 'Connections, frames and publishes refused, by reason',
      labelNames: ['reason'],
      registers,
    })
    const sessions = this.#sessions
    new Gauge({
      name: 'gengfu_centre_boxes_connected',
      help: 'Boxes with a session',
      registers,
      collect() {
        this.set(sessions.boxes)
      },
    })
  }

  /** Addresses for boxes, in the order of the listeners. */
  get urls(): string[] {
    return this.#servers.map((server, i) => {
      const { port } = server.address() as AddressInfo
      const listener = this.#options.listeners[i]
      const host = listener?.host ?? '127.0.0.1'
      return `${listener?.tls ? 'mqtts' : 'mqtt'}://${host.includes(':') ? `[${host}]` : host}:${port}`
    })
  }

  async start(): Promise<void> {
    await this.#admission.load()
    const on = this.#createCallbacks()
    const broker = await Aedes.createBroker({
      connectTimeout: connectMsMax,
      drainTimeout: 5000,
      maxClientsIdLength: 128,
      queueLimit: 256,
      preConnect: (client, packet, callback) =>
        this.#guarded(
          (error) => callback(error, false),
          () => on.preConnect(client, packet, callback),
        ),
      authenticate: (client, _user, password, done) =>
        this.#guarded(
          (error) => done(error, null),
          () => this.#authenticate(client, password, done),
        ),
      authorizePublish: (client, packet, callback) =>
        this.#guarded(callback, () => on.authorizePublish(client, packet, callback)),
      authorizeSubscribe: (client, subscription, callback) =>
        this.#guarded(
          (error) => callback(error, null),
          () => on.authorizeSubscribe(client, subscription, callback),
        ),
    })
    this.#broker = broker
    broker.on('clientReady', (client) => this.#open(client))
    broker.on('clientDisconnect', (client) => this.#close(client))
    broker.on('subscribe', (subscriptions, client) => {
      const box = this.#claims.get(client)?.box
      if (box === undefined) return
      for (const { topic } of subscriptions) {
        const down = parseDownTopic(topic)
        // Once per session: the due Receipts of a box are read from the database.
        if (!down || !this.#sessions.listen(box, client, down.channel)) continue
        this.#guarded(
          () => client.conn.destroy(),
          () => this.#options.onSubscribed(down.box, down.channel),
        )
      }
    })
    for (const listener of this.#options.listeners) await this.#listen(listener, broker)
    const files = this.#options.listeners.flatMap(({ tls }) => (tls ? tlsFilesOf(tls) : []))
    const watched = [...files, ...this.#admission.files]
    this.#stopWatching = watchFiles(watched, this.#options.clock, () => this.reload(), filesLookedAtEveryMs)
  }

  /**
   * Reads certificates and the lists of revoked and admitted boxes again; sessions that are no longer admitted end now.
   */
  async reload(): Promise<void> {
    for (const [server, files] of this.#tlsServers) {
      try {
        server.setSecureContext(readTls(files))
      } catch (error) {
        this.#options.logger.error(
          { err: error },
          'a certificate of the uplink can not be read: the old one stays',
        )
      }
    }
    await this.#admission.reload()
    for (const client of this.#sessions.clients()) if (this.#isShutOut(client)) client.conn.destroy()
  }

  /** Ends every session of these boxes: they connect again, here or to another centre. */
  cut(boxes: readonly string[]): void {
    const gone = new Set(boxes)
    for (const client of this.#sessions.clients())
      if (gone.has(this.#claims.get(client)?.box ?? '')) client.conn.destroy()
  }

  #isShutOut(client: Client): boolean {
    const claim = this.#claims.get(client)
    const reason = claim && this.#admission.refusal(claim.box, claim.marks)
    if (!claim || !reason) return false
    this.#refuse(reason)
    this.#options.onShutOut(claim.box, reason, (client.conn as Socket).remoteAddress ?? '')
    return true
  }

  #createCallbacks(): Callbacks {
    return {
      preConnect: (client, packet, callback) => {
        const claim = claimOf(client.conn, packet.username, packet.clientId)
        if (!claim) return callback(this.#refuse('no-box-name', client, undefined, packet.clientId), false)
        if (!packet.clean || packet.will) {
          // Sessions and wills would stay in memory for boxes that may never return.
          packet.clean = true
          delete packet.will
        }
        // No box can take over the session of another by choosing its client id.
        packet.clientId = `${claim.box}/${packet.clientId.slice(0, 64)}`
        this.#claims.set(client, claim)
        return callback(null, true)
      },
      authorizePublish: (client, packet, callback) => {
        const claim = client ? this.#claims.get(client) : undefined
        const box = claim?.box
        const topic = parseUpTopic(packet.topic)
        if (!client || !claim || box === undefined || topic?.box !== box)
          return callback(this.#refuse('publish', client, box, topic?.box))
        this.#options.onSpoke(box, claim)
        packet.retain = false
        const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload)
        if (topic.channel === 'heartbeat') {
          this.#options.onHeartbeat(box, payload)
          return callback(null)
        }
        const { onResult, onUnstored } = this.#options
        if (topic.channel === 'result') return void this.#store(box, onResult(box, payload), callback)
        if (topic.channel === 'unkept') return void this.#store(box, onUnstored(box, payload), callback)
        if (topic.channel === 'picture' && isPictureChunk(payload)) {
          this.#options.onPicture(box, payload)
          return callback(null)
        }
        const letGo = this.#unacknowledged.take(client.conn, payload.byteLength)
        return this.#options.onReport(box, topic.channel, packet.topic, payload, (error) => {
          letGo()
          callback(error)
        })
      },
      authorizeSubscribe: (client, subscription, callback) => {
        const box = this.#claims.get(client)?.box
        const topic = parseDownTopic(subscription.topic)
        if (box === undefined || topic?.box !== box) {
          this.#refuse('subscribe', client, box, topic?.box)
          return callback(null, null)
        }
        return callback(null, subscription)
      },
    }
  }

  /** True when a session of `box` has subscribed to `channel`. */
  canReach(box: string, channel: DownChannel): boolean {
    return this.#sessions.canReach(box, channel)
  }

  /** Sends to every subscribed session of `box`; false when there is none. */
  publish(box: string, channel: DownChannel, payload: Uint8Array, qos: 0 | 1): boolean {
    return this.#sessions.publish(box, channel, payload, qos)
  }

  /** Closes every connection and stops listening; running commits continue. */
  async stop(): Promise<void> {
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    )
    this.#stopWatching()
    const broker = this.#broker
    this.#broker = undefined
    if (broker) await new Promise<void>((resolve) => broker.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(closed)
  }

  async #listen(listener: UplinkListenerSettings, broker: Aedes): Promise<void> {
    const accept = (socket: Socket): void => this.#accept(socket, broker)
    const { tls } = listener
    const server = createUplinkServer(tls, connectMsMax, accept)
    this.#guard.watch(server)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port: listener.port, host: listener.host, backlog }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    server.on('error', (error) => this.#options.logger.error({ err: error }, 'an uplink listener failed'))
    server.on('tlsClientError', () => this.#refuse('tls'))
    this.#servers.push(server)
    if (tls) this.#tlsServers.push([server as TlsServer, tls])
  }

  #accept(socket: Socket, broker: Aedes): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setKeepAlive(true, 60_000)
    socket.setTimeout(quietMsMax, () => socket.destroy())
    guardUplinkFrames(socket, {
      isStranger: () => this.#guard.isStranger(socket),
      isHeld: () => this.#unacknowledged.isHeld(socket),
      onProblem: (cause, facts) => this.#refuseFrame(socket, cause, facts),
    })
    answerEachFilter(broker.handle(socket))
  }

  async #store(box: string, storing: Promise<void>, done: (error?: Error) => void): Promise<void> {
    try {
      await storing
      done()
    } catch (error) {
      this.#options.logger.error({ err: error, box }, 'a message of a box could not be stored')
      done(error as Error)
    }
  }

  #authenticate(
    client: Client,
    password: Readonly<Buffer | undefined>,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const claim = this.#claims.get(client)
    if (!claim) return done(this.#refuse('no-box-name'), null)
    const address = (client.conn as Socket).remoteAddress ?? ''
    // The right password is not checked either: otherwise each guess would still be tried.
    if (!claim.isCertified && password !== undefined && !this.#guesses.allows(claim.box, address))
      return done(this.#refuse('throttled', client, claim.box), null)
    let isProven = claim.isCertified
    try {
      isProven ||= this.#passwords.matches(claim.box, password)
    } catch (error) {
      this.#options.logger.error({ err: error }, 'the file of box passwords can not be read')
    }
    // A given password must be right, also where boxes without one are admitted.
    isProven ||= this.#options.isAnonymousAllowed && password === undefined
    if (!isProven) {
      if (password !== undefined) this.#guesses.note(claim.box, address)
      return done(this.#refuse('credentials', client, claim.box), null)
    }
    if (this.#isShutOut(client)) return done(shutOut(), null)
    if (this.#sessions.isFull(claim.box)) return done(this.#refuse('sessions'), null)
    if (!this.#guard.admit(client.conn as Socket)) return done(this.#refuse('full'), null)
    if (!this.#options.claim) return done(null, true)
    return void this.#claim(claim.box, done)
  }

  /** Without the claim the box is refused: it tries again, here or at another centre. */
  async #claim(
    box: string,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): Promise<void> {
    let refusal: AuthenticateError | null = null
    try {
      await this.#options.claim?.(box)
    } catch (error) {
      this.#options.logger.error({ err: error, box }, 'a box could not be taken over')
      refusal = this.#refuse('not-claimed')
    }
    done(refusal, refusal ? null : true)
  }

  #open(client: Client): void {
    const claim = this.#claims.get(client)
    if (!claim) return
    // aedes reports no end of a client that is gone by now: it would count as a session of its box for ever, and four of them
    // would lock the box out.
    if (client.closed || client.conn.destroyed) return
    const { box } = claim
    this.#options.onSpoke(box, claim)
    this.#sessions.open(box, client)
    client.conn.once('close', () => this.#close(client))
  }

  #close(client: Client): void {
    const box = this.#claims.get(client)?.box
    if (box !== undefined) this.#sessions.close(box, client)
  }

  /** An exception in a callback would end the program: it counts as a refusal of this client's message. */
  #guarded(refuse: (error: AuthenticateError) => void, run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#options.logger.error({ err: error }, 'a message of a box could not be worked on')
      refuse(this.#refuse('fault'))
    }
  }

  #refuseFrame(socket: Socket, cause: string, facts: { clause?: string; detail?: string }): void {
    this.#refused.inc({ reason: cause })
    this.#refusedBoxes.sayFrame(cause, socket, facts)
  }

  #refuse(reason: string, client?: Client | null, box?: string, asked?: string): AuthenticateError {
    this.#refused.inc({ reason })
    if (client) this.#refusedBoxes.say(reason, client.conn, box, asked)
    return Object.assign(new Error(`refused: ${reason}`), { returnCode: 5 })
  }
}

const shutOut = (): AuthenticateError => Object.assign(new Error('refused: shut out'), { returnCode: 5 })
