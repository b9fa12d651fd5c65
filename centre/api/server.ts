// The HTTP server of the centre: API, metrics, health, and the desk's pages.
import { existsSync, readFileSync } from 'node:fs'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, type Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { z } from 'zod'
import { describeProblems } from '../../protocols/kit/result.ts'
import { sha256Pattern } from '../../protocols/domain/snapshot.ts'
import { isBoxId } from '../../protocols/domain/names.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import type { FoundToken } from '../storage/port.ts'
import { isInScope, type Scope } from '../../protocols/desk/scope.ts'
import { caseIdPattern } from './cases/case-schemas.ts'
import type { DeskConnectionGuard } from './desk-connection-guard.ts'
import { ApiProblem } from './problems.ts'
import type { Route } from './route.ts'
import { sendError, sendFile, sendPage, sendPicture, sendStored } from './send-answer.ts'
import { BodyPlaces } from './body-places.ts'
import { addBodyParsers, bodyBytesMax, checkUpload } from './uploads.ts'
import { alarmIdParams } from './schemas.ts'
import { deviceLifeMs } from '../accounts/device-cookie.ts'
import { pendingLifeMs } from '../accounts/directory-sign-in.ts'
import type { SecurityLog } from '../accounts/security-log.ts'
import type { RequestSender } from '../accounts/request-sender.ts'
import { cookieName, loginLifeMs, presentedToken, type Sessions } from '../accounts/sessions.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { watchFiles } from '../../platform/file-watch.ts'
import { guardListener } from '../../platform/guard-listener.ts'

/** All headers must arrive within this time, the whole request within the second. */
const headersMsMax = 10_000
const requestMsMax = 20_000
const timesCheckedEveryMs = 2000
/** Connections without a request in progress. */
const keepAliveMs = 30_000
const headerBytesMax = 16 * 1024
const contentPolicy =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const missingPage = `<!doctype html><html lang="zh"><meta charset="utf-8"><title>更夫 Gengfu</title>
<p>值守台页面尚未构建，请运行 <code>npm run build</code>。</p>
<p lang="en">The desk's pages are not built yet: run <code>npm run build</code>.</p></html>`

/** A built page, relative to the compiled file and to the source. */
export function findPageFolder(page: 'desk' | 'responder' | 'family' | 'enrol'): string | undefined {
  const isSource = import.meta.url.endsWith('.ts')
  const folder = fileURLToPath(new URL(`${isSource ? '../../dist' : '../..'}/web/${page}/`, import.meta.url))
  return existsSync(`${folder}index.html`) ? folder : undefined
}

/** Longest parameter of a path; each route checks its own more strictly. */
const pathParameterPattern = /^[\p{L}\p{N}._-]{1,200}$/u

interface PathParameters {
  id?: string | undefined
  boxId?: string | undefined
  caseId?: string | undefined
  sha256?: string
}

/** Further facts in the answer of `/healthz`. */
export interface HealthNotes {
  /** Boxes that were receipted more than is stored here: the data folder was restored to an earlier state. */
  boxesAhead: number
  isClockKept: boolean
}

export interface DeskServerOptions {
  host: string
  port: number
  tls?: { certFile: string; keyFile: string } | undefined
  routes: readonly Route[]
  sessions: Sessions
  sender: RequestSender
  guard: DeskConnectionGuard
  securityLog: SecurityLog
  clock: Clock
  registry: Registry
  logger: Logger
  isHealthy: () => boolean
  notes: () => HealthNotes
  /** The villages of a case, for accounts with a scope; none when there is no such case. */
  villagesOfCase: (caseId: string) => Promise<string[]>
  /** A program that reads the stream as server-sent events. */
  onEvents: (request: IncomingMessage, response: ServerResponse) => void
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  deskFolder: string | undefined
  /** Further pages by their path. */
  pages?: Readonly<Record<string, string | undefined>>
}

