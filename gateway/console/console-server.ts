// The box console: health for people, /healthz and /metrics for programs, and the few manual actions at the box.
import { lookup } from '../../protocols/kit/parse-json.ts'
import { isLoopback } from '../../platform/loopback.ts'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize, sep } from 'node:path'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { DevicesAnswer, HealthAnswer, HealthQuarantineEntry } from '../../protocols/console/api.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Result } from '../../protocols/kit/result.ts'
import { StrangerGuard } from '../../platform/strangers/stranger-guard.ts'
import type { AlarmInput } from '../alarms/port.ts'
import type { Cameras } from '../cameras/port.ts'
import { controlBytesMax, isControl, parseForget, type Control, type ForgetRequest } from './box-controls.ts'
import { isDevicePath, runDeviceControl, type DeviceControls } from './device-controls.ts'
import { isCameraPath, lookAtPicture, runCameraControl } from './camera-controls.ts'
import { isOwnName } from '../../platform/strangers/own-name.ts'

/** Entries of the quarantine in one answer. */
const quarantineEntriesMax = 200

/**
 * Connections without a request; the oldest is closed to make room. Those with a request close with their answer. A
 * browser opens six at once.
 */
const strangerLimits = {
  strangers: 40,
  strangersPerNetwork: 20,
  // Practically no limit: there is no TLS work to save, and a person at the box sees the address of a program that
  // floods it.
  newAtOnce: 1e6,
  newPerSecond: 1e6,
  newUnknownAtOnce: 1e6,
  newUnknownPerSecond: 1e6,
  firstByteMs: 3000,
  signInMs: 6000,
  admitted: 50,
}

const contentTypes: Record<string, string> = lookup({
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
})

export interface ConsoleOptions {
  host: string
  port: number
  /** Further names under which programs may send requests. */
  names?: readonly string[]
  /** Folder of the built page. */
  pageFolder: string
  clock: Clock
  metrics: Registry
  logger: Logger
  /** Why the box is not well, or undefined. */
  fault: () => string | undefined
  health: () => Promise<HealthAnswer>
  quarantine: (limit: number) => Promise<HealthQuarantineEntry[]>
  /** Judges and stores a person's request; otherwise its problems. */
  control: (control: Control, body: Uint8Array) => Promise<Result<AlarmInput>>
  /** A device was reset or replaced: its message ids count as new. */
  forget: (request: ForgetRequest) => Promise<void>
  cameras: Cameras | undefined
  devices: DeviceControls & { answer: () => DevicesAnswer }
}

export class ConsoleServer {
  readonly #options: ConsoleOptions
  readonly #server: Server

