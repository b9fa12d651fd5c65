// The simulated flash of a device: events wait here until the broker's PUBACK, across reboots and power cuts.

/** Events a device stores; the size of a small flash page. */
export const queueEventsMax = 64

export interface QueuedEvent {
  messageId: string
  /** Encoded once: every re-send carries the same bytes. */
  payload: Uint8Array
  /** An alarm rather than a routine report. */
  isUrgent: boolean
  sends: number
}

/**
 * First in, first out. When full, an urgent event takes the place of the oldest routine one that is not in flight;
 * a routine event, or an urgent one that finds only urgent ones, is refused. Either loss is counted in `dropped`.
 */
export class FlashQueue {
  #events: QueuedEvent[] = []
  #eventsMax: number
  dropped = 0

  constructor(eventsMax = queueEventsMax) {
    this.#eventsMax = eventsMax
  }

  get size(): number {
    return this.#events.length
  }

  get isFull(): boolean {
    return this.#events.length >= this.#eventsMax
  }

  /** The `index`-th oldest event. */
  at(index: number): QueuedEvent | undefined {
    return this.#events[index]
  }

  ids(): string[] {
    return this.#events.map((event) => event.messageId)
  }

  /** Stores the event, or returns false. The first `inFlight` events are being sent and stay. */
  push(event: QueuedEvent, inFlight: number): boolean {
    if (this.isFull) {
      this.dropped++
      const victim = event.isUrgent ? this.#events.findIndex((old, i) => i >= inFlight && !old.isUrgent) : -1
      if (victim < 0) return false
      this.#events.splice(victim, 1)
    }
    this.#events.push(event)
    return true
  }

  /** Removes an event that the broker has acknowledged. */
  remove(event: QueuedEvent): void {
    const index = this.#events.indexOf(event)
    if (index >= 0) this.#events.splice(index, 1)
  }
}
