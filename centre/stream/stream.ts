// Pushes stored changes to open desks and programs over WebSocket or server-sent events. After a reconnect a client gets the changes that it
// missed, or must load everything again. A slow client is disconnected; no other waits for it.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import { WebSocket, WebSocketServer, type RawData } from 'ws'
import type { StreamMessage } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { guardListener } from '../../platform/guard-listener.ts'
import { eventsChannel, webSocketChannel, type Channel } from './channel.ts'
import { messageBytesMax, statusOf, tokenOf, type RefusalReason } from './sign-in-message.ts'
import { streamQueryOf, type StreamFilter, type StreamQuery } from './stream-filter.ts'
import { Subscribers } from './subscribers.ts'
import { hears, type SignedIn, type Subscriber } from './subscriber.ts'
import { StrangerPlaces } from '../../platform/strangers/stranger-places.ts'
import type { Account, Storage, StoredChange } from '../storage/port.ts'

/** For the other side to read why its stream ends; then the connection is cut. It holds no place any more. */
const endMsMax = 2000
/** Streams that have not signed in yet, apart from those that have; with one more the oldest is closed. */
export const strangerLimits = { strangers: 200, strangersPerNetwork: 20 } as const
/** Bytes waiting for one subscriber; above it the connection is closed and may open again with ?after=. */
export const unsentBytesMax = 1024 * 1024
/** Changes that wait while a subscriber catches up. */
const heldMax = 5000
const replayPage = 1000
const authMsMax = 5000
/**
 * How long a catching-up desk may take to make room; it gets no more than it has room for. A slower one is
 * disconnected.
 */
const catchUpWaitMsMax = 30_000
const catchUpLookMs = 20
/** Below the 60 s after which nginx and many firewalls close a connection that is silent. */
const pingMs = 25_000

export interface StreamOptions {
  storage: Pick<Storage, 'changesAfter' | 'lastPosition'>
  clock: Clock
  logger: Logger
  registry: Registry
  /** The account behind a token. */
  find: (token: string) => Promise<Account | undefined>
  /** The proof in a request before the upgrade, and whether its origin may use a cookie. */
  presented: (request: IncomingMessage) => { token: string; isCookie: boolean } | undefined
  isOwnPage: (request: IncomingMessage) => boolean
  addressOf: (request: IncomingMessage) => string
  /** The connection has signed in; false when no place is left. */
  admit: (socket: Duplex, holder: string) => boolean
}

