// Lets the answers of one connection out in the order of its messages, whatever order they become ready in. [MQTT-4.6.0-2]

/** One message that has no answer yet. */
export interface Unanswered {
  /** Set by `AnswerOrder.ready`. */
  isReady: boolean
  /** Gives the answer; called once, in turn. */
  give(): void
}

export class AnswerOrder {
  // As long as what the connection has in hand, which is bounded where it is read.
  readonly #waiting: Unanswered[] = []

  /** Takes the next place in the order. */
  add(unanswered: Unanswered): void {
    this.#waiting.push(unanswered)
  }

  /** The answer is known: it goes out as soon as those before it have. */
  ready(unanswered: Unanswered): void {
    unanswered.isReady = true
    while (this.#waiting[0]?.isReady === true) this.#waiting.shift()?.give()
  }
}
