// Keeps a device connected: one MqttSession after another, with exponential back-off and full jitter between them.
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { MqttSession, type SessionOptions } from './mqtt-session.ts'

export interface BackOff {
  firstMs: number
  maxMs: number
}

/** Settings that keep a village of devices from overloading a restarted gateway. */
export const defaultBackOff: BackOff = { firstMs: 1000, maxMs: 60_000 }

export type Dial = Pick<
  SessionOptions,
  'url' | 'clientId' | 'isClean' | 'keepaliveSeconds' | 'will' | 'username' | 'password' | 'tls'
>

export interface LinkOptions {
  dial: Dial
  clock: Clock
  random: Random
  backOff: BackOff
  onReady(session: MqttSession): void
  onAck(packetId: number): void
  onMessage(topic: string, payload: Uint8Array): void
  /** Pause after each connection that had been ready, and after each that never was. */
  onDown(reason: string, isRefused: boolean): void
}

export class Link {
  #options: LinkOptions
  #session: MqttSession | undefined
  #isReady = false
  #isWanted = false
  #failures = 0
  #cancelRetry: (() => void) | undefined
  connects = 0

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** The session while the broker has accepted it. */
  get session(): MqttSession | undefined {
    return this.#isReady ? this.#session : undefined
  }

  get isWanted(): boolean {
    return this.#isWanted
  }

  /** Starts connecting; a further call while it waits for the next attempt changes nothing. */
  raise(): void {
    this.#isWanted = true
    if (!this.#session && !this.#cancelRetry) this.#connect()
  }

  /** A person waits: tries now instead of at the end of the back-off. */
  connectNow(): void {
    if (this.#session) return
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.raise()
  }

  /** Closes with DISCONNECT. */
  lower(): void {
    this.#forget()?.end()
  }

  /** Closes without DISCONNECT; stays down. */
  cut(): void {
    this.#forget()?.drop('power cut')
  }

  /** Ends this connection and tries again. */
  renew(reason: string): void {
    this.#session?.drop(reason)
  }

  #forget(): MqttSession | undefined {
    this.#isWanted = false
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#failures = 0
    return this.#session
  }

  #connect(): void {
    const options = this.#options
    const session = new MqttSession({
      ...options.dial,
      clock: options.clock,
      onAck: (packetId) => options.onAck(packetId),
      onMessage: (topic, payload) => options.onMessage(topic, payload),
      onReady: () => {
        this.#isReady = true
        this.#failures = 0
        this.connects++
        options.onReady(session)
      },
      onClosed: (reason, isRefused) => {
        this.#session = undefined
        this.#isReady = false
        options.onDown(reason, isRefused)
        if (this.#isWanted) this.#retryLater()
      },
    })
    this.#session = session
    session.open()
  }

  #retryLater(): void {
    const { backOff, clock, random } = this.#options
    const ceilingMs = Math.min(backOff.maxMs, backOff.firstMs * 2 ** Math.min(this.#failures++, 20))
    this.#cancelRetry = clock.after(random.next() * ceilingMs, () => {
      this.#cancelRetry = undefined
      if (this.#isWanted) this.#connect()
    })
  }
}
