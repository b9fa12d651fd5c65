// When a process that dies may be started again: at once, then with growing pauses while it dies without a successful
// request.

const waitMsMin = 1000
const waitMsMax = 60_000
/** One death in this many is logged in full, the first one always. */
const loggedEach = 10

export class Restarts {
  #deaths = 0
  #notBeforeMs = Number.NEGATIVE_INFINITY

  /** Deaths since the last successful request. */
  get deaths(): number {
    return this.#deaths
  }

  /** True when this death is logged in full: a log must not fill the card. */
  get isLogged(): boolean {
    return this.#deaths % loggedEach === 1
  }

  /** A request succeeded. */
  worked(): void {
    this.#deaths = 0
    this.#notBeforeMs = Number.NEGATIVE_INFINITY
  }

  died(nowMs: number): void {
    this.#deaths++
    if (this.#deaths > 1)
      this.#notBeforeMs = nowMs + Math.min(waitMsMax, waitMsMin * 2 ** Math.min(10, this.#deaths - 2))
  }

  mayStart(nowMs: number): boolean {
    return nowMs >= this.#notBeforeMs
  }
}
