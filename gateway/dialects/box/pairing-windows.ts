// The pairing mode of a bridge, in which it accepts new devices. A bridge ends this mode after four minutes, so the mode is started again
// until the requested time is over.
import type { Logger } from 'pino'
import type { Clock } from '../../../protocols/kit/clock-port.ts'

/** Shorter than the 254 s after which Zigbee2MQTT ends the mode. */
export const renewMs = 240_000
const minuteMs = 60_000

export interface PairingWindowsOptions {
  clock: Clock
  /** The obstacle; undefined when the bridge agreed. */
  ask: (bridge: string, minutes: number) => Promise<string | undefined>
  logger: Logger
}

export class PairingWindows {
  readonly #options: PairingWindowsOptions
  /** One for each bridge in pairing mode. */
  readonly #cancels = new Map<string, () => void>()

  constructor(options: PairingWindowsOptions) {
    this.#options = options
  }

  /** 0 minutes end the mode. */
  async open(bridge: string, minutes: number): Promise<string | undefined> {
    this.#cancels.get(bridge)?.()
    this.#cancels.delete(bridge)
    const problem = await this.#options.ask(bridge, minutes)
    if (problem === undefined && minutes * minuteMs > renewMs) this.#renewLater(bridge, minutes)
    return problem
  }

  stop(): void {
    for (const cancel of this.#cancels.values()) cancel()
    this.#cancels.clear()
  }

  #renewLater(bridge: string, minutes: number): void {
    const { clock, logger } = this.#options
    const cancel = clock.after(renewMs, () => {
      this.open(bridge, minutes - renewMs / minuteMs).then(
        (problem) => {
          if (problem !== undefined)
            logger.warn({ bridge, problem }, 'a bridge has ended its pairing mode too early')
        },
        (error: Error) => logger.warn({ bridge, reason: error.message }, 'a bridge could not be asked again'),
      )
    })
    this.#cancels.set(bridge, cancel)
  }
}
