// The open streams, with a limit for each user and for all.
import { AdmittedPlaces } from '../../platform/strangers/admitted-places.ts'
import type { Subscriber } from './subscriber.ts'

/** Open streams; with one more the oldest of the user with the most is closed. */
export const subscribersMax = 500
/** Streams of one user or token; with one more the oldest is closed. */
export const subscribersPerUserMax = 50

export class Subscribers {
  readonly #all = new Set<Subscriber>()
  readonly #places = new AdmittedPlaces<Subscriber>({
    admitted: subscribersMax,
    admittedPerHolder: subscribersPerUserMax,
  })

  get size(): number {
    return this.#all.size
  }

  [Symbol.iterator](): Iterator<Subscriber> {
    return this.#all.values()
  }

  has(subscriber: Subscriber): boolean {
    return this.#all.has(subscriber)
  }

  isFullFor(user: string): boolean {
    return this.#places.isFullFor(user)
  }

  /** Returns the one that loses its place for it, already removed here. */
  enter(subscriber: Subscriber): Subscriber | undefined {
    const entry = this.#places.enter(subscriber, subscriber.account.user)
    this.#all.add(subscriber)
    if (entry === 'full' || !entry.evicted) return undefined
    this.leave(entry.evicted)
    return entry.evicted
  }

  /** At once, and not when the other side has closed too: it may never do so. */
  leave(subscriber: Subscriber): void {
    this.#places.leave(subscriber)
    this.#all.delete(subscriber)
  }
}
