// Reads the town's limits for accepting again every minute: they are changed at a desk and apply at once.
import type { MeAnswer } from '../../../protocols/desk/api.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { useAcceptLimits } from './accept-deadline.ts'

export const limitsEveryMs = 60_000

export interface TownLimitsOptions {
  api: { me(): Promise<MeAnswer> }
  clock: Pick<Clock, 'after'>
}

export class TownLimits {
  readonly #options: TownLimitsOptions
  #cancel = (): void => undefined
  /** Counts the starts: an answer from before a stop changes nothing. */
  #turn = 0

  constructor(options: TownLimitsOptions) {
    this.#options = options
  }

  start(): void {
    this.stop()
    void this.#look(this.#turn)
  }

  stop(): void {
    this.#turn += 1
    this.#cancel()
  }

  async #look(turn: number): Promise<void> {
    const { api, clock } = this.#options
    try {
      const { acceptLimitsMs } = await api.me()
      if (turn === this.#turn && acceptLimitsMs) useAcceptLimits(acceptLimitsMs)
    } catch {
      // The line about the link reports the loss; the limits stay.
    }
    if (turn === this.#turn) this.#cancel = clock.after(limitsEveryMs, () => void this.#look(turn))
  }
}
