// How fast the red and orange of one box are stored: always, but a box that sends thousands a second waits for its own pace.
// Otherwise it would fill the disk's queue, and the commit with another village's red would wait for its writes.
import type { Clock } from '../../../protocols/kit/clock.ts'

/** At once, in plain records; a box that comes back after a month has far fewer red and orange ones. */
export const urgentBurst = 20_000
/** After that, per second. */
export const urgentPerSecond = 2000

export class UrgentPace {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** When the debt of a box is paid. Boxes are admitted by name, so there are no more entries than boxes. */
  readonly #paidMs = new Map<string, number>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** How long the box waits for its next commit, in ms; 0 within its burst. */
  waitMs(box: string): number {
    const owedMs = (this.#paidMs.get(box) ?? 0) - this.#clock.monotonicMs()
    return Math.max(0, owedMs - (urgentBurst / urgentPerSecond) * 1000)
  }

  /** Records of this weight are stored now. */
  charge(box: string, weight: number): void {
    const paidMs = Math.max(this.#paidMs.get(box) ?? 0, this.#clock.monotonicMs())
    this.#paidMs.set(box, paidMs + (weight / urgentPerSecond) * 1000)
  }
}
