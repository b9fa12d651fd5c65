// The box console: health for people, /healthz and /metrics for programs, and the few manual actions at the box.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { extname, join, normalize, sep } from 'node:path'
import { isLoopback } from '../../platform/loopback.ts'
import { PacedLog } from '../../platform/paced-log.ts'
import { StrangerGuard } from '../../platform/strangers/stranger-guard.ts'
import { networkOf } from '../../platform/strangers/network-address.ts'
import { isOwnName } from '../../platform/strangers/own-name.ts'
import { lookup } from '../../protocols/kit/parse-json.ts'
import { callerOf, foreignPageProblem, hasPageProof, type Caller } from './access/callers.ts'
import { ConsoleListeners } from './console-listeners.ts'
import type { ConsoleOptions } from './console-options.ts'
import { accessRoutes } from './routes/access-routes.ts'
import { boxRoutes } from './routes/box-routes.ts'
import { bodyBytesMax, type Answer, type Route } from './routes/route.ts'
import { readBody, withPerson } from './routes/read-body.ts'

/**
 * Connections without a whole request; the oldest is closed to make room. Those with a request close with their answer.
 * A browser opens six at once. An answered request gives its share of the new ones back, so the rate bounds only those
 * that send none.
 */
const strangerLimits = {
  strangers: 40,
  strangersPerNetwork: 20,
  newAtOnce: 100,
  newPerSecond: 100,
  newUnknownAtOnce: 200,
  newUnknownPerSecond: 200,
  firstByteMs: 3000,
  signInMs: 6000,
  admitted: 50,
  waiting: 500,
}
/** An answer that is not read, or a connection that is idle for another reason, ends after this; a camera is asked for less long. */
const idleMsMax = 120_000
/** Of the admitted ones, those whose body of more than a few KB is being read: a slow one takes up to half a minute. */
const longBodiesMax = 10

const contentTypes: Record<string, string> = lookup({
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
})

/** Every route, with the roles that it admits. */
export const consoleRoutes = (options: ConsoleOptions): Route[] => [
  ...accessRoutes(options),
  ...boxRoutes(options),
  ...(options.more ?? []),
]

export class ConsoleServer {
  readonly #options: ConsoleOptions
  readonly #routes: readonly Route[]
  readonly #guard: StrangerGuard
  readonly #consoleListeners: ConsoleListeners
  readonly #log: PacedLog
  #longBodies = 0