export class DeskServer {
  readonly #options: DeskServerOptions
  #secureServer: SecureServer | undefined
  #stopWatching: () => void = () => undefined
  #app: FastifyInstance | undefined
  readonly #accounts = new WeakMap<FastifyRequest, FoundToken>()
  readonly #bodies = new BodyPlaces()

  constructor(options: DeskServerOptions) {
    this.#options = options
  }

  get url(): string {
    const { host, tls } = this.#options
    const port = (this.#app?.server.address() as AddressInfo | null | undefined)?.port ?? 0
    return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  }

  async start(): Promise<void> {
    const { host, port, tls, routes, logger, deskFolder, pages = {}, guard } = this.#options
    const app = fastify({
      bodyLimit: bodyBytesMax,
      routerOptions: { maxParamLength: 200 },
      forceCloseConnections: true,
      clientErrorHandler: (error, socket) => {
        guard.countRefused('not-http')
        if (!socket.writable) {
          socket.destroy()
          return
        }
        const status =
          error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
        socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      },
      serverFactory: (listener): Server => {
        const limits = {
          headersTimeout: headersMsMax,
          requestTimeout: requestMsMax,
          connectionsCheckingInterval: timesCheckedEveryMs,
          keepAliveTimeout: keepAliveMs,
          maxHeaderSize: headerBytesMax,
        }
        if (!tls) return createHttpServer(limits, listener)
        const server = createHttpsServer(
          { ...limits, ...readTls(tls), handshakeTimeout: headersMsMax },
          listener,
        )
        this.#secureServer = server
        return server
      },
    })
    this.#app = app
    guard.watch(app.server)
    this.#guardServer(app)
    app.setErrorHandler((error, _request, reply) => sendError(reply, error, logger))
    app.setNotFoundHandler((request, reply) =>
      request.url.startsWith('/api/') || deskFolder !== undefined
        ? sendError(reply, new ApiProblem('not-found'), logger)
        : reply.type('text/html; charset=utf-8').send(missingPage),
    )
    addBodyParsers(app)
    this.#addOwnRoutes(app)
    for (const route of routes) this.#register(app, route)
    // Without a built desk it serves no folder: routes send their own files by it.
    await app.register(fastifyStatic, { root: deskFolder ?? tmpdir(), serve: deskFolder !== undefined })
    for (const [prefix, folder] of Object.entries(pages))
      if (folder !== undefined)
        await app.register(fastifyStatic, { root: folder, prefix, decorateReply: false })
    await app.listen({ host, port })
    const files = tls ? [tls.certFile, tls.keyFile] : []
    this.#stopWatching = watchFiles(files, this.#options.clock, async () => this.reload())
  }

  #guardServer(app: FastifyInstance): void {
    const { guard, logger, onUpgrade, sender } = this.#options
    app.server.on('error', (error) => logger.error({ err: error }, "the desk's listener failed"))
    app.server.on('tlsClientError', () => guard.countRefused('tls'))
    app.server.on(
      'upgrade',
      guardListener(
        (request: IncomingMessage, socket: Duplex, head: Buffer) => {
          guard.hear(socket)
          onUpgrade(request, socket, head)
        },
        (error, _request, socket) => {
          logger.error({ err: error }, 'an upgrade failed')
          socket.destroy()
        },
      ),
    )
    app.addHook('onRequest', async (request) => {
      if (sender.isProxied(request.raw)) guard.admit(request.raw.socket, undefined)
    })
    app.addHook('preHandler', async (request) => guard.hear(request.raw.socket))
    app.addHook('onSend', async (_request, reply) => this.#secure(reply))
  }

  #addOwnRoutes(app: FastifyInstance): void {
    const { isHealthy, notes, registry } = this.#options
    app.get('/healthz', async (_request, reply) => {
      const isOk = isHealthy()
      return reply.code(isOk ? 200 : 503).send({ ok: isOk, ...notes() })
    })
    app.get('/api/v1/stream', (request, reply) => {
      reply.hijack()
      this.#options.onEvents(request.raw, reply.raw)
    })
    // Behind the address in the QR code of a box; what stands behind its # goes along in the browser.
    app.get('/e', async (_request, reply) => reply.redirect('e/', 302))
    app.get('/metrics', async (_request, reply) =>
      reply.type(registry.contentType).send(await registry.metrics()),
    )
  }

