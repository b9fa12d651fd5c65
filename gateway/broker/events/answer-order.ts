// Sends the answers of one connection in the order of its messages, in whatever order they become ready. [MQTT-4.6.0-2]

/** The place of one message in that order, until its answer is given. */
export interface AnswerPlace {
  /** Set by `AnswerOrder.ready`. */
  isReady: boolean
  /** Set by `AnswerOrder.add`: the message after it. Linked instead of listed, because this runs for every event. */
  next: AnswerPlace | undefined
  /** Sends the answer; called once, in order. */
  give(): void
}

export class AnswerOrder {
  // As long as the messages in flight of the connection, which are bounded where they are read.
  #first: AnswerPlace | undefined
  #last: AnswerPlace | undefined

  /** Takes the next place in the order. */
  add(place: AnswerPlace): void {
    if (this.#first && this.#last) this.#last.next = place
    else this.#first = place
    this.#last = place
  }

  /** The answer is known: it is sent as soon as all earlier ones were. */
  ready(place: AnswerPlace): void {
    place.isReady = true
    while (this.#first?.isReady === true) {
      const first = this.#first
      this.#first = first.next
      // An answered entry that stays in the old generation of the heap would keep all entries after it.
      first.next = undefined
      first.give()
    }
    if (!this.#first) this.#last = undefined
  }
}
