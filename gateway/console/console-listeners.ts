// The listener of the console: always on the box itself, and also on the village's network while access from there is allowed. Both use
// one port, so the listener moves from one address to the other.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { pause } from '../../platform/time/pause.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'

export interface ConsoleListenersOptions {
  host: string
  port: number
  /** 0.0.0.0 or ::, which contain loopback. */
  villageHost: string
  createServer: () => Server
  /** How long the village's network is let in, ms. */
  openForMs: () => number
  clock: Clock
  logger: Logger
}

/** The address of before may be free only a moment later. */
const movesMax = 10
const moveAgainMs = 200
/** While the port is taken it is tried again this often. */
const notListeningMs = 30_000
/** Longest wait of one timer. */
const lookMsMax = 24 * 3_600_000

export class ConsoleListeners {
  readonly #options: ConsoleListenersOptions
  #server: Server | undefined
  #host = ''
  #port: number
  readonly #ended = new AbortController()
  #moving: Promise<void> = Promise.resolve()
  #cancel = (): void => undefined

  constructor(options: ConsoleListenersOptions) {
    this.#options = options
    this.#port = options.port
  }

  get isOpenToVillage(): boolean {
    return this.#host === this.#options.villageHost
  }

  /** Its address on the box itself; rejects when the port is taken. */
  async start(): Promise<string> {
    const bound = await this.#listen(this.#wanted())
    this.#watch()
    const { host: own, villageHost } = this.#options
    const host = this.isOpenToVillage && own !== villageHost ? own : bound
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}/`
  }

  /** The access has changed: the listener moves where it belongs now. */
  look(): Promise<void> {
    this.#moving = this.#moving.then(() => this.#move()).catch(() => undefined)
    return this.#moving
  }

  async stop(): Promise<void> {
    this.#ended.abort()
    this.#cancel()
    await this.#moving
    const server = this.#server
    if (!server) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }

  #wanted(): string {
    const { host, villageHost, openForMs } = this.#options
    return openForMs() > 0 ? villageHost : host
  }

  async #move(): Promise<void> {
    const wanted = this.#wanted()
    if (wanted !== this.#host && !this.#ended.signal.aborted) {
      // Answers under way are sent to their end; only the listening ends.
      this.#server?.close()
      this.#host = ''
      for (let tries = 1; !this.#ended.signal.aborted; tries++)
        try {
          await this.#listen(wanted)
          this.#options.logger.info({ host: wanted, port: this.#port }, 'the console listens elsewhere now')
          break
        } catch (error) {
          if (tries >= movesMax) {
            this.#options.logger.error(
              { err: error, host: wanted },
              'the console could not move its listener',
            )
            break
          }
          await pause(this.#options.clock, moveAgainMs, this.#ended.signal)
        }
    }
    this.#watch()
  }

  #watch(): void {
    this.#cancel()
    if (this.#ended.signal.aborted) return
    const look = (afterMs: number): void => {
      this.#cancel = this.#options.clock.after(Math.min(afterMs, lookMsMax), () => void this.look())
    }
    const openForMs = this.#options.openForMs()
    if (this.#host === '') look(notListeningMs)
    else if (openForMs > 0 && openForMs < Infinity) look(openForMs + 50)
  }

  /** Returns the address that was bound. */
  async #listen(host: string): Promise<string> {
    const server = this.#options.createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, host, () => {
        server.off('error', reject)
        resolve()
      })
    })
    const { address, port } = server.address() as AddressInfo
    this.#server = server
    this.#host = host
    this.#port = port
    return address
  }
}
