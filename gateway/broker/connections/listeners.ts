// Opens the listeners of the settings (TCP, TLS, WebSocket) and hands on byte streams, with the identity that the
// transport proves.
import type { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  createServer as createTlsServer,
  TLSSocket,
  type SecureContextOptions,
  type Server as TlsServer,
} from 'node:tls'
import type { Logger } from 'pino'
import { createWebSocketStream, WebSocketServer } from 'ws'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { BrokerLimits, ListenerSettings, TlsSettings } from '../../config/broker-settings.ts'
import {
  certificateMarks,
  judgeCertificate,
  parseAuthorities,
} from '../../../platform/certificates/certificate-check.ts'
import type { BrokerAddress, OwnEvent } from '../port.ts'
import { publishOnce } from './publish-once.ts'
import type { Places } from './places.ts'
import type { RefusalCause, Refusals } from '../refusals.ts'
import { Revocations } from '../../../platform/certificates/revocations.ts'
import { isOwnName } from '../../../platform/strangers/own-name.ts'

/** Facts from the transport about the device. */
export interface Arrival {
  stream: Duplex
  /** The transport below `stream`, or the same. */
  socket: Socket
  address: string
  certificateName: string | undefined
  certificateMarks: readonly string[]
  /** Why the certificate is not accepted; the reason is given in CONNACK. */
  refusal: RefusalCause | undefined
}

export interface ListenersOptions {
  settings: readonly ListenerSettings[]
  limits: BrokerLimits
  clock: Clock
  logger: Logger
  refusals: Refusals
  places: Places
  onArrival(arrival: Arrival): void
}

interface Bound {
  settings: ListenerSettings
  server: Server | TlsServer
  authorities: X509Certificate[]
  revocations: Revocations
}

export class Listeners {
  readonly #options: ListenersOptions
  readonly #bound: Bound[] = []

  constructor(options: ListenersOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    for (const settings of this.#options.settings) {
      const bound = await this.#create(settings)
      await listen(bound.server, settings)
      this.#bound.push(bound)
    }
  }

  /** As DeviceBroker.proveAnswer, through a listener on loopback that takes one connection, as the device of the event. */
  async proveAnswer(event: OwnEvent): Promise<void> {
    const { clock, places } = this.#options
    const server = createServer()
    server.once('connection', (socket: Socket) => {
      server.close()
      const address = socket.remoteAddress ?? 'gone'
      const proven = { certificateName: event.device, certificateMarks: [], refusal: undefined }
      this.#options.onArrival({ stream: socket, socket, address, ...proven })
    })
    places.watch(server)
    await listen(server, { host: '127.0.0.1', port: 0 })
    try {
      await publishOnce({ ...event, port: (server.address() as AddressInfo).port, clock })
    } finally {
      server.close()
    }
  }

