// Places at the broker: few and short ones for connections that have not signed in, others for devices that have, so that no
// crowd of strangers keeps a device out.
import type { Server, Socket } from 'node:net'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { networkOf } from '../../../platform/strangers/network-address.ts'
import { StrangerGuard, type StrangerRefusal } from '../../../platform/strangers/stranger-guard.ts'
import type { BrokerLimits } from '../../config/broker-settings.ts'
import type { RefusalCause, Refusals } from '../refusals.ts'

/** A device that takes over its own older connection needs a place while that one closes. */
const sparePlaces = 64
/**
 * New connections of one address after the first crowd (`strangersPerAddress` may come at once), and of all addresses that the
 * box does not know: TLS handshakes cost a small box much. A device that signs in does not count as new any more, so
 * 500 devices that return together after a power cut all come in at once.
 */
const newPerSecond = 50
const newUnknownPerSecond = 100
/** How many times `connectTimeoutMs` a sign-in may take, TLS and waiting for the password check included. */
const signInTimeouts = 3

const causes: Record<StrangerRefusal, RefusalCause> = {
  'too-many-new': 'too-many-new',
  'made-room': 'made-room',
  'no-first-byte': 'connect-late',
  'no-sign-in': 'connect-late',
  full: 'connection-limit',
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

  /** The other end has proven who it is: why there is no place for it, or undefined. `leaving`: connections that close for it. */
  admit(socket: Socket, leaving: number): RefusalCause | undefined {
    const { limits } = this.#options
    const network = networkOf(socket.remoteAddress ?? 'gone')
    const fromNetwork = this.#perNetwork.get(network) ?? 0
    if (this.#guard.admitted - leaving >= limits.connections) return 'connection-limit'
    if (fromNetwork - leaving >= limits.connectionsPerAddress) return 'address-limit'
    // It is gone already, or the spare places are taken: then it is closed.
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