  /** Reads the certificate again; open connections keep theirs. */
  reload(): void {
    const { tls, logger } = this.#options
    if (!tls) return
    try {
      this.#secureServer?.setSecureContext(readTls(tls))
      logger.info("the desk's certificate was read again")
    } catch (error) {
      logger.error({ err: error }, "the desk's certificate can not be read: the old one stays")
    }
  }

  async stop(): Promise<void> {
    this.#stopWatching()
    await this.#app?.close()
  }

  #register(app: FastifyInstance, route: Route): void {
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      bodyLimit: route.upload?.bytesMax ?? route.bodyBytesMax ?? bodyBytesMax,
      // Before the body is read.
      onRequest: async (request, reply) => {
        const account =
          route.access === 'open' ? undefined : await this.#admit(request, route.access, route.isForEnrolling)
        if (account) this.#accounts.set(request, account)
        const sender = this.#options.sender.addressOf(request.raw)
        reply.raw.once('close', this.#bodies.enterFor(route, request.headers, account?.user, sender))
      },
      handler: async (request, reply) => {
        const presented = presentedToken(request.raw)
        const account = this.#accounts.get(request)
        const { id, boxId, caseId, sha256 } = request.params as PathParameters
        // A malformed id gets the answer of an unknown one.
        if (boxId !== undefined && !isBoxId(boxId)) throw new ApiProblem('not-found')
        if (id !== undefined && !alarmIdParams.safeParse({ id }).success) throw new ApiProblem('not-found')
        if (caseId !== undefined && !caseIdPattern.test(caseId)) throw new ApiProblem('not-found')
        const path = request.params as Record<string, string>
        if (!Object.values(path).every((one) => pathParameterPattern.test(one)))
          throw new ApiProblem('not-found')
        if (sha256 !== undefined && !sha256Pattern.test(sha256)) throw new ApiProblem('not-found')
        if (account?.scope) await this.#checkScope(route, account.scope, { id, boxId, caseId })
        const header = (name: string): string | undefined => [request.headers[name] ?? []].flat()[0]
        const upload = checkUpload(route, request.body, header('content-type'))
        const answer = await route.run({
          account,
          token: presented?.token,
          isCookie: presented?.isCookie ?? false,
          address: this.#options.sender.addressOf(request.raw),
          id: id ?? '',
          boxId: boxId ?? '',
          caseId: caseId ?? '',
          sha256: sha256 ?? '',
          path,
          query: route.query ? checked(route.query, request.query) : undefined,
          body: route.body ? checked(route.body, request.body) : undefined,
          setCookie: (token) => this.#setSession(request, reply, token),
          setFlowCookie: (name, value) => this.#setFlow(request, reply, name, value),
          setDeviceCookie: (name, value) => this.#addCookie(request, reply, name, value, deviceLifeMs),
          header,
          upload,
          admit: (holder) => this.#options.guard.admit(request.raw.socket, holder),
          cookie: (name) => cookieOf(request.headers.cookie, name),
          isGone: () => request.raw.socket.destroyed,
        })
        if ('jpeg' in answer) return sendPicture(reply, answer)
        if ('redirect' in answer)
          return reply.header('cache-control', 'no-store').redirect(answer.redirect, 302)
        if ('file' in answer) return sendFile(reply, answer)
        if ('page' in answer) return sendPage(reply, answer)
        if ('stored' in answer) return sendStored(reply, answer)
        return reply
          .type('application/json; charset=utf-8')
          .header('cache-control', 'no-store')
          .send('text' in answer ? answer.text : JSON.stringify(answer.json))
      },
    })
  }

  async #admit(request: FastifyRequest, access: readonly string[], isForEnrolling = false) {
    const presented = presentedToken(request.raw)
    const account = presented && (await this.#options.sessions.find(presented.token, true))
    if (!account) throw new ApiProblem('unauthenticated')
    // Reading too: a picture inside a foreign page would count as a view by the person whose browser shows it.
    if (presented.isCookie && !this.#options.guard.isOwnPage(request.raw))
      throw new ApiProblem('foreign-origin')
    // The connection moves from the places of strangers to those of signed-in clients.
    if (!this.#options.guard.admit(request.raw.socket, account.user)) throw new ApiProblem('busy')
    if (account.mustEnrol && !isForEnrolling) throw new ApiProblem('enrol-first')
    if (!access.includes(account.role)) {
      const { sender, securityLog } = this.#options
      securityLog.note(
        'refused-by-role',
        account.user,
        sender.addressOf(request.raw),
        request.routeOptions.url,
      )
      throw new ApiProblem('forbidden')
    }
    return account
  }

  /** An alarm, box or case of another village is answered as if it did not exist. */
  async #checkScope(route: Route, scope: Scope, { id, boxId, caseId }: PathParameters): Promise<void> {
    const place = boxId ?? id?.slice(0, id.indexOf('.'))
    // A route without a place and without `scope` is closed to accounts with a scope, until its author decides.
    const places =
      place !== undefined
        ? [place]
        : caseId === undefined
          ? undefined
          : await this.#options.villagesOfCase(caseId)
    if (places) {
      if (!places.some((one) => isInScope(scope, one))) throw new ApiProblem('not-found')
    } else if (route.scope === undefined) throw new ApiProblem('forbidden')
  }

  #setSession(request: FastifyRequest, reply: FastifyReply, token: string | undefined): void {
    if (token === undefined) {
      this.#addCookie(request, reply, cookieName, '', 0)
      // Not the cookies: the one of the known browser stays.
      reply.header('clear-site-data', '"cache"')
      return
    }
    const { guard, sender } = this.#options
    guard.admit(request.raw.socket, `sign-in ${sender.addressOf(request.raw)}`)
    this.#addCookie(request, reply, cookieName, token, loginLifeMs)
  }

  /** Lax: the browser comes back from another site with it. */
  #setFlow(request: FastifyRequest, reply: FastifyReply, name: string, value: string | undefined): void {
    const secure = this.#options.sender.isSecure(request.raw) ? '; Secure' : ''
    const life = value === undefined ? 0 : pendingLifeMs / 1000
    const cookie = `${name}=${value ?? ''}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${life}${secure}`
    reply.header('set-cookie', cookie)
  }

  #addCookie(
    request: FastifyRequest,
    reply: FastifyReply,
    name: string,
    value: string,
    lifeMs: number,
  ): void {
    const secure = this.#options.sender.isSecure(request.raw) ? '; Secure' : ''
    const cookie = `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${lifeMs / 1000}${secure}`
    // Fastify joins several headers of this name.
    reply.header('set-cookie', cookie)
  }

  #secure(reply: FastifyReply): void {
    if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', contentPolicy)
    // A page of another site may neither frame this one nor read its answers or pictures.
    reply.header('x-content-type-options', 'nosniff')
    reply.header('referrer-policy', 'no-referrer')
    reply.header('x-frame-options', 'DENY')
    reply.header('cross-origin-opener-policy', 'same-origin')
    reply.header('cross-origin-resource-policy', 'same-origin')
    if (this.#options.tls) reply.header('strict-transport-security', 'max-age=31536000')
  }
}

function readTls({ certFile, keyFile }: { certFile: string; keyFile: string }): {
  cert: Buffer
  key: Buffer
} {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) }
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  const start = `${name}=`
  const part = header?.split(';').find((one) => one.trim().startsWith(start))
  return part?.trim().slice(start.length)
}

function checked(schema: z.ZodType, value: unknown): unknown {
  const parsed = fromZod(schema, value)
  if (!parsed.ok) throw new ApiProblem('bad-request', describeProblems(parsed.problems))
  return parsed.value
}
