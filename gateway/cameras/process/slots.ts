// A fixed number of things at once (ffmpeg processes on a small box); the others wait in line, most of them bounded by their own deadlines.
import { CameraProblem } from '../talk/camera-problem.ts'

export class Slots {
  readonly #atOnceMax: number
  readonly #waitingMax: number
  readonly #line: (() => void)[] = []
  #taken = 0

  constructor(options: { atOnceMax: number; waitingMax: number }) {
    this.#atOnceMax = options.atOnceMax
    this.#waitingMax = options.waitingMax
  }

  async use<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#enter(signal)
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#taken < this.#atOnceMax) {
      this.#taken++
      return
    }
    if (this.#line.length >= this.#waitingMax) throw new CameraProblem('busy')
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const onAbort = (): void => {
        this.#line.splice(this.#line.indexOf(enter), 1)
        reject(signal.reason as Error)
      }
      this.#line.push(enter)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** The slot passes to the next in line without becoming free in between. */
  #leave(): void {
    const next = this.#line.shift()
    if (next) next()
    else this.#taken--
  }
}