  constructor(options: ConsoleOptions) {
    this.#options = options
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.requestTimeout = 10_000
    this.#server.headersTimeout = 5000
    const guard = new StrangerGuard({
      limits: strangerLimits,
      clock: options.clock,
      onRefused: (reason) => options.logger.debug({ reason }, 'a connection without a request was closed'),
    })
    guard.watch(this.#server)
    // Before the request is answered: a connection with a request no longer counts as a stranger, and closes with its
    // answer.
    this.#server.prependListener('request', ({ socket }: IncomingMessage) => void guard.admit(socket))
  }

  async start(): Promise<string> {
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const address = this.#server.address() as AddressInfo
    return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}/`
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
    response.setHeader('Connection', 'close')
    response.setHeader('Content-Security-Policy', "default-src 'self'; frame-ancestors 'none'")
    try {
      if (request.method === 'POST') return await this.#control(request, response)
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return send(response, 405, 'text/plain', 'GET, or POST for a control\n')
      await this.#answer(new URL(request.url ?? '/', 'http://box').pathname, request, response)
    } catch (error) {
      this.#options.logger.warn(
        { path: request.url, reason: (error as Error).message },
        'the console could not answer',
      )
      send(response, 500, 'text/plain', 'the box could not answer; its log says why\n')
    }
  }

  async #answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isForPrograms = path === '/healthz' || path === '/metrics'
    if (isForPrograms && !isOwnName(request.headers.host, this.#options.names))
      return send(
        response,
        403,
        'text/plain',
        'ask by address, by the name of this machine, or by a name in console.names\n',
      )
    if (path === '/healthz') {
      const fault = this.#options.fault()
      const status = fault === undefined ? 'ok' : 'ill'
      return sendJson(response, fault === undefined ? 200 : 503, {
        status,
        ...(fault ? { reason: fault } : {}),
      })
    }
    if (path === '/metrics')
      return send(response, 200, this.#options.metrics.contentType, await this.#options.metrics.metrics())
    // Messages of devices are for people at the box, not for its whole network.
    if (!isLoopback(request.socket.remoteAddress))
      return send(
        response,
        403,
        'text/plain',
        'the console answers on the box itself only; use an SSH tunnel\n',
      )
    // A name that was pointed at this address would let a foreign page read it, and an image in one would count as a
    // look.
    if (!isOwnPage(request) || isForeignSite(request))
      return send(response, 403, 'text/plain', 'requests from pages of other sites are refused\n')
    if (path.startsWith('/api/v1/snapshots/')) return this.#picture(path, request, response)
    if (path === '/api/v1/health') return sendJson(response, 200, await this.#options.health())
    if (path === '/api/v1/devices') return sendJson(response, 200, this.#options.devices.answer())
    if (path === '/api/v1/quarantine')
      return sendJson(response, 200, { entries: await this.#options.quarantine(quarantineEntriesMax) })
    return this.#page(path, response)
  }

  /** `POST /api/v1/{arm|disarm|bypass|shelve|maintenance|forget}`, `devices/...`, `bridges/...` and `cameras/...`, JSON, from the box. */
  async #control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isLoopback(request.socket.remoteAddress))
      return send(response, 403, 'text/plain', 'controls answer on the box itself only; use an SSH tunnel\n')
    if (!isOwnPage(request) || isForeignSite(request))
      return send(response, 403, 'text/plain', 'controls refuse requests from pages of other sites\n')
    // A foreign page can not send this type without asking the browser first, and the console never allows it.
    if (request.headers['content-type']?.split(';')[0] !== 'application/json')
      return send(response, 415, 'text/plain', 'Content-Type: application/json\n')
    const path = new URL(request.url ?? '/', 'http://box').pathname
    const name = /^\/api\/v1\/([a-z]+)$/.exec(path)?.[1] ?? ''
    const isCamera = isCameraPath(path)
    const isDevice = isDevicePath(path)
    if (!isCamera && !isDevice && name !== 'forget' && !isControl(name))
      return send(response, 404, 'text/plain', 'nothing here\n')
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > controlBytesMax) return send(response, 413, 'text/plain', 'too large\n')
      chunks.push(chunk)
    }
    if (isDevice) {
      const { status, answer } = await runDeviceControl(this.#options.devices, path, Buffer.concat(chunks))
      return sendJson(response, status, answer)
    }
    if (isCamera) {
      const { status, answer } = await runCameraControl(this.#options.cameras, path, Buffer.concat(chunks))
      return sendJson(response, status, answer)
    }
    if (name === 'forget') return this.#forget(Buffer.concat(chunks), response)
    if (!isControl(name)) return
    const done = await this.#options.control(name, Buffer.concat(chunks))
    if (done.ok) sendJson(response, 200, { ok: true })
    else sendJson(response, 400, { ok: false, problems: done.problems })
  }

  async #forget(body: Uint8Array, response: ServerResponse): Promise<void> {
    const asked = parseForget(body)
    if (!asked.ok) return sendJson(response, 400, { ok: false, problems: asked.problems })
    await this.#options.forget(asked.value)
    sendJson(response, 200, { ok: true })
  }

  /** `GET /api/v1/snapshots/{id}/{preview|full}?who=NAME`: logged before it is shown. */
  async #picture(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const who = new URL(request.url ?? '/', 'http://box').searchParams.get('who') ?? ''
    const bytes = await lookAtPicture(this.#options.cameras, path, who)
    if (bytes) send(response, 200, 'image/jpeg', Buffer.from(bytes))
    else
      send(response, 404, 'text/plain', 'no such picture, or the name of the person is missing (?who=NAME)\n')
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

/** Requested by a page of another origin, as the browser reports. */
function isForeignSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** A page from elsewhere, or under a name that was pointed at this address, must not arm or disarm a village. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  const host = headers.host ?? ''
  if (!/^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(host)) return false
  return headers.origin === undefined || headers.origin === `http://${host}`
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  if (response.headersSent) return
  response.writeHead(status, { 'Content-Type': type })
  response.end(body)
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body))
}
