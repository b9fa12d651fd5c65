// The numbers of each lane: given when a batch is made, durable once it is on disk, receipted once the centre has it.
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

  /** What is on disk: a commit that runs has given numbers that may yet be given to other records. */
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
    // Taken back while its commit was still under way.
    this.#given[lane] = Math.max(this.#given[lane], number)
  }

  /** Numbers of what is not on disk will be given again. */
  takeBack(): void {
    Object.assign(this.#given, this.#durable)
  }

  /** The centre has all up to `storedTo`; false when that was known. */
  settle(lane: Lane, storedTo: number): boolean {
    const receipted = Math.min(storedTo, this.#durable[lane])
    if (!(receipted > this.#receipted[lane])) return false
    this.#receipted[lane] = receipted
    return true
  }

  /** The centre has no more than up to `storedTo`; false when that was known. */
  stepBack(lane: Lane, storedTo: number): boolean {
    if (!(storedTo < this.#receipted[lane])) return false
    this.#receipted[lane] = storedTo
    return true
  }
}

const of = <T>(value: (lane: Lane) => T): Record<Lane, T> =>
  Object.fromEntries(lanes.map((lane) => [lane, value(lane)])) as Record<Lane, T>