  constructor(options: ConsoleOptions) {
    const { access, clock, logger } = options
    this.#options = options
    this.#routes = consoleRoutes(options)
    this.#log = new PacedLog(clock)
    this.#guard = new StrangerGuard({
      limits: strangerLimits,
      clock,
      onRefused: (reason) => logger.debug({ reason }, 'a connection without a request was closed'),
    })
    const { host, port, villageHost } = options
    this.#consoleListeners = new ConsoleListeners({
      host,
      port,
      villageHost,
      createServer: () => this.#createServer(),
      openForMs: () => access.openForMs(),
      clock,
      logger,
    })
    access.onChange(() => void this.#consoleListeners.look())
  }

  start(): Promise<string> {
    return this.#consoleListeners.start()
  }

  stop(): Promise<void> {
    return this.#consoleListeners.stop()
  }

  #createServer(): Server {
    const server = createServer((request, response) => void this.#serve(request, response))
    server.requestTimeout = 30_000
    server.headersTimeout = 5000
    server.setTimeout(idleMsMax, (socket) => socket.destroy())
    this.#guard.watch(server)
    // Before the request is answered: a connection with a whole request no longer counts as a stranger, and closes with
    // its answer. A request with a body is whole when that has been read.
    server.prependListener('request', (request: IncomingMessage) => {
      if (!hasBody(request)) this.#admit(request.socket)
    })
    return server
  }

  /** Requests with unread answers make room: the oldest of the network with the most. */
  #admit(socket: Socket): void {
    this.#guard.admit(socket, networkOf(socket.remoteAddress ?? ''))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('X-Frame-Options', 'DENY')
    response.setHeader('Referrer-Policy', 'no-referrer')
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
    response.setHeader('Connection', 'close')
    response.setHeader(
      'Content-Security-Policy',
      "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    )
    try {
      await this.#answer(new URL(request.url ?? '/', 'http://box'), request, response)
    } catch (error) {
      // A request can cause it by its path alone.
      this.#log.line((leftOut) =>
        this.#options.logger.warn(
          { path: request.url?.slice(0, 200), reason: (error as Error).message, leftOut },
          'the console could not answer',
        ),
      )
      send(response, 500, 'text/plain', 'the box could not answer; its log says why\n')
    }
  }

  async #answer(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method } = request
    const path = url.pathname
    if (method !== 'POST' && method !== 'GET' && method !== 'HEAD')
      return send(response, 405, 'text/plain', 'GET, or POST for a control\n')
    if (method !== 'POST' && (path === '/healthz' || path === '/metrics'))
      return this.#program(path, request, response)
    const { access, names, isOnBox = isLoopback } = this.#options
    const caller = callerOf(request, access, isOnBox)
    // Messages of devices are for people at the box, and for signed-in people of its network while it is open.
    if (caller.isFromVillage && access.openForMs() <= 0)
      return send(
        response,
        403,
        'text/plain; charset=utf-8',
        'the console answers on the box itself only: gengfu gateway console open --minutes 60, or an SSH tunnel 控制台未开放\n',
      )
    // A name that was pointed at this address would let a foreign page read it, and an image in one would count as a
    // look.
    const foreign = foreignPageProblem(request, caller.isFromVillage, names)
    if (foreign !== undefined) return send(response, 403, 'text/plain', foreign)
    await this.#route(url, caller, request, response)
  }

  async #route(url: URL, caller: Caller, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const wanted = request.method === 'POST' ? 'POST' : 'GET'
    const path = url.pathname
    const route = this.#routes.find((one) => one.method === wanted && one.path.test(path))
    if (!route) {
      if (wanted === 'POST') return send(response, 404, 'text/plain', 'nothing here\n')
      return this.#page(path, response)
    }
    if (!route.who.includes(caller.role))
      return sendJson(response, caller.role === 'stranger' ? 401 : 403, {
        ok: false,
        problems: [{ path: '', message: refusalOf(caller) }],
      })
    let body: Uint8Array = new Uint8Array()
    if (wanted === 'POST') {
      const isJson = request.headers['content-type']?.split(';')[0] === 'application/json'
      // A foreign page can not send these types without asking the browser first, and the console never allows it.
      const isFile = route.isFile && request.headers['content-type'] === 'application/octet-stream'
      if (!isJson && !isFile) return send(response, 415, 'text/plain', 'Content-Type: application/json\n')
      if (!hasPageProof(request, caller))
        return send(response, 403, 'text/plain', 'the request is from no page of this console\n')
      const bytesMax = route.bytesMax ?? bodyBytesMax
      if (bytesMax > bodyBytesMax && this.#longBodies >= longBodiesMax)
        return send(response, 503, 'text/plain', 'busy: try again in a moment\n')
      const read = await this.#read(request, bytesMax)
      if (!read) return send(response, 413, 'text/plain', 'too large\n')
      body = isJson && !path.startsWith('/api/v1/session/') ? withPerson(read, caller.name) : read
    }
    const parts = (route.path.exec(path) ?? []).slice(1)
    sendAnswer(response, await route.run({ parts, query: url.searchParams, body, caller }))
  }

  async #read(request: IncomingMessage, bytesMax: number): Promise<Uint8Array | undefined> {
    const isLong = bytesMax > bodyBytesMax
    // A file over a slow line takes longer than a stranger has.
    if (isLong) this.#admit(request.socket)
    if (isLong) this.#longBodies++
    try {
      // A request that is cut off has no socket any more.
      const { socket } = request
      const body = await readBody(request, bytesMax)
      if (body) this.#admit(socket)
      return body
    } finally {
      if (isLong) this.#longBodies--
    }
  }

  async #program(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isOwnName(request.headers.host, this.#options.names))
      return send(
        response,
        403,
        'text/plain',
        'ask by address, by the name of this machine, or by a name in console.names\n',
      )
    if (path === '/metrics')
      return send(response, 200, this.#options.metrics.contentType, await this.#options.metrics.metrics())
    const fault = this.#options.fault()
    const status = fault === undefined ? 'ok' : 'ill'
    sendJson(response, fault === undefined ? 200 : 503, { status, ...(fault ? { reason: fault } : {}) })
  }

  async #page(path: string, response: ServerResponse): Promise<void> {
    const file = normalize(
      join(this.#options.pageFolder, path === '/' ? 'index.html' : decodeURIComponent(path)),
    )
    const type = contentTypes[extname(file)]
    if (!file.startsWith(this.#options.pageFolder + sep) || !type)
      return send(response, 404, 'text/plain', 'nothing here\n')
    const content = await readFile(file).catch(() => undefined)
    if (content) return send(response, 200, type, content)
    if (path !== '/') return send(response, 404, 'text/plain', 'nothing here\n')
    send(response, 200, 'text/plain; charset=utf-8', '页面尚未构建 The page is not built: npm run build\n')
  }
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

const refusalOf = ({ role }: Caller): string =>
  role === 'stranger' ? 'sign in first 请先登录' : `this is not for the role ${role} 您的角色无此权限`

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  if (response.headersSent) return
  response.writeHead(status, { 'Content-Type': type })
  response.end(body)
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body))
}

function sendAnswer(response: ServerResponse, answer: Answer): void {
  if ('json' in answer) {
    if (answer.cookie !== undefined) response.setHeader('Set-Cookie', answer.cookie)
    return sendJson(response, answer.status, answer.json)
  }
  if (answer.fileName !== undefined)
    response.setHeader('Content-Disposition', `attachment; filename="${answer.fileName}"`)
  send(response, answer.status, answer.type, answer.content)
}
