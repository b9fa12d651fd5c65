// New connections above the rate of their network wait for a turn instead of being reset. Otherwise clients that connect
// again at once would take nearly every turn from an honest client at the same address. A connection that has sent bytes
// goes first, because most connections of a flood send none; among equals the choice is spread over all who wait.
import type { Socket } from 'node:net'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { NewConnections } from './new-connections.ts'

/** How often turns are given. */
const turnMs = 20
/** Primes: the places of two turns have nothing to do with each other. */
const stride = 7919
const turnsMax = 1_000_003
/** The longest wait; then the connection is reset. */
const waitMsMax = 10_000

interface Waiting {
  socket: Socket
  sinceMs: number
  serve: () => void
}

export interface WaitingConnectionsOptions {
  /** Of one network; beyond it the oldest is reset. */
  perNetworkMax: number
  /** Of all networks; beyond it the oldest of the largest crowd is reset. */
  max: number
  newOnes: NewConnections
  clock: Pick<Clock, 'monotonicMs' | 'after'>
  refuse: (socket: Socket) => void
}

export class WaitingConnections {
  readonly #options: WaitingConnectionsOptions
  /** Of each network, in order of arrival. */
  readonly #networks = new Map<string, Waiting[]>()
  #size = 0
  #isTurnDue = false
  #turns = 0

  constructor(options: WaitingConnectionsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#size
  }

  /** `serve` is called in its turn. */
  add(socket: Socket, network: string, serve: () => void): void {
    const { perNetworkMax, max, clock, refuse } = this.#options
    const waiting = this.#networks.get(network) ?? []
    if (perNetworkMax === 0) return refuse(socket)
    if (waiting.length >= perNetworkMax) this.#dropOldest(waiting)
    else if (this.#size >= max) this.#dropOldest(this.#largest())
    socket.on('error', ignore)
    waiting.push({ socket, sinceMs: clock.monotonicMs(), serve })
    this.#networks.set(network, waiting)
    this.#size++
    this.#wait()
  }

  #largest(): Waiting[] {
    const crowds = [...this.#networks.values()]
    return crowds.reduce((most, one) => (one.length > most.length ? one : most), [])
  }

  #choose(waiting: readonly Waiting[]): Waiting | undefined {
    const spoken = waiting.filter(({ socket }) => socket.bytesRead > 0)
    const among = spoken.length > 0 ? spoken : waiting
    this.#turns = (this.#turns + stride) % turnsMax
    return among[this.#turns % among.length]
  }

  #dropOldest(waiting: Waiting[]): void {
    const oldest = waiting.shift()
    if (!oldest) return
    this.#size--
    if (!oldest.socket.destroyed) this.#options.refuse(oldest.socket)
  }

  #wait(): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    this.#options.clock.after(turnMs, () => {
      this.#isTurnDue = false
      // The smallest crowd first: two crowds would use up what all unknown networks have together.
      const crowds = [...this.#networks].toSorted(([, a], [, b]) => a.length - b.length)
      for (const [network, waiting] of crowds) this.#giveTurns(network, waiting)
      if (this.#size > 0) this.#wait()
    })
  }

  #giveTurns(network: string, waiting: Waiting[]): void {
    const { newOnes, clock } = this.#options
    const oldestMs = clock.monotonicMs() - waitMsMax
    while (waiting[0] && (waiting[0].socket.destroyed || waiting[0].sinceMs < oldestMs))
      this.#dropOldest(waiting)
    while (waiting.length > 0) {
      const next = this.#choose(waiting)
      if (!next || (!next.socket.destroyed && !newOnes.enter(network))) break
      waiting.splice(waiting.indexOf(next), 1)
      this.#size--
      next.socket.off('error', ignore)
      if (!next.socket.destroyed) next.serve()
    }
    if (waiting.length === 0) this.#networks.delete(network)
  }
}

const ignore = (): void => undefined
