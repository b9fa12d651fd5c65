// Lets the answers of one connection out in the order of its messages, whatever order they become ready in. [MQTT-4.6.0-2]

export class AnswerOrder {
  // As long as what the connection has in hand, which is bounded where it is read.
  readonly #places: { give: (() => void) | undefined }[] = []

  /** Takes the next place; call the returned function once with what gives the answer. */
  place(): (give: () => void) => void {
    const place: { give: (() => void) | undefined } = { give: undefined }
    this.#places.push(place)
    return (give) => {
      place.give = give
      while (this.#places[0]?.give) this.#places.shift()?.give?.()
    }
  }
}
