// How often a box may send a file of megabytes: reading and writing one takes the program tens of milliseconds, in which no red is
// received. A box sends one when a person has changed something.
import { forgetOldest } from '../../platform/forget-oldest.ts'
import type { Clock } from '../../protocols/kit/clock.ts'

/** Of one box and purpose this many at once, then one more per pause; a further one is refused, and its box sends it later. */
export const uploadsAtOnce = 6
export const uploadPauseMs = 30_000
/** Boxes and purposes that are remembered. */
const rememberedMax = 20_000

export class UploadPace {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** When what was sent is paid for. */
  readonly #paidMs = new Map<string, number>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  take(box: string, purpose: string): boolean {
    const key = `${box} ${purpose}`
    const nowMs = this.#clock.monotonicMs()
    const paidMs = Math.max(nowMs, this.#paidMs.get(key) ?? 0)
    if (paidMs - nowMs > (uploadsAtOnce - 1) * uploadPauseMs) return false
    this.#paidMs.delete(key)
    this.#paidMs.set(key, paidMs + uploadPauseMs)
    forgetOldest(this.#paidMs, rememberedMax)
    return true
  }
}
