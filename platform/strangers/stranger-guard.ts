// Guards the sockets of a listener until they have signed in: a limited rate of new ones, few places, a short time to
// the first byte and to the sign-in, and separate places for signed-in ones.
import type { Server, Socket } from 'node:net'
import type { Clock } from '../../protocols/kit/clock.ts'
import { AdmittedPlaces, type AdmittedLimits } from './admitted-places.ts'
import { networkOf } from './network-address.ts'
import { NewConnections, type NewConnectionLimits } from './new-connections.ts'
import { StrangerPlaces, type StrangerLimits } from './stranger-places.ts'
import { WaitingConnections } from './waiting-connections.ts'

export interface StrangerGuardLimits extends StrangerLimits, NewConnectionLimits, AdmittedLimits {
  /** A connection without a byte is closed after this. */
  firstByteMs: number
  /** A connection that has not signed in is closed after this. */
  signInMs: number
  /** New connections above the rate that wait for a turn, of one network and of all; without it they are reset. */
  waiting?: number
}

/**
 * `too-many-new`: too many new ones of its network, or of all unknown ones, in a short time. `made-room`: it was the
 * oldest when all places were taken. `full`: no place is left for signed-in ones. `made-room-signed-in`: its holder had too
 * many, or the most when all places were taken.
 */
export const strangerRefusals = [
  'too-many-new',
  'made-room',
  'no-first-byte',
  'no-sign-in',
  'full',
  'made-room-signed-in',
] as const
export type StrangerRefusal = (typeof strangerRefusals)[number]

export interface StrangerGuardOptions {
  limits: StrangerGuardLimits
  clock: Clock
  onRefused: (reason: StrangerRefusal, address: string) => void
}

interface Guarded {
  socket: Socket
  address: string
  network: string
  cancel: () => void
}

/** A TLS socket and the TCP socket below it have the same ends. */
const keyOf = ({ remoteAddress, remotePort, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localPort}`

export class StrangerGuard {
  readonly #options: StrangerGuardOptions
  readonly #newOnes: NewConnections
  readonly #places: StrangerPlaces<string>
  readonly #guarded = new Map<string, Guarded>()
  readonly #waiting: WaitingConnections
  readonly #admitted: AdmittedPlaces<string>

  constructor(options: StrangerGuardOptions) {
    this.#options = options
    this.#admitted = new AdmittedPlaces(options.limits)
    const newOnes = new NewConnections(options.limits, options.clock)
    this.#newOnes = newOnes
    this.#places = new StrangerPlaces(options.limits, (network) => newOnes.isKnown(network))
    const { waiting = 0 } = options.limits
    this.#waiting = new WaitingConnections({
      perNetworkMax: waiting,
      max: waiting,
      newOnes,
      clock: options.clock,
      refuse: (socket) => this.#reset(socket),
    })
  }

  get strangers(): number {
    return this.#places.size
  }

  get admitted(): number {
    return this.#admitted.size
  }

  /**
   * Guards every connection of `server` from its first moment: the server's own work, such as a TLS handshake, begins
   * only for accepted ones. Listeners added later get all of those.
   */
  watch(server: Server): void {
    const { strangers, admitted, waiting = 0 } = this.#options.limits
    // No connection is refused here: when all places are taken, an older one is closed.
    server.maxConnections = strangers + admitted + strangers + waiting
    const listeners = server.listeners('connection')
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      this.#enter(socket, () => {
        for (const listener of listeners) listener.call(server, socket)
      })
    })
  }

  /**
   * The socket, or the TLS socket over it, has signed in. False when no place is left: then it is closed. `holder`: the account,
   * device or network that it counts for; the largest makes room when all places are taken.
   */
  admit(socket: Socket, holder?: string): boolean {
    const key = keyOf(socket)
    if (!this.#places.has(key)) return this.#guarded.has(key)
    const entry = this.#admitted.enter(key, holder)
    if (entry === 'full') {
      this.#refuse(key, 'full')
      return false
    }
    if (entry.evicted !== undefined) this.#makeRoom(entry.evicted)
    this.#places.leave(key)
    const guarded = this.#guarded.get(key)
    guarded?.cancel()
    if (guarded) this.#newOnes.signIn(guarded.network)
    return true
  }

  /** A whole request of a connection that has not signed in was answered. */
  hear(socket: Socket): void {
    this.#places.hear(keyOf(socket))
  }

  isStranger(socket: Socket): boolean {
    return this.#places.has(keyOf(socket))
  }

  /** `serve` begins the server's work on it: at once, in its turn, or never. */
  #enter(socket: Socket, serve: () => void): void {
    const { remoteAddress: address } = socket
    if (address === undefined) {
      // It has closed already.
      socket.destroy()
      return
    }
    const network = networkOf(address)
    const take = (): void => {
      this.#take(socket, address, network)
      serve()
    }
    // While others wait for a turn, a new one does not take theirs.
    if (this.#waiting.size === 0 && this.#newOnes.enter(network)) take()
    else this.#waiting.add(socket, network, take)
  }

  /** A reset: the server keeps no state of it, unlike the minute after an orderly close. */
  #reset(socket: Socket): void {
    this.#options.onRefused('too-many-new', socket.remoteAddress ?? 'gone')
    socket.on('error', () => undefined)
    socket.resetAndDestroy()
  }

  #take(socket: Socket, address: string, network: string): void {
    const { limits, clock } = this.#options
    const key = keyOf(socket)
    const guarded: Guarded = { socket, address, network, cancel: () => undefined }
    this.#guarded.set(key, guarded)
    socket.once('close', () => this.#leave(key, socket))
    const evicted = this.#places.enter(key, address)
    if (evicted !== undefined) this.#refuse(evicted, 'made-room')
    const { firstByteMs, signInMs } = limits
    guarded.cancel = clock.after(firstByteMs, () => {
      if (socket.bytesRead === 0) {
        this.#refuse(key, 'no-first-byte')
        return
      }
      guarded.cancel = clock.after(Math.max(0, signInMs - firstByteMs), () => this.#refuse(key, 'no-sign-in'))
    })
  }

  #leave(key: string, socket: Socket): void {
    const guarded = this.#guarded.get(key)
    if (guarded?.socket !== socket) return
    guarded.cancel()
    this.#guarded.delete(key)
    if (this.#places.leave(key)) return
    this.#admitted.leave(key)
    this.#newOnes.close(guarded.network)
  }

  /** A signed-in connection has lost its place already. */
  #makeRoom(key: string): void {
    const guarded = this.#guarded.get(key)
    if (guarded) this.#newOnes.close(guarded.network)
    this.#refuse(key, 'made-room-signed-in')
  }

  #refuse(key: string, reason: StrangerRefusal): void {
    const guarded = this.#guarded.get(key)
    if (!guarded) return
    guarded.cancel()
    this.#guarded.delete(key)
    this.#places.leave(key)
    this.#options.onRefused(reason, guarded.address)
    guarded.socket.destroy()
  }
}
