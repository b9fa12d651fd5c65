// How long this session lasts: people are told a quarter of an hour before, and while a red waits it is made longer
// without asking. Times are the centre's.
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
  /** Milliseconds left once people are to be told; undefined before. */
  readonly endsInMs = shallowRef<number>()
  readonly #options: SessionWatchOptions
  #expiresAtMs: number | undefined
  #askedMs = -Infinity

  constructor(options: SessionWatchOptions) {
    this.#options = options
  }

  /** What the centre said last of the session; an older centre says nothing of its end. */
  note({ expiresAtMs, centreTimeMs }: Pick<MeAnswer, 'expiresAtMs' | 'centreTimeMs'>): void {
    // Kept by this desk's idea of the centre's time, which `hello` sets and both share.
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

  /** Another shift from now. */
  async stay(): Promise<void> {
    const nowMs = this.#options.centreNowMs()
    if (nowMs - this.#askedMs < stayEveryMs) return
    this.#askedMs = nowMs
    try {
      this.note(await this.#options.stay())
    } catch {
      // The banner stays, and so does the red that keeps the session at the centre; it is asked again.
    }
  }
}
