// New connections above the rate of their network wait for a turn instead of being reset. Otherwise clients that connect
// again at once would take nearly every turn from an honest client at the same address. A connection whose first message is
// whole goes first, because most connections of a flood send nothing or only a part; among equals the choice is spread
// over all who wait.
import type { Socket } from 'node:net'
import type { Clock } from '../../protocols/kit/clock.ts'
import { arrived, arrivedOf, type Arrived } from './first-message.ts'
import type { NewConnections } from './new-connections.ts'

/** How often turns are given. */
const turnMs = 20
/** Primes: the places of two turns have nothing to do with each other. */
const stride = 7919
const turnsMax = 1_000_003
/** The longest wait; then the connection is reset. */
const waitMsMax = 10_000
/**
 * The bytes of one connection are looked at this many times, each time after more have arrived: an honest client sends
 * its first message in a few pieces, and looks at all the bytes of a slow sender would cost much.
 */
const looksMax = 4
/** Unread bytes of all who wait, in memory; beyond it those with the most are reset. */
const unreadBytesMax = 16 * 1024 * 1024

interface Waiting {
  socket: Socket
  sinceMs: number
  serve: () => void
  arrived: Arrived
  /** `bytesRead` of the socket at the last look. */
  lookedAtBytes: number
  looks: number
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
    if (waiting.length >= perNetworkMax) this.#makeRoom(waiting)
    else if (this.#size >= max) this.#makeRoom(this.#largest())
    socket.on('error', ignore)
    const sinceMs = clock.monotonicMs()
    waiting.push({ socket, sinceMs, serve, arrived: arrived.nothing, lookedAtBytes: 0, looks: 0 })
    this.#networks.set(network, waiting)
    this.#size++
    this.#wait()
  }

  #largest(): Waiting[] {
    const crowds = [...this.#networks.values()]
    return crowds.reduce((most, one) => (one.length > most.length ? one : most), [])
  }

  #choose(waiting: readonly Waiting[]): Waiting | undefined {
    const most = waiting.reduce<Arrived>((best, one) => (one.arrived > best ? one.arrived : best), 0)
    const among = waiting.filter((one) => one.arrived === most)
    this.#turns = (this.#turns + stride) % turnsMax
    return among[this.#turns % among.length]
  }

  /** Resets the oldest that has not sent a whole message, or else the oldest. */
  #makeRoom(waiting: Waiting[]): void {
    const at = waiting.findIndex((one) => one.arrived < arrived.whole)
    this.#drop(waiting, Math.max(0, at))
  }

  #drop(waiting: Waiting[], at: number): void {
    const [dropped] = waiting.splice(at, 1)
    if (!dropped) return
    this.#size--
    if (!dropped.socket.destroyed) this.#options.refuse(dropped.socket)
  }

  /** Resets those with the most unread bytes until the others fit into `unreadBytesMax`. */
  #dropLarge(): void {
    const everyOne = [...this.#networks.values()].flatMap((waiting) =>
      waiting.map((one) => ({ one, waiting })),
    )
    let unread = everyOne.reduce((sum, { one }) => sum + one.socket.readableLength, 0)
    if (unread <= unreadBytesMax) return
    for (const { one, waiting } of everyOne.toSorted(
      (a, b) => b.one.socket.readableLength - a.one.socket.readableLength,
    )) {
      if (unread <= unreadBytesMax) return
      unread -= one.socket.readableLength
      this.#drop(waiting, waiting.indexOf(one))
    }
  }

  #wait(): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    this.#options.clock.after(turnMs, () => {
      this.#isTurnDue = false
      this.#dropLarge()
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
      this.#drop(waiting, 0)
    for (const one of waiting) look(one)
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

/** Reads what has arrived and puts it back, for the server that gets the connection. */
function look(one: Waiting): void {
  const { socket } = one
  if (socket.bytesRead === one.lookedAtBytes || one.looks >= looksMax || socket.destroyed) return
  one.lookedAtBytes = socket.bytesRead
  one.looks++
  const bytes = socket.read() as Buffer | null
  if (bytes === null) return
  one.arrived = arrivedOf(bytes)
  socket.unshift(bytes)
}
