// Calls to a thread that wait for their answers: each has an id, and all fail together when the thread ends.

interface Waiting {
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

export class ThreadCalls {
  readonly #waiting = new Map<number, Waiting>()
  #lastId = -1

  get size(): number {
    return this.#waiting.size
  }

  /** Of the newest call; the first one has 0. */
  get lastId(): number {
    return this.#lastId
  }

  /** `send` hands the call to the thread, under this id. */
  call(send: (id: number) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      this.#waiting.set(id, { resolve, reject })
      send(id)
    })
  }

  resolve(id: number, value: unknown): void {
    this.#take(id)?.resolve(value)
  }

  reject(id: number, error: Error): void {
    this.#take(id)?.reject(error)
  }

  rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }
}
