// Opens and ends the link to the next centre as the duties of the town come and go: one of several centres has it.

export interface TurnLink {
  start: () => void
  stop: () => Promise<void>
}

export interface UpwardTurnsOptions<T extends TurnLink> {
  open: () => Promise<T>
  onFailed: (error: unknown) => void
  again: (run: () => void) => void
}

/** One link at a time: a new one opens when the last one has stopped. */
export class UpwardTurns<T extends TurnLink> {
  readonly #options: UpwardTurnsOptions<T>
  #isWanted = false
  #turning: Promise<void> = Promise.resolve()
  link: T | undefined

  constructor(options: UpwardTurnsOptions<T>) {
    this.#options = options
  }

  turn(isWanted: boolean): Promise<void> {
    this.#isWanted = isWanted
    return (this.#turning = this.#turning.then(() => this.#follow(isWanted)))
  }

  async #follow(isWanted: boolean): Promise<void> {
    const { open, onFailed, again } = this.#options
    if (!isWanted) {
      const { link } = this
      this.link = undefined
      return link?.stop()
    }
    if (this.link) return
    try {
      const link = await open()
      // The duties may have gone while it was read; then the next turn stops nothing.
      if (!this.#isWanted) return
      this.link = link
      link.start()
    } catch (error) {
      onFailed(error)
      again(() => this.#isWanted && void this.turn(true))
    }
  }
}
