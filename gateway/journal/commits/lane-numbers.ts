// The numbers of each lane: assigned when a batch is made, durable when it is on disk, receipted when the centre has
// confirmed them.
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import type { LanePositions } from '../port.ts'

export class LaneNumbers {
  readonly #given: Record<Lane, number>
  readonly #durable: Record<Lane, number>
  readonly #receipted: Record<Lane, number>

  constructor(positions: LanePositions) {
    this.#given = of((lane) => positions[lane].last)
    this.#durable = { ...this.#given }
    this.#receipted = of((lane) => positions[lane].receipted)
  }

  /** The last durable number: numbers assigned by a running commit may still be assigned to other records. */
  positions(): LanePositions {
    return of((lane) => ({ last: this.#durable[lane], receipted: this.#receipted[lane] }))
  }

  receipted(): Record<Lane, number> {
    return { ...this.#receipted }
  }

  next(lane: Lane): number {
    return ++this.#given[lane]
  }

  /** The record with this number is on disk. */
  keep(lane: Lane, number: number): void {
    this.#durable[lane] = Math.max(this.#durable[lane], number)
    // A commit of this lane was refused while it ran.
    this.#given[lane] = Math.max(this.#given[lane], number)
  }

  /** Numbers of records that are not on disk are assigned again. */
  takeBack(): void {
    Object.assign(this.#given, this.#durable)
  }

  /** The centre has confirmed all numbers up to `storedTo`; false if this was already known. */
  settle(lane: Lane, storedTo: number): boolean {
    const receipted = Math.min(storedTo, this.#durable[lane])
    if (!(receipted > this.#receipted[lane])) return false
    this.#receipted[lane] = receipted
    return true
  }

  /** The centre has lost everything above `storedTo`; false if this was already known. */
  stepBack(lane: Lane, storedTo: number): boolean {
    if (!(storedTo < this.#receipted[lane])) return false
    this.#receipted[lane] = storedTo
    return true
  }
}

const of = <T>(value: (lane: Lane) => T): Record<Lane, T> =>
  Object.fromEntries(lanes.map((lane) => [lane, value(lane)])) as Record<Lane, T>
