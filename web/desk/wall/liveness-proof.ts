// The proof that a wall is alive: the centre is asked every few seconds, and each answer is a new number on the screen. A picture that stands
// still, a stream that is dead, a browser that sleeps: in each case the number stops.
import { shallowRef } from 'vue'
import type { Clock } from '../../../protocols/kit/clock-port.ts'

export const proveEveryMs = 4000
/** Without a new proof for this long the wall says that it can not be believed. */
export const blindAfterMs = 12_000

export interface Proof {
  /** Counts the answers. */
  count: number
  /** By the clock of this machine that never steps. */
  atMs: number
  centreTimeMs: number
}

export interface LivenessProofOptions {
  clock: Pick<Clock, 'monotonicMs' | 'after'>
  /** The centre's time, asked of the centre: not of a cache. */
  ask: () => Promise<number | undefined>
}

export class LivenessProof {
  readonly proof = shallowRef<Proof>()
  readonly isBlind = shallowRef(false)
  readonly #options: LivenessProofOptions
  #cancel: () => void = () => undefined
  #isStopped = true
  #startedMs = 0

  constructor(options: LivenessProofOptions) {
    this.#options = options
  }

  start(): void {
    this.#isStopped = false
    this.#startedMs = this.#options.clock.monotonicMs()
    void this.#prove()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  /** Called each second: an answer that does not come sends no event. */
  look(): void {
    this.isBlind.value = this.silentForMs() > blindAfterMs
  }

  silentForMs(): number {
    return this.#options.clock.monotonicMs() - (this.proof.value?.atMs ?? this.#startedMs)
  }

  async #prove(): Promise<void> {
    try {
      const centreTimeMs = await this.#options.ask()
      const before = this.proof.value
      // An answer out of a cache has the old time: it proves nothing.
      if (!this.#isStopped && centreTimeMs !== undefined && centreTimeMs !== before?.centreTimeMs)
        this.proof.value = {
          count: (before?.count ?? 0) + 1,
          atMs: this.#options.clock.monotonicMs(),
          centreTimeMs,
        }
    } catch {
      // No proof: the number stands still, and the screen says so.
    }
    this.look()
    if (!this.#isStopped) this.#cancel = this.#options.clock.after(proveEveryMs, () => void this.#prove())
  }
}