  /** Accepts no new connections; open ones stay. */
  refuse(): void {
    for (const { server } of this.#bound.splice(0)) server.close()
  }

  addresses(): BrokerAddress[] {
    return this.#bound.map(({ server, settings }) => {
      const { address, port } = server.address() as AddressInfo
      return { host: address, port, isTls: settings.tls !== undefined, isWebSocket: settings.webSocket }
    })
  }

  /** Files that are watched for changes. */
  files(): string[] {
    return this.#options.settings.flatMap(({ tls }) =>
      tls
        ? [tls.certFile, tls.keyFile, tls.caFile, tls.revokedFile].filter((file) => file !== undefined)
        : [],
    )
  }

  /** Reads certificates and revocations again; open connections keep theirs. */
  async reload(): Promise<void> {
    for (const bound of this.#bound) {
      if (!bound.settings.tls) continue
      await bound.revocations.load()
      const context = await readContext(bound.settings.tls)
      bound.authorities = parseAuthorities(context.ca ?? '')
      ;(bound.server as TlsServer).setSecureContext(context)
    }
  }

  isRevoked(marks: readonly string[]): boolean {
    return marks.length > 0 && this.#bound.some(({ revocations }) => revocations.has(marks))
  }

  async #create(settings: ListenerSettings): Promise<Bound> {
    const { tls, webSocket } = settings
    const revocations = new Revocations(tls?.revokedFile)
    await revocations.load()
    const context = tls ? await readContext(tls) : undefined
    const tlsOptions = context && {
      ...context,
      requestCert: tls?.caFile !== undefined,
      // Checked by the broker, so that the device and the log get the reason.
      rejectUnauthorized: false,
      handshakeTimeout: this.#options.limits.connectTimeoutMs,
    }
    const waits = { headersTimeout: this.#options.limits.connectTimeoutMs, requestTimeout: 0 }
    const http =
      webSocket && (tlsOptions ? createHttpsServer({ ...tlsOptions, ...waits }) : createHttpServer(waits))
    const server = http || (tlsOptions ? createTlsServer(tlsOptions) : createServer())
    const bound: Bound = { settings, server, revocations, authorities: parseAuthorities(context?.ca ?? '') }
    // For TLS this is the raw socket, before the handshake.
    server.on('connection', (socket: Socket) => {
      socket.setNoDelay(true)
      socket.setKeepAlive(true, this.#options.limits.tcpKeepAliveMs)
      if (!http && !tlsOptions) this.#arrive(bound, socket, socket)
    })
    // After the listeners above: they get a connection when its turn has come.
    this.#options.places.watch(server)
    if (http) this.#upgrade(bound, http)
    else server.on('secureConnection', (socket: TLSSocket) => this.#arrive(bound, socket, socket))
    server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      this.#options.refusals.report(
        'not-connect',
        { address: socket.remoteAddress },
        { error: error.message },
      )
      socket.destroy()
    })
    return bound
  }

  #upgrade(bound: Bound, http: Server): void {
    const webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: this.#options.limits.frameBytes + 5,
      handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
    })
    http.on('request', (_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(426, { 'content-type': 'text/plain' }).end('MQTT over WebSocket only\n')
    })
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
      // Devices send no Origin header. A browser page from another site, of another scheme, or under a name that was
      // pointed at this address, does.
      const { origin, host } = request.headers
      const own = `${bound.settings.tls ? 'https' : 'http'}://${host}`
      const isForeignPage = origin !== undefined && (origin !== own || !isOwnName(host))
      if (!offered.includes('mqtt') || isForeignPage) {
        const detail = isForeignPage ? 'the Origin of another site' : 'the subprotocol is not "mqtt"'
        this.#options.refusals.report('websocket-refused', { address: socket.remoteAddress }, { detail })
        socket.end(
          `HTTP/1.1 ${isForeignPage ? '403 Forbidden' : '400 Bad Request'}\r\nConnection: close\r\n\r\n`,
        )
        return
      }
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        // Before the stream receives the frame. [MQTT-6.0.0-1]
        webSocket.on('message', (_data, isBinary) => {
          if (isBinary) return
          const detail = 'a text frame: send binary frames'
          this.#options.refusals.report('websocket-refused', { address: socket.remoteAddress }, { detail })
          stream.destroy()
        })
        const stream = createWebSocketStream(webSocket)
        // Frames that are too large are reported here; aedes gets the end of the stream.
        webSocket.on('error', () => stream.destroy())
        this.#arrive(bound, socket, stream)
      })
    })
  }

  #arrive(bound: Bound, socket: Socket, stream: Duplex): void {
    const address = socket.remoteAddress ?? 'gone'
    const arrival = {
      stream,
      socket,
      address,
      certificateName: undefined,
      certificateMarks: [],
      refusal: undefined,
    }
    const isVerifying = bound.settings.tls?.caFile !== undefined && socket instanceof TLSSocket
    this.#options.onArrival(isVerifying ? { ...arrival, ...this.#judge(bound, socket) } : arrival)
  }

  #judge(bound: Bound, socket: TLSSocket): Omit<Arrival, 'stream' | 'socket' | 'address'> {
    const certificate = socket.getPeerX509Certificate()
    if (!certificate) {
      const isNeeded = bound.settings.tls?.requireClientCertificate === true
      return {
        certificateName: undefined,
        certificateMarks: [],
        refusal: isNeeded ? 'certificate-missing' : undefined,
      }
    }
    const marks = certificateMarks(certificate)
    const verdict = judgeCertificate({
      certificate,
      authorizationError: socket.authorized ? undefined : String(socket.authorizationError),
      authorities: bound.authorities,
      wallMs: this.#options.clock.wallMs(),
    })
    if (typeof verdict === 'string')
      return { certificateName: undefined, certificateMarks: marks, refusal: verdict }
    const refusal = bound.revocations.has(marks) ? 'certificate-revoked' : undefined
    // A certificate without exactly one common name names no device; the empty name is refused as such.
    return { certificateName: verdict.name ?? '', certificateMarks: marks, refusal }
  }
}

async function readContext(tls: TlsSettings): Promise<SecureContextOptions & { ca: string | undefined }> {
  const [cert, key, ca] = await Promise.all([
    readFile(tls.certFile, 'utf8'),
    readFile(tls.keyFile, 'utf8'),
    tls.caFile === undefined ? undefined : readFile(tls.caFile, 'utf8'),
  ])
  return { cert, key, ca, minVersion: 'TLSv1.2' }
}

function listen(server: Server, { host, port }: Pick<ListenerSettings, 'host' | 'port'>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
