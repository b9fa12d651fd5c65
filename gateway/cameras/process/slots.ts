// A fixed number of parallel tasks (pictures, ffmpeg processes on a small box); the others wait, the most urgent first.
import { CameraProblem } from '../talk/camera-problem.ts'

/** Urgency of a picture; a lower number goes first. */
export const urgencies = { red: 0, person: 0, orange: 1, before: 2, later: 3, routine: 4 } as const
export type Urgency = keyof typeof urgencies

interface Waiting {
  rank: number
  enter: () => void
}

export class Slots {
  readonly #atOnceMax: number
  readonly #waitingMax: number
  readonly #line: Waiting[] = []
  #taken = 0

  /** When `waitingMax` wait, a further one is refused with `busy`. */
  constructor(options: { atOnceMax: number; waitingMax: number }) {
    this.#atOnceMax = options.atOnceMax
    this.#waitingMax = options.waitingMax
  }

  get waiting(): number {
    return this.#line.length
  }

  async use<T>(signal: AbortSignal, work: () => Promise<T>, urgency: Urgency = 'routine'): Promise<T> {
    await this.#enter(signal, urgencies[urgency])
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  async #enter(signal: AbortSignal, rank: number): Promise<void> {
    signal.throwIfAborted()
    if (this.#taken < this.#atOnceMax) {
      this.#taken++
      return
    }
    if (this.#line.length >= this.#waitingMax)
      throw new CameraProblem('busy', { detail: `${this.#waitingMax}` })
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const waiting = { rank, enter }
      const onAbort = (): void => {
        this.#line.splice(this.#line.indexOf(waiting), 1)
        reject(signal.reason as Error)
      }
      // Behind all with the same urgency: first come, first served.
      const at = this.#line.findIndex((one) => one.rank > rank)
      this.#line.splice(at < 0 ? this.#line.length : at, 0, waiting)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** The slot passes to the next one without becoming free in between. */
  #leave(): void {
    const next = this.#line.shift()
    if (next) next.enter()
    else this.#taken--
  }
}
