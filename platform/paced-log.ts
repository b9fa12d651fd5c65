// Log lines that any machine on the network can cause: a few at once and then one a minute, which says how many were left out.
// A log without a bound fills the disk, and hides what matters.
import type { Clock } from '../protocols/kit/clock.ts'
import { forgetOldest } from './forget-oldest.ts'
import { networkOf } from './strangers/network-address.ts'

export const linesAtOnce = 10
const pauseMs = 60_000

export class PacedLog {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #atOnce: number
  #level = 0
  #atMs: number
  #leftOut = 0

  constructor(clock: Pick<Clock, 'monotonicMs'>, atOnce: number = linesAtOnce) {
    this.#clock = clock
    this.#atOnce = atOnce
    this.#atMs = clock.monotonicMs()
  }

  /** Calls `write` with the number of lines that were left out before this one, or counts one more. */
  line(write: (leftOut: number) => void): void {
    const nowMs = this.#clock.monotonicMs()
    this.#level = Math.max(0, this.#level - (nowMs - this.#atMs) / pauseMs)
    this.#atMs = nowMs
    if (this.#level + 1 > this.#atOnce) {
      this.#leftOut++
      return
    }
    this.#level++
    write(this.#leftOut)
    this.#leftOut = 0
  }
}

/** Many devices or boxes may be behind one address. */
export const linesOfNetworkAtOnce = 200
/** Networks that are remembered. */
const networksMax = 1000

/** The same for each network: names that a client chooses make each of its lines a new one. */
export class PacedLogs {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #logs = new Map<string, PacedLog>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  line(address: string, write: (leftOut: number) => void): void {
    const network = networkOf(address)
    const log = this.#logs.get(network) ?? new PacedLog(this.#clock, linesOfNetworkAtOnce)
    this.#logs.delete(network)
    this.#logs.set(network, log)
    forgetOldest(this.#logs, networksMax)
    log.line(write)
  }
}
