// Asks the gateway for its health repeatedly, and gives the age of the latest answer.
import { shallowRef } from 'vue'
import type { HealthAnswer } from '../../protocols/console/api.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'

export const askEveryMs = 4000
export const answerTimeoutMs = 6000

export interface HealthWatchOptions {
  clock: Clock
  fetch: typeof fetch
}

/** Why the latest request got no answer. `refused`: the gateway does not answer this client. */
export type AskProblem = 'unreachable' | 'refused' | 'failed'

export class HealthWatch {
  readonly health = shallowRef<HealthAnswer>()
  readonly problem = shallowRef<AskProblem>()
  #options: HealthWatchOptions
  #answeredMs = 0
  #isAsking = false
  #cancel = (): void => {}

  constructor(options: HealthWatchOptions) {
    this.#options = options
  }

  start(): void {
    void this.#ask()
  }

  stop(): void {
    this.#cancel()
  }

  checkNow(): void {
    if (!this.#isAsking) void this.#ask()
  }

  /** To be added to an age in the answer: it has grown since. */
  sinceAnswerMs(): number {
    return this.#options.clock.monotonicMs() - this.#answeredMs
  }

  async #ask(): Promise<void> {
    this.#isAsking = true
    this.#cancel()
    const aborter = new AbortController()
    const cancelTimeout = this.#options.clock.after(answerTimeoutMs, () => aborter.abort())
    try {
      const response = await this.#options.fetch('api/v1/health', {
        credentials: 'same-origin',
        cache: 'no-store',
        signal: aborter.signal,
      })
      if (response.ok) {
        this.health.value = (await response.json()) as HealthAnswer
        this.#answeredMs = this.#options.clock.monotonicMs()
        this.problem.value = undefined
      } else {
        this.problem.value = response.status === 401 || response.status === 403 ? 'refused' : 'failed'
      }
    } catch (error) {
      this.problem.value = error instanceof SyntaxError ? 'failed' : 'unreachable'
    } finally {
      cancelTimeout()
      this.#isAsking = false
      this.#cancel = this.#options.clock.after(askEveryMs, () => void this.#ask())
    }
  }
}
