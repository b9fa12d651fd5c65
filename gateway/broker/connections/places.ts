// Places of the broker: a few, for a short time, for connections that have not signed in, and others for devices that
// have. A crowd of strangers can not keep a device out.
import type { Server, Socket } from 'node:net'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { networkOf } from '../../../platform/strangers/network-address.ts'
import { StrangerGuard, type StrangerRefusal } from '../../../platform/strangers/stranger-guard.ts'
import type { BrokerLimits } from '../../config/broker-settings.ts'
import type { RefusalCause, Refusals } from '../refusals.ts'

/** A device that replaces its own older connection needs a second place while that one closes. */
const sparePlaces = 64
/**
 * New connections of one address after the first ones (`strangersPerAddress` may come at once), and of all unknown
 * addresses together: TLS handshakes cost a small box much. A device that signs in no longer counts as new, so 500
 * devices that return together after a power cut are all accepted at once.
 */
const newPerSecond = 50
const newUnknownPerSecond = 100
/** A sign-in may take this many times `connectTimeoutMs`, including TLS and the wait for the password check. */
const signInTimeouts = 3

const causes: Record<StrangerRefusal, RefusalCause> = {
  'too-many-new': 'too-many-new',
  'made-room': 'made-room',
  'no-first-byte': 'connect-late',
  'no-sign-in': 'connect-late',
  full: 'connection-limit',
  'made-room-signed-in': 'connection-limit',
}

export interface PlacesOptions {
  limits: BrokerLimits
  clock: Clock
  refusals: Refusals
}

export class Places {
  readonly #options: PlacesOptions
  readonly #guard: StrangerGuard
  readonly #perNetwork = new Map<string, number>()

  constructor(options: PlacesOptions) {
    const { limits, clock, refusals } = options
    this.#options = options
    this.#guard = new StrangerGuard({
      limits: {
        strangers: limits.strangers,
        strangersPerNetwork: limits.strangersPerAddress,
        newAtOnce: limits.strangersPerAddress,
        newPerSecond,
        newUnknownAtOnce: limits.strangers,
        newUnknownPerSecond,
        firstByteMs: limits.connectTimeoutMs,
        signInMs: signInTimeouts * limits.connectTimeoutMs,
        admitted: limits.connections + sparePlaces,
        // Without places to wait, addresses that guess passwords use up what all unknown ones have together, and a
        // device that comes for the first time is reset.
        waiting: limits.strangers,
      },
      clock,
      onRefused: (reason, address) => {
        refusals.report(causes[reason], { address })
      },
    })
  }

  /** Connections, signed in or not. */
  get connections(): number {
    return this.#guard.strangers + this.#guard.admitted
  }

  watch(server: Server): void {
    this.#guard.watch(server)
  }

  /**
   * The device is authenticated: the reason why it gets no place, or undefined. `leaving`: connections that close for
   * it.
   */
  admit(socket: Socket, leaving: number): RefusalCause | undefined {
    const { limits } = this.#options
    const network = networkOf(socket.remoteAddress ?? 'gone')
    const fromNetwork = this.#perNetwork.get(network) ?? 0
    if (this.#guard.admitted - leaving >= limits.connections) return 'connection-limit'
    if (fromNetwork - leaving >= limits.connectionsPerAddress) return 'address-limit'
    // The connection has closed already, or the spare places are taken: it is closed.
    if (!this.#guard.isStranger(socket) || !this.#guard.admit(socket)) return 'connection-limit'
    this.#perNetwork.set(network, fromNetwork + 1)
    socket.once('close', () => {
      const left = (this.#perNetwork.get(network) ?? 1) - 1
      if (left > 0) this.#perNetwork.set(network, left)
      else this.#perNetwork.delete(network)
    })
    return undefined
  }
}
