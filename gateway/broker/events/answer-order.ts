// Lets the answers of one connection out in the order of its messages, whatever order they become ready in. [MQTT-4.6.0-2]

/** The place of one message in that order, until its answer is given. */
export interface AnswerPlace {
  /** Set by `AnswerOrder.ready`. */
  isReady: boolean
  /** Set by `AnswerOrder.add`: what came after it. Linked instead of listed, because this is done for every event. */
  next: AnswerPlace | undefined
  /** Gives the answer; called once, in turn. */
  give(): void
}

export class AnswerOrder {
  // As long as what the connection has in hand, which is bounded where it is read.
  #first: AnswerPlace | undefined
  #last: AnswerPlace | undefined

  /** Takes the next place in the order. */
  add(place: AnswerPlace): void {
    if (this.#first && this.#last) this.#last.next = place
    else this.#first = place
    this.#last = place
  }

  /** The answer is known: it goes out as soon as those before it have. */
  ready(place: AnswerPlace): void {
    place.isReady = true
    while (this.#first?.isReady === true) {
      const first = this.#first
      this.#first = first.next
      // An answered one that lives on in the old generation would keep all that came after it.
      first.next = undefined
      first.give()
    }
    if (!this.#first) this.#last = undefined
  }
}
