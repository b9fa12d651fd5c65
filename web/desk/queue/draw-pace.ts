// When the queue is drawn: at once after a quiet moment, then at a pace that relieves old phones; a new red waits for less.
import type { Clock } from '../../../protocols/kit/clock-port.ts'

/** In a flood the screen is drawn at most this often; a person sees no difference. */
export const drawEveryMs = 80
/** Also in a flood: a red is to be on the screen within 100 ms of the centre's commit. */
export const drawRedEveryMs = 25

export interface DrawPaceOptions {
  clock: Pick<Clock, 'after' | 'monotonicMs'>
  draw: () => void
}

export class DrawPace {
  readonly #options: DrawPaceOptions
  #drawnMs = Number.NEGATIVE_INFINITY
  /** When the draw that is planned comes. */
  #dueMs = Number.POSITIVE_INFINITY
  #cancel = (): void => undefined

  constructor(options: DrawPaceOptions) {
    this.#options = options
  }

  soon(isUrgent: boolean): void {
    const { clock } = this.#options
    const dueMs = this.#drawnMs + (isUrgent ? drawRedEveryMs : drawEveryMs)
    if (dueMs >= this.#dueMs) return
    this.#cancel()
    this.#dueMs = dueMs
    this.#cancel = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => this.now())
  }

  /** Draws at once; a planned draw is part of it. */
  now(): void {
    this.#cancel()
    this.#dueMs = Number.POSITIVE_INFINITY
    this.#options.draw()
    // From the end: a slow machine gets its pause.
    this.#drawnMs = this.#options.clock.monotonicMs()
  }
}
