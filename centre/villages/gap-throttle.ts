// Gaps of lanes on their way to log, disk and desks: of one lane at most one in some seconds, the latest.
import type { Clock } from '../../protocols/kit/clock.ts'

/** A lane with frequent changes is reported at most this often. */
export const gapPauseMs = 5000

interface PendingGap<T> {
  /** The latest change in the pause; reported at its end. */
  next: T | undefined
}

export class GapThrottle<T extends { box: string; lane: string }> {
  readonly #clock: Clock
  readonly #tell: (gap: T) => void
  readonly #pausing = new Map<string, PendingGap<T>>()

  constructor(clock: Clock, tell: (gap: T) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  add(gap: T): void {
    const key = `${gap.box}/${gap.lane}`
    const noted = this.#pausing.get(key)
    if (noted) {
      noted.next = gap
      return
    }
    this.#start(key, gap)
  }

  #start(key: string, gap: T): void {
    const noted: PendingGap<T> = { next: undefined }
    this.#pausing.set(key, noted)
    this.#tell(gap)
    this.#clock.after(gapPauseMs, () => {
      this.#pausing.delete(key)
      if (noted.next) this.#start(key, noted.next)
    })
  }
}
