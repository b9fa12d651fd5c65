// Vendors' platforms push by HTTP: POST /push/{bridge}/{topic...} with the bridge's token. 200 means that everything in
// the request is stored, 503 that it is not and must be sent again.
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { StrangerGuard } from '../../../platform/strangers/stranger-guard.ts'
import type { BridgeSettings, PushSettings } from '../../config/bridge-settings.ts'
import { ConnectionsByName } from './connections-by-name.ts'
import type { DialectIntake } from './dialect-intake.ts'

/**
 * Requests of one bridge that are read or wait for their commit; beyond it the answer is 503 at once. Each bridge has its own
 * share: a platform that floods delays no other platform.
 */
export const requestsPerBridgeMax = 100
const requestTimeoutMs = 10_000

/** Requests that are stored, and whose answer the sender did not hear; beyond it the oldest is forgotten, and its repeat is new. */
const unheardMax = 500

/** Connections without the right token: the oldest of the largest crowd makes room. Those with it have places of their own. */
const strangerLimits = {
  strangers: 200,
  strangersPerNetwork: 100,
  // A platform may push each message on a new connection: one with the right token gives its share of the rate back.
  newAtOnce: 200,
  newPerSecond: 100,
  newUnknownAtOnce: 400,
  newUnknownPerSecond: 200,
  waiting: 500,
  firstByteMs: requestTimeoutMs / 2,
  signInMs: requestTimeoutMs,
}
/** Connections of one bridge. */
const connectionsPerBridgeMax = 200

const digest = (text: string | Uint8Array): Buffer => createHash('sha256').update(text).digest()

export interface PushListenerOptions {
  settings: PushSettings
  bridges: readonly BridgeSettings[]
  dialects: DialectIntake
  clock: Clock
  logger: Logger
}

interface Bridge {
  /** Of its token, so that comparing takes the same time for any. */
  digest: Buffer
  bytesMax: number
  waiting: number
}

export class PushListener {
  readonly #options: PushListenerOptions
  readonly #server: Server
  readonly #guard: StrangerGuard
  readonly #bridges = new Map<string, Bridge>()
  readonly #ofBridge = new ConnectionsByName(connectionsPerBridgeMax)
  /** By content: a request that comes again is the same one. */
  readonly #unheard = new Map<string, true>()

  constructor(options: PushListenerOptions) {
    this.#options = options
    const { certFile, keyFile } = options.settings
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch((error: Error) => {
        options.logger.warn({ reason: error.message }, 'a pushed request could not be read')
        response.destroy()
      })
    }
    this.#server =
      certFile === undefined || keyFile === undefined
        ? createHttpServer(serve)
        : createHttpsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, serve)
    this.#server.requestTimeout = requestTimeoutMs
    this.#server.headersTimeout = requestTimeoutMs / 2
    this.#guard = new StrangerGuard({
      limits: {
        ...strangerLimits,
        admitted: (connectionsPerBridgeMax + 1) * Math.max(1, options.bridges.length),
      },
      clock: options.clock,
      onRefused: (reason, address) =>
        options.logger.debug({ reason, address }, 'a connection without the right token was closed'),
    })
    this.#guard.watch(this.#server)
    for (const { id, tokenFile, payloadBytes } of options.bridges)
      if (tokenFile !== undefined)
        this.#bridges.set(id, {
          digest: digest(readFileSync(tokenFile, 'utf8').trim()),
          bytesMax: payloadBytes,
          waiting: 0,
        })
  }

  async start(): Promise<number> {
    const { host, port } = this.#options.settings
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const bound = (this.#server.address() as AddressInfo).port
    this.#options.logger.info({ host, port: bound }, 'listens for pushed messages')
    return bound
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return send(response, 405, 'POST only\n')
    const [, bridge = '', path = ''] =
      /^(?:https?:\/\/[^/]*)?\/push\/([^/?#]+)\/?([^?#]*)/.exec(request.url ?? '') ?? []
    const known = this.#bridges.get(bridge)
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    // The same answer for an unknown bridge.
    if (!known || !timingSafeEqual(known.digest, digest(given))) return send(response, 401, 'no such token\n')
    this.#ofBridge.enter(bridge, request.socket)
    if (!this.#guard.admit(request.socket)) return
    const topic = decodedPath(path)
    if (topic === undefined) return send(response, 400, 'the path is no text: check its percent signs\n')
    if (known.waiting >= requestsPerBridgeMax)
      return send(response, 503, 'too many requests: send it again\n')
    known.waiting++
    try {
      const body = await bodyOf(request, known.bytesMax)
      if (!body) return send(response, 413, `at most ${known.bytesMax} bytes\n`)
      await this.#keep(bridge, topic, body, response)
    } finally {
      known.waiting--
    }
  }

  #keep(bridge: string, topic: string, payload: Uint8Array, response: ServerResponse): Promise<void> {
    const { dialects } = this.#options
    const content = digest(`${bridge}\n${topic}\n`).toString('base64') + digest(payload).toString('base64')
    const isResent = this.#unheard.delete(content)
    const notHeard = (): void => {
      if (response.writableFinished) return
      this.#unheard.set(content, true)
      forgetOldest(this.#unheard, unheardMax)
    }
    return new Promise((resolve) => {
      const answer = (status: number, body: string | Uint8Array): void => {
        send(response, status, body)
        resolve()
      }
      dialects.take(
        bridge,
        { topic, payload, isRetained: false, isUnmarked: true, ...(isResent ? { isResent } : {}) },
        {
          kept: (reply) => {
            answer(200, reply ?? '{"ok":true}\n')
            if (response.destroyed) notHeard()
            else response.once('close', notHeard)
          },
          refused: () => answer(503, 'not kept: send it again\n'),
        },
      )
    })
  }
}

function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function send(response: ServerResponse, status: number, body: string | Uint8Array): void {
  if (response.headersSent || response.destroyed) return
  const type = status === 200 ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8'
  response.writeHead(status, { 'Content-Type': type, Connection: status === 200 ? 'keep-alive' : 'close' })
  response.end(body)
}
