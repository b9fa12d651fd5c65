// Pushes stored changes to open desks and programs over WebSocket; who was away gets what was missed, or is told to
// load everything again. A slow one is dropped and never waited for.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import { WebSocket, WebSocketServer } from 'ws'
import type { StreamMessage } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { isObject, parseJson } from '../../protocols/kit/parse-json.ts'
import type { Account, Storage, StoredChange } from '../storage/port.ts'

export const subscribersMax = 500
/** Bytes waiting for one subscriber; above it the connection is ended and may come back with ?after=. */
export const unsentBytesMax = 1024 * 1024
/** Changes that wait while a subscriber is being caught up. */
const heldMax = 5000
const replayPage = 1000
const messageBytesMax = 4096
const authMsMax = 5000
/** A desk that catches up is waited for: it is told no more than it has room for. Longer than this it is too slow. */
const catchUpWaitMsMax = 30_000
const catchUpLookMs = 20
const pingMs = 30_000

export interface StreamOptions {
  storage: Pick<Storage, 'changesAfter' | 'lastPosition'>
  clock: Clock
  logger: Logger
  registry: Registry
  /** The account behind a token. */
  find: (token: string) => Promise<Account | undefined>
  /** What a request shows before the upgrade, and whether its origin may use a cookie. */
  presented: (request: IncomingMessage) => { token: string; isCookie: boolean } | undefined
  isOwnOrigin: (request: IncomingMessage) => boolean
}

interface Subscriber {
  socket: WebSocket
  token: string
  /** Undefined once live; until then what was pushed meanwhile. */
  held: StoredChange[] | undefined
  isAlive: boolean
}

export class Stream {
  readonly #options: StreamOptions
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    clientTracking: true,
  })
  readonly #subscribers = new Set<Subscriber>()
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
  }

  start(): void {
    this.#cancelPing = this.#options.clock.after(pingMs, () => {
      this.start()
      this.#ping()
    })
  }

  stop(): void {
    this.#cancelPing?.()
    for (const socket of this.#server.clients) socket.close(1001, 'the centre stops')
    for (const socket of this.#server.clients) socket.terminate()
    this.#server.close()
  }

  /** After the commit, in the order of positions. */
  push(changes: readonly StoredChange[]): void {
    for (const subscriber of this.#subscribers)
      for (const change of changes) {
        if (!subscriber.held) this.#send(subscriber, change.json)
        else if (subscriber.held.push(change) > heldMax) this.#drop(subscriber, 'too slow to catch up')
      }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    const url = new URL(request.url ?? '/', 'http://centre')
    if (url.pathname !== '/api/v1/stream') return refuse(socket, '404 Not Found')
    if (this.#server.clients.size >= subscribersMax) return refuse(socket, '503 Service Unavailable')
    const shown = this.#options.presented(request)
    if (shown?.isCookie && !this.#options.isOwnOrigin(request)) return refuse(socket, '403 Forbidden')
    const after = url.searchParams.get('after') ?? undefined
    if (shown) {
      const account = await this.#options.find(shown.token)
      if (!account) return refuse(socket, '401 Unauthorized')
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', () => ws.terminate())
      if (shown) void this.#subscribe(ws, shown.token, after)
      else this.#awaitAuth(ws, after)
    })
  }

  /** Programs that can set neither header nor cookie send the token as their first message. */
  #awaitAuth(ws: WebSocket, after: string | undefined): void {
    const cancel = this.#options.clock.after(authMsMax, () => ws.close(4401, 'no token came'))
    ws.once('close', cancel)
    ws.once('message', (data) => {
      cancel()
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)
      const json = parseJson(bytes, messageBytesMax)
      const token =
        json.ok && isObject(json.value) && json.value['type'] === 'auth' ? json.value['token'] : ''
      void this.#authenticate(ws, String(token), after)
    })
  }

  async #authenticate(ws: WebSocket, token: string, after: string | undefined): Promise<void> {
    try {
      if (await this.#options.find(token)) await this.#subscribe(ws, token, after)
      else ws.close(4401, 'the token is not valid')
    } catch (error) {
      this.#fail(ws, error)
    }
  }

  async #subscribe(ws: WebSocket, token: string, after: string | undefined): Promise<void> {
    const subscriber: Subscriber = { socket: ws, token, held: [], isAlive: true }
    this.#subscribers.add(subscriber)
    ws.on('close', () => this.#subscribers.delete(subscriber))
    ws.on('pong', () => (subscriber.isAlive = true))
    try {
      await this.#catchUp(subscriber, after)
    } catch (error) {
      this.#fail(ws, error)
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
      for (const { json } of page) {
        if (!(await this.#hasRoom(subscriber))) return
        this.#send(subscriber, json)
      }
      reached = page.at(-1)?.position ?? reached
      if (page.length < replayPage) break
    }
    const held = subscriber.held ?? []
    subscriber.held = undefined
    for (const change of held) if (change.position > reached) this.#send(subscriber, change.json)
  }

  /** Resolves when the socket has room; false when the desk is gone, or was dropped because it took too long. */
  async #hasRoom(subscriber: Subscriber): Promise<boolean> {
    const { clock } = this.#options
    const { socket } = subscriber
    const endMs = clock.monotonicMs() + catchUpWaitMsMax
    while (socket.bufferedAmount > unsentBytesMax / 2) {
      if (socket.readyState !== WebSocket.OPEN) return false
      if (clock.monotonicMs() > endMs) {
        this.#drop(subscriber, 'too slow to catch up')
        return false
      }
      await new Promise<void>((resolve) => clock.after(catchUpLookMs, resolve))
    }
    return socket.readyState === WebSocket.OPEN
  }

  #sendMessage(subscriber: Subscriber, message: StreamMessage): void {
    this.#send(subscriber, JSON.stringify(message))
  }

  #send(subscriber: Subscriber, text: string): void {
    const { socket } = subscriber
    if (socket.readyState !== WebSocket.OPEN) return
    if (socket.bufferedAmount > unsentBytesMax) this.#drop(subscriber, 'reads too slowly')
    else socket.send(text)
  }

  #drop(subscriber: Subscriber, reason: string): void {
    if (!this.#subscribers.delete(subscriber)) return
    this.#options.logger.warn({ reason }, 'a stream was dropped')
    subscriber.socket.terminate()
  }

  #fail(ws: WebSocket, error: unknown): void {
    this.#options.logger.error({ err: error }, 'a stream failed')
    ws.close(1011, 'try again')
  }

  /** Ends streams that do not answer, and those whose token has expired or was revoked since. */
  #ping(): void {
    for (const subscriber of this.#subscribers) {
      if (!subscriber.isAlive) {
        this.#drop(subscriber, 'does not answer')
        continue
      }
      subscriber.isAlive = false
      subscriber.socket.ping()
      this.#options
        .find(subscriber.token)
        .then((account) => account ?? subscriber.socket.close(4401, 'the token is not valid any more'))
        .catch((error: unknown) => this.#fail(subscriber.socket, error))
    }
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
