// A battery that runs down with time and with every transmission; an empty one stops its device.
import type { Clock } from '../../protocols/kit/clock.ts'

export interface BatteryOptions {
  clock: Clock
  startPercent: number
  percentPerDay: number
  percentPerSend: number
}

export class Battery {
  #options: BatteryOptions
  #sinceMs: number
  #startPercent: number
  #sends = 0

  constructor(options: BatteryOptions) {
    this.#options = options
    this.#startPercent = options.startPercent
    this.#sinceMs = options.clock.monotonicMs()
  }

  /** The remaining charge, 0 to 100, in whole percent as a device reports it. */
  get percent(): number {
    const { clock, percentPerDay, percentPerSend } = this.#options
    const days = (clock.monotonicMs() - this.#sinceMs) / 86_400_000
    return Math.max(0, Math.round(this.#startPercent - days * percentPerDay - this.#sends * percentPerSend))
  }

  get isDead(): boolean {
    return this.percent <= 0
  }

  spend(): void {
    this.#sends++
  }

  /** A battery of this charge was inserted. */
  replace(percent: number): void {
    this.#startPercent = percent
    this.#sends = 0
    this.#sinceMs = this.#options.clock.monotonicMs()
  }
}
