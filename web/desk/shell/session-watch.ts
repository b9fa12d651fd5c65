// The remaining time of the session: people are warned a quarter of an hour before, and while a red waits it is
// extended automatically. Times are the centre's.
import { shallowRef } from 'vue'
import type { MeAnswer } from '../../../protocols/desk/api.ts'

export const warnBeforeMs = 15 * 60_000
/** While a red waits the centre is asked at most this often. */
export const stayEveryMs = 60_000

export interface SessionWatchOptions {
  stay: () => Promise<MeAnswer>
  centreNowMs: () => number
}

export class SessionWatch {
  /** Remaining milliseconds once people must be warned; undefined before. */
  readonly endsInMs = shallowRef<number>()
  readonly #options: SessionWatchOptions
  #expiresAtMs: number | undefined
  #askedMs = -Infinity

  constructor(options: SessionWatchOptions) {
    this.#options = options
  }

  /** The last answer of the centre about the session; an older centre gives no end. */
  note({ expiresAtMs, centreTimeMs }: Pick<MeAnswer, 'expiresAtMs' | 'centreTimeMs'>): void {
    // By this desk's estimate of the centre's time, which `hello` sets and both share.
    const nowMs = this.#options.centreNowMs()
    this.#expiresAtMs = expiresAtMs === undefined ? undefined : nowMs + expiresAtMs - (centreTimeMs ?? nowMs)
    this.look(false)
  }

  clear(): void {
    this.#expiresAtMs = undefined
    this.endsInMs.value = undefined
  }

  /** Called every second. */
  look(isRedWaiting: boolean): void {
    if (this.#expiresAtMs === undefined) return
    const leftMs = this.#expiresAtMs - this.#options.centreNowMs()
    this.endsInMs.value = leftMs <= warnBeforeMs && !isRedWaiting ? Math.max(0, leftMs) : undefined
    if (leftMs <= warnBeforeMs && isRedWaiting) void this.stay()
  }

  /** Extends the session by another shift. */
  async stay(): Promise<void> {
    const nowMs = this.#options.centreNowMs()
    if (nowMs - this.#askedMs < stayEveryMs) return
    this.#askedMs = nowMs
    try {
      this.note(await this.#options.stay())
    } catch {
      // The banner stays, and so does the red alarm that keeps the session open at the centre; the request is repeated.
    }
  }
}