export class Stream {
  readonly #options: StreamOptions
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    clientTracking: true,
  })
  readonly #subscribers = new Subscribers()
  readonly #strangers = new StrangerPlaces<WebSocket>(strangerLimits)
  readonly #refused
  #cancelPing: (() => void) | undefined

  constructor(options: StreamOptions) {
    this.#options = options
    const subscribers = this.#subscribers
    new Gauge({
      name: 'gengfu_centre_stream_subscribers',
      help: 'Open streams',
      registers: [options.registry],
      collect() {
        this.set(subscribers.size)
      },
    })
    this.#refused = new Counter({
      name: 'gengfu_centre_stream_refused_total',
      help: 'Streams refused or ended, by reason',
      labelNames: ['reason'],
      registers: [options.registry],
    })
    this.#server.on('error', (error) => options.logger.error({ err: error }, 'the stream failed'))
  }

  start(): void {
    this.#cancelPing = this.#options.clock.after(pingMs, () => {
      this.start()
      this.#ping()
    })
  }

  stop(): void {
    this.#cancelPing?.()
    for (const { channel } of this.#subscribers) channel.end(1001, 'the centre stops')
    for (const socket of this.#server.clients) socket.close(1001, 'the centre stops')
    for (const { channel } of this.#subscribers) channel.terminate()
    for (const socket of this.#server.clients) socket.terminate()
    this.#server.close()
  }

  /** After the commit, in the order of positions. */
  push(changes: readonly StoredChange[]): void {
    for (const subscriber of this.#subscribers)
      for (const change of changes) {
        if (change.position <= subscriber.caughtUpTo || !hears(subscriber, change)) continue
        if (!subscriber.held) this.#sendChange(subscriber, change)
        else if (subscriber.held.push(change) > heldMax) this.#drop(subscriber, 'too slow to catch up')
      }
  }

  /** At once, to those who are live: it is stored nowhere and not replayed. */
  show(message: StreamMessage, isFor: (account: Account) => boolean): void {
    for (const subscriber of this.#subscribers)
      if (!subscriber.held && isFor(subscriber.account)) this.#sendMessage(subscriber, message)
  }

  /** Closes the streams of a token or user that has signed out, or is no longer admitted. */
  end(isEnded: (subscriber: { token: string; user: string }) => boolean): void {
    for (const subscriber of this.#subscribers) {
      if (!isEnded({ token: subscriber.token, user: subscriber.account.user })) continue
      this.#subscribers.leave(subscriber)
      this.#close(subscriber.channel, 4401, 'signed out')
    }
  }

  /** Checks again whether every open stream's token is valid. */
  async recheck(): Promise<void> {
    await Promise.all([...this.#subscribers].map((subscriber) => this.#recheck(subscriber)))
  }

  /** Takes over a connection that requests an upgrade; never throws. */
  readonly upgrade = guardListener(
    (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
      // First of all: a socket error without a listener ends the program.
      socket.on('error', () => socket.destroy())
      return this.#upgrade(request, socket, head)
    },
    (error, _request, socket) => {
      this.#options.logger.error({ err: error }, 'a stream could not be opened')
      this.#refuse(socket, 'failed')
    },
  )

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { presented, find, isOwnPage, addressOf } = this.#options
    const target = request.url ?? '/'
    if (!URL.canParse(target, 'http://centre')) return this.#refuse(socket, 'bad-request')
    const url = new URL(target, 'http://centre')
    if (url.pathname !== '/api/v1/stream') return this.#refuse(socket, 'not-found')
    const query = streamQueryOf(url)
    if (!query) return this.#refuse(socket, 'bad-request')
    const shown = presented(request)
    if (shown?.isCookie && !isOwnPage(request)) return this.#refuse(socket, 'foreign-origin')
    const account = shown && (await find(shown.token))
    if (shown && !account) return this.#refuse(socket, 'no-valid-token')
    if (account && !this.#mayEnter(account, socket)) return this.#refuse(socket, 'full')
    const address = addressOf(request)
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', () => ws.terminate())
      if (shown && account) void this.#subscribeSocket(ws, { token: shown.token, account }, query)
      else this.#awaitAuth(ws, { socket, address, query })
    })
  }

  #mayEnter({ user }: Account, socket: Duplex): boolean {
    return !this.#subscribers.isFullFor(user) && this.#options.admit(socket, user)
  }

  /** Programs that can set neither header nor cookie send the token as their first message. */
  #awaitAuth(ws: WebSocket, stranger: { socket: Duplex; address: string; query: StreamQuery }): void {
    const evicted = this.#strangers.enter(ws, stranger.address)
    if (evicted) this.#endSocket(evicted, 4408, 'made-room')
    const cancel = this.#options.clock.after(authMsMax, () => this.#endSocket(ws, 4401, 'no-sign-in'))
    ws.once('close', () => {
      cancel()
      this.#strangers.leave(ws)
    })
    ws.once(
      'message',
      guardListener(
        (data: RawData) => {
          cancel()
          return this.#authenticate(ws, data, stranger)
        },
        (error) => {
          this.#strangers.leave(ws)
          this.#fail(webSocketChannel(ws), error)
        },
      ),
    )
  }

  async #authenticate(
    ws: WebSocket,
    data: RawData,
    { socket, query }: { socket: Duplex; query: StreamQuery },
  ): Promise<void> {
    const token = tokenOf(data)
    const account = token === undefined ? undefined : await this.#options.find(token)
    if (token === undefined || !account) return this.#endSocket(ws, 4401, 'no-valid-token')
    if (ws.readyState !== WebSocket.OPEN) return
    if (!this.#mayEnter(account, socket)) return this.#endSocket(ws, 4408, 'full')
    this.#strangers.leave(ws)
    await this.#subscribeSocket(ws, { token, account }, query)
  }

  async #subscribeSocket(ws: WebSocket, who: SignedIn, query: StreamQuery): Promise<void> {
    const subscriber = this.#enter(webSocketChannel(ws), who, query.filter, true)
    ws.on('close', () => this.#subscribers.leave(subscriber))
    ws.on('pong', () => (subscriber.isAlive = true))
    await this.#begin(subscriber, query.after)
  }

  /** `GET /api/v1/stream` without an upgrade: server-sent events; never throws. */
  readonly events = guardListener(
    (request: IncomingMessage, response: ServerResponse): Promise<void> => this.#events(request, response),
    (error, _request, response) => {
      this.#options.logger.error({ err: error }, 'a stream could not be opened')
      this.#refuseEvents(response, 'failed')
    },
  )

  async #events(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { presented, find, isOwnPage } = this.#options
    response.on('error', () => response.destroy())
    const query = streamQueryOf(
      new URL(request.url ?? '/', 'http://centre'),
      request.headers['last-event-id'],
    )
    const shown = presented(request)
    if (!query) return this.#refuseEvents(response, 'bad-request')
    if (shown?.isCookie && !isOwnPage(request)) return this.#refuseEvents(response, 'foreign-origin')
    const account = shown && (await find(shown.token))
    if (!shown || !account) return this.#refuseEvents(response, 'no-valid-token')
    if (!this.#mayEnter(account, request.socket)) return this.#refuseEvents(response, 'full')
    if (response.destroyed) return
    const channel = eventsChannel(response)
    const subscriber = this.#enter(channel, { token: shown.token, account }, query.filter, false)
    response.on('close', () => this.#subscribers.leave(subscriber))
    await this.#begin(subscriber, query.after)
  }

  #enter(
    channel: Channel,
    { token, account }: SignedIn,
    filter: StreamFilter,
    isAnswering: boolean,
  ): Subscriber {
    const begun = { held: [], caughtUpTo: 0, isAlive: true }
    const subscriber: Subscriber = { channel, token, account, filter, isAnswering, ...begun }
    const evicted = this.#subscribers.enter(subscriber)
    if (evicted) this.#end(evicted.channel, 4408, 'made-room')
    return subscriber
  }

  async #begin(subscriber: Subscriber, after: string | undefined): Promise<void> {
    try {
      await this.#catchUp(subscriber, after)
    } catch (error) {
      this.#subscribers.leave(subscriber)
      this.#fail(subscriber.channel, error)
    }
  }

  async #catchUp(subscriber: Subscriber, after: string | undefined): Promise<void> {
    const { storage, clock } = this.#options
    const last = await storage.lastPosition()
    const from = after === undefined || !/^\d{1,15}$/.test(after) ? undefined : Number(after)
    let reached = from ?? last
    const centreTimeMs = clock.wallMs()
    this.#sendMessage(subscriber, { type: 'hello', position: String(reached), centreTimeMs })
    if (from === undefined && after !== undefined && after !== '')
      this.#sendMessage(subscriber, { type: 'resync', position: String(last) })
    while (from !== undefined) {
      const page = await storage.changesAfter(reached, replayPage)
      if (!page) {
        reached = last
        this.#sendMessage(subscriber, { type: 'resync', position: String(last) })
        break
      }
      for (const change of page) {
        if (!hears(subscriber, change)) continue
        if (!(await this.#hasRoom(subscriber))) return
        this.#sendChange(subscriber, change)
      }
      reached = page.at(-1)?.position ?? reached
      if (page.length < replayPage) break
    }
    const held = subscriber.held ?? []
    subscriber.held = undefined
    subscriber.caughtUpTo = reached
    for (const change of held) if (change.position > reached) this.#sendChange(subscriber, change)
  }

  /** Resolves when the socket has room; false when the desk has gone, or was disconnected because it took too long. */
  async #hasRoom(subscriber: Subscriber): Promise<boolean> {
    const { clock } = this.#options
    const { channel } = subscriber
    const endMs = clock.monotonicMs() + catchUpWaitMsMax
    while (channel.unsentBytes() > unsentBytesMax / 2) {
      if (!channel.isOpen()) return false
      if (clock.monotonicMs() > endMs) {
        this.#drop(subscriber, 'too slow to catch up')
        return false
      }
      await new Promise<void>((resolve) => clock.after(catchUpLookMs, resolve))
    }
    return channel.isOpen()
  }

  #sendMessage(subscriber: Subscriber, message: StreamMessage): void {
    this.#send(subscriber, JSON.stringify(message), message.position)
  }

  #sendChange(subscriber: Subscriber, { json, position }: StoredChange): void {
    this.#send(subscriber, json, String(position))
  }

  #send(subscriber: Subscriber, json: string, position: string | undefined): void {
    const { channel } = subscriber
    if (!channel.isOpen()) return
    if (channel.unsentBytes() > unsentBytesMax) this.#drop(subscriber, 'reads too slowly')
    else channel.send(json, position)
  }

  #drop(subscriber: Subscriber, reason: string): void {
    if (!this.#subscribers.has(subscriber)) return
    this.#subscribers.leave(subscriber)
    this.#options.logger.warn({ reason }, 'a stream was dropped')
    subscriber.channel.terminate()
  }

  #fail(channel: Channel, error: unknown): void {
    this.#options.logger.error({ err: error }, 'a stream failed')
    this.#end(channel, 1011, 'failed')
  }

  #end(channel: Channel, code: number, reason: RefusalReason): void {
    this.#refused.inc({ reason })
    this.#close(channel, code, reason)
  }

  #close(channel: Channel, code: number, reason: string): void {
    channel.end(code, reason)
    this.#options.clock.after(endMsMax, () => channel.terminate())
  }

  #endSocket(ws: WebSocket, code: number, reason: RefusalReason): void {
    this.#strangers.leave(ws)
    this.#end(webSocketChannel(ws), code, reason)
  }

  #refuseEvents(response: ServerResponse, reason: RefusalReason): void {
    this.#refused.inc({ reason })
    if (response.headersSent) return void response.destroy()
    const status = Number.parseInt(statusOf[reason], 10)
    response.writeHead(status, { 'cache-control': 'no-store', 'content-length': 0 }).end()
  }

  #refuse(socket: Duplex, reason: RefusalReason): void {
    this.#refused.inc({ reason })
    if (!socket.writable) {
      socket.destroy()
      return
    }
    socket.end(`HTTP/1.1 ${statusOf[reason]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  }

  /** Closes streams that do not answer, and those whose token has expired or was revoked. */
  #ping(): void {
    for (const subscriber of this.#subscribers) {
      if (!subscriber.isAlive) {
        this.#drop(subscriber, 'does not answer')
        continue
      }
      // A program that reads events never answers: its connection shows whether it is there.
      subscriber.isAlive = !subscriber.isAnswering
      subscriber.channel.ping()
    }
    void this.recheck()
  }

  async #recheck(subscriber: Subscriber): Promise<void> {
    const { channel, token } = subscriber
    try {
      if (await this.#options.find(token)) return
      this.#subscribers.leave(subscriber)
      this.#end(channel, 4401, 'no-valid-token')
    } catch (error) {
      this.#subscribers.leave(subscriber)
      this.#fail(channel, error)
    }
  }
}
