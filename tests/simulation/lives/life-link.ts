// The link between box and centre in virtual time: a rate, a delay, loss, repeats and reordering; messages of an ended
// connection never arrive.
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { LifeFaults } from './life-faults.ts'

const framingBytes = 61

export class LifeLink {
  readonly #clock: Clock
  readonly #random: Random
  readonly #faults: () => LifeFaults
  #connection = 0
  #freeMs = { up: 0, down: 0 }
  isUp = false
  sinceMs = 0

  constructor(clock: Clock, random: Random, faults: () => LifeFaults) {
    this.#clock = clock
    this.#random = random
    this.#faults = faults
  }

  open(): void {
    this.#connection++
    this.#freeMs = { up: 0, down: 0 }
    this.isUp = true
    this.sinceMs = this.#clock.monotonicMs()
  }

  close(): void {
    this.#connection++
    this.isUp = false
  }

  /** Bytes not yet sent, as a socket would report. */
  queuedBytes(): number {
    const leftMs = Math.max(0, this.#freeMs.up - this.#clock.monotonicMs())
    return (leftMs / 1000) * this.#faults().bytesPerSecond
  }

  up(bytes: number, arrive: () => void): number {
    const { loseReport, oneWayMs } = this.#faults()
    this.#carry('up', bytes, oneWayMs, () => {
      if (this.#random.next() >= loseReport) arrive()
    })
    return bytes + framingBytes
  }

  down(bytes: number, arrive: () => void): void {
    const { loseReceipt, repeatReceipt, jitterMs, oneWayMs } = this.#faults()
    if (this.#random.next() < loseReceipt) return
    const copies = this.#random.next() < repeatReceipt ? 2 : 1
    for (let copy = 0; copy < copies; copy++)
      this.#carry('down', bytes, oneWayMs + this.#random.next() * jitterMs, arrive)
  }

  #carry(way: 'up' | 'down', bytes: number, distanceMs: number, arrive: () => void): void {
    const nowMs = this.#clock.monotonicMs()
    const connection = this.#connection
    const leftMs =
      Math.max(nowMs, this.#freeMs[way]) + ((bytes + framingBytes) / this.#faults().bytesPerSecond) * 1000
    this.#freeMs[way] = leftMs
    this.#clock.after(leftMs + distanceMs - nowMs, () => {
      if (connection === this.#connection) arrive()
    })
  }
}
