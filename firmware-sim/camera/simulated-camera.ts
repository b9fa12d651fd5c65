// A camera on loopback that supports ONVIF, HTTP snapshots and RTSP, with every fault of its knobs.
import { createSystemClock, type Clock } from '../../protocols/kit/clock.ts'
import {
  createServer as createHttp,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { noFaults, type CameraKnobs } from './knobs.ts'
import { answerTo, fault, notification, operationOf } from './onvif-answers.ts'
import { RtspServer } from './rtsp-server.ts'
import { drawScene, type SceneState } from './scene.ts'
import { SignIn, type Account, type AuthMode } from './sign-in.ts'

const requestBytesMax = 64 * 1024
/** A pull is answered when there is an event, or after this long. */
const pullMs = 1000

export interface SimulatedCameraOptions {
  clock?: Clock
  host?: string
  port?: number
  rtspPort?: number
  account?: Account
  auth?: AuthMode
  /** PEM key and certificate: then it supports HTTPS only. */
  tls?: { key: string; cert: string }
}

export class SimulatedCamera {
  readonly knobs: CameraKnobs = noFaults()
  /** The content of its picture besides the time. */
  readonly scene: Omit<SceneState, 'atMs' | 'isDark' | 'isCovered'> = { waterLevelMm: 800, isDoorOpen: false }
  /** Number of requests, by operation or path. */
  readonly asked = new Map<string, number>()
  readonly #clock: Clock
  readonly #options: SimulatedCameraOptions
  readonly #server: Server
  readonly #rtsp: RtspServer
  readonly #signIn: SignIn
  readonly #sockets = new Set<Socket>()
  #notifications: string[] = []
  #drawn: { key: string; picture: Uint8Array } | undefined
  /** Most picture requests answered at once. */
  #busy = 0
  busyMax = 0

  constructor(options: SimulatedCameraOptions = {}) {
    this.#options = options
    this.#clock = options.clock ?? createSystemClock()
    const account = options.account ?? { user: '', password: '' }
    const mode = options.auth ?? (options.account ? 'digest' : 'none')
    this.#signIn = new SignIn(account, mode)
    const listener: RequestListener = (request, response) => {
      this.#serve(request, response).catch(() => response.destroy())
    }
    this.#server = options.tls ? createHttps(options.tls, listener) : createHttp(listener)
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => socket.destroy())
      if (this.knobs.garbage === 'not-http') socket.end('SSH-2.0-dropbear\r\n')
    })
    this.#rtsp = new RtspServer({
      host: this.host,
      port: options.rtspPort ?? 0,
      knobs: this.knobs,
      signIn: new SignIn(account, mode === 'digest-sha256' ? 'digest' : mode),
      picture: () => this.picture(),
      wallMs: () => this.#clock.wallMs(),
    })
  }

  get host(): string {
    return this.#options.host ?? '127.0.0.1'
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get rtspPort(): number {
    return this.#rtsp.port
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.port ?? 0, this.host, resolve)
    })
    await this.#rtsp.start()
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
    await this.#rtsp.stop()
  }

  /** The present picture; drawn at most once a second and for every change of the scene. */
  picture(): Uint8Array {
    const { isFrozen, isDark, isCovered, clockOffsetMs } = this.knobs
    if (isFrozen && this.#drawn) return this.#drawn.picture
    const atMs = Math.floor((this.#clock.wallMs() + clockOffsetMs) / 1000) * 1000
    const state = { atMs, ...this.scene, isDark, isCovered }
    const key = JSON.stringify(state)
    if (this.#drawn?.key !== key) this.#drawn = { key, picture: drawScene(state) }
    return this.#drawn.picture
  }

  /** Notifies all subscriptions, such as `RuleEngine/CellMotionDetector/Motion`, `IsMotion`. */
  notify(topic: string, item: string, isOn: boolean): void {
    this.#notifications.push(notification(topic, item, isOn, this.#clock.wallMs() + this.knobs.clockOffsetMs))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { knobs } = this
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > requestBytesMax) return void response.destroy()
      chunks.push(chunk)
    }
    if (knobs.isHung) return
    if (knobs.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, knobs.slowMs))
    if (response.destroyed) return
    const body = Buffer.concat(chunks).toString('utf8')
    const [path = '/'] = (request.url ?? '/').split('?')
    const asked = request.method === 'POST' ? operationOf(body) : path
    this.asked.set(asked, (this.asked.get(asked) ?? 0) + 1)
    if (request.method === 'POST') return this.#answerSoap(body, request, response)
    if (path === '/snapshot.jpg') return this.#answerPicture(request, response)
    response.writeHead(path === '/' ? 200 : 404, { 'content-type': 'text/html' })
    response.end(page)
  }

  async #answerSoap(body: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { knobs } = this
    const operation = operationOf(body)
    const nowMs = this.#clock.wallMs() + knobs.clockOffsetMs
    const send = (status: number, xml: string): void => {
      if (knobs.isSloppy) return sendSloppily(response, `\r\n\ufeff${xml.replace('UTF-8', 'utf-16')}`)
      response.writeHead(status, { 'content-type': 'application/soap+xml; charset=utf-8' })
      response.end(xml)
    }
    if (knobs.garbage === 'page') return void response.end(page)
    const isOpen = operation === 'GetSystemDateAndTime'
    const isSigned =
      this.#signIn.mode === 'none' ||
      this.#signIn.acceptsToken(body, nowMs) ||
      this.#signIn.accepts(request.headers.authorization, 'POST')
    if (!isOpen && (knobs.hasWrongAuth || !isSigned)) {
      return send(400, fault('NotAuthorized', 'Sender not Authorized'))
    }
    if (operation === 'PullMessages') {
      for (let waitedMs = 0; waitedMs < pullMs && this.#notifications.length === 0; waitedMs += 50) {
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    const host = knobs.foreignHost ?? this.host
    const scheme = this.#options.tls ? 'https' : 'http'
    const answer = answerTo(body, {
      base: `${scheme}://${host}:${this.port}`,
      streamUri: `rtsp://${host}:${this.rtspPort}/main`,
      snapshotUri: knobs.hasNoSnapshot ? undefined : `${scheme}://${host}:${this.port}/snapshot.jpg?a=1&b=2`,
      cameraTimeMs: nowMs,
      notifications: operation === 'PullMessages' ? this.#notifications.splice(0, 10) : [],
    })
    send(answer === undefined ? 400 : 200, answer ?? fault('ActionNotSupported', 'Action not supported'))
  }

  #answerPicture(request: IncomingMessage, response: ServerResponse): void {
    const { knobs } = this
    if (knobs.hasWrongAuth || !this.#signIn.accepts(request.headers.authorization, 'GET')) {
      const challenge = this.#signIn.mode === 'none' ? ['Basic realm="x"'] : this.#signIn.challenge()
      response.writeHead(401, { 'www-authenticate': challenge, 'content-type': 'text/html' })
      response.end(page)
      if (knobs.reset === 'after-challenge') request.socket.resetAndDestroy()
      return
    }
    this.busyMax = Math.max(this.busyMax, ++this.#busy)
    response.on('close', () => this.#busy--)
    if (knobs.isSnapshotMissing || knobs.hasNoSnapshot) {
      response.writeHead(knobs.isSloppy ? 200 : 404, {
        'content-type': knobs.isSloppy ? 'image/jpeg' : 'text/html',
      })
      return void response.end(page)
    }
    const picture = this.picture()
    if (knobs.endless === 'parts') return this.#pourParts(response)
    response.writeHead(200, { 'content-type': knobs.isSloppy ? 'text/plain' : 'image/jpeg' })
    if (knobs.garbage === 'page') return void response.end(page)
    if (knobs.garbage === 'noise') return void response.end(Buffer.alloc(5000, 'noise'))
    if (knobs.garbage === 'cut') return void response.end(picture.subarray(0, picture.length / 2))
    if (knobs.reset === 'in-picture') {
      response.write(picture.subarray(0, 1000), () => request.socket.resetAndDestroy())
      return
    }
    if (knobs.endless !== 'none') return this.#pourEndlessly(response, picture)
    response.end(picture)
  }

  /** Motion JPEG over HTTP, which some cameras send for a snapshot. */
  #pourParts(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' })
    const pour = (): void => {
      const picture = this.picture()
      response.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`)
      response.write(picture)
      response.write('\r\n')
    }
    pour()
    const timer = setInterval(pour, 200)
    response.on('close', () => clearInterval(timer))
  }

  #pourEndlessly(response: ServerResponse, picture: Uint8Array): void {
    const isFlood = this.knobs.endless === 'flood'
    const chunk = isFlood ? Buffer.alloc(64 * 1024) : Buffer.alloc(1)
    response.write(picture.subarray(0, 100))
    const timer = setInterval(
      () => {
        if (response.writableLength < 1_000_000) response.write(chunk)
      },
      isFlood ? 5 : 1000,
    )
    response.on('close', () => clearInterval(timer))
  }
}

/** Like some firmware: no reason phrase, odd header names and values, a wrong type, the end marked by closing. */
function sendSloppily(response: ServerResponse, text: string): void {
  const head =
    'HTTP/1.1 200\r\nServer : \u00e9\u0001\r\nX_Odd[]:\r\nContent-Type: text/html; charset=utf-16\r\n\r\n'
  response.socket?.write(head, 'latin1')
  response.socket?.end(text)
}

const page = '<!DOCTYPE html><html><head><title>404</title></head><body>Document not found</body></html>'
