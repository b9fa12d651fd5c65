// Access to the desk's connections: places for clients that have not signed in, and requests of foreign pages. The
// server and the stream share it.
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import { StrangerGuard, strangerRefusals } from '../../platform/strangers/stranger-guard.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { RequestSender } from '../accounts/request-sender.ts'

/**
 * Connections that have not signed in, and those that have. The sign-in page also loads over a slow link: it has two
 * minutes. A browser opens six connections at once; a proxy opens those of all its browsers from one address, and each
 * that signs in no longer counts as new.
 */
export const httpLimits = {
  strangers: 1000,
  strangersPerNetwork: 200,
  newAtOnce: 400,
  newPerSecond: 100,
  newUnknownAtOnce: 1000,
  newUnknownPerSecond: 200,
  firstByteMs: 5000,
  signInMs: 120_000,
  admitted: 2000,
  // Of one account: a duty room with one account on thirty computers has six to each, and its streams.
  admittedPerHolder: 300,
  waiting: 4000,
} as const
/** A foreign origin is logged once in this time: a reverse proxy without a Host line causes one with every request. */
const originLogEveryMs = 60_000

export interface DeskConnectionGuardOptions {
  sender: RequestSender
  clock: Clock
  logger: Logger
  registry: Registry
}

export class DeskConnectionGuard {
  readonly #options: DeskConnectionGuardOptions
  readonly #guard: StrangerGuard
  readonly #refused
  #originLoggedAtMs = -Infinity

  constructor(options: DeskConnectionGuardOptions) {
    this.#options = options
    this.#refused = new Counter({
      name: 'gengfu_centre_http_refused_total',
      help: 'Connections and requests refused before they were answered, by reason',
      labelNames: ['reason'],
      registers: [options.registry],
    })
    for (const reason of strangerRefusals) this.#refused.inc({ reason }, 0)
    this.#guard = new StrangerGuard({
      limits: httpLimits,
      clock: options.clock,
      onRefused: (reason) => this.countRefused(reason),
    })
  }

  countRefused(reason: string): void {
    this.#refused.inc({ reason })
  }

  watch(server: Server): void {
    this.#guard.watch(server)
  }

  /** The connection has sent a whole request. */
  hear(socket: Duplex): void {
    this.#guard.hear(socket as Socket)
  }

  /**
   * The connection has signed in; false when no place is left. `holder`: its account or link, the address at the sign-in itself, and
   * none for a proxy, whose connections are shared by many people.
   */
  admit(socket: Duplex, holder: string | undefined): boolean {
    return this.#guard.admit(socket as Socket, holder)
  }

  /**
   * True when a page of the centre, or no page at all, sent the request; else counted, and logged from time to time.
   */
  isOwnPage(request: IncomingMessage): boolean {
    const { sender, clock, logger } = this.#options
    if (sender.isOwnPage(request)) return true
    this.countRefused('foreign-origin')
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#originLoggedAtMs < originLogEveryMs) return false
    this.#originLoggedAtMs = nowMs
    logger.warn(
      {
        origin: request.headers.origin,
        expected: sender.ownOrigin(request),
        site: request.headers['sec-fetch-site'],
        peer: request.socket.remoteAddress,
      },
      'a request of a page with another origin was refused. If this page is the desk behind a reverse proxy: let the proxy pass on Host and X-Forwarded-Proto, and name its address in http.trustedProxies',
    )
    return false
  }
}
