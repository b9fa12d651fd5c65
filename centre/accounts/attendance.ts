// Who is at a desk: when each person was last active, by a request or by an open stream, whose token is checked repeatedly.
import type { Clock } from '../../protocols/kit/clock.ts'

/** Most persons kept; the one active longest ago is removed, and counts as silent since the start. */
const personsMax = 10_000

export class Attendance {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #startedMs: number
  readonly #news = new Set<string>()
  /** In the order of their last request. */
  readonly #heardMs = new Map<string, number>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
  }

  /** Persons active at this centre since the last call. */
  takeHeard(): string[] {
    const heard = [...this.#news]
    this.#news.clear()
    return heard
  }

  heard(user: string): void {
    this.#news.add(user)
    this.heardElsewhere(user)
  }

  /** At another centre of the town. */
  heardElsewhere(user: string): void {
    this.#heardMs.delete(user)
    this.#heardMs.set(user, this.#clock.monotonicMs())
    if (this.#heardMs.size <= personsMax) return
    const [oldest] = this.#heardMs.keys()
    if (oldest === undefined) return
    this.#heardMs.delete(oldest)
    this.#news.delete(oldest)
  }

  /** ms; a person who was not active since the centre started is silent since then. */
  silentForMs(user: string): number {
    return this.#clock.monotonicMs() - (this.#heardMs.get(user) ?? this.#startedMs)
  }
}
