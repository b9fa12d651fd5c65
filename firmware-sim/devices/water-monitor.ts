// A water-level monitor: reports the level with a little noise, faster while it rises, and in a burst on command.
import { z } from 'zod'
import type { DeviceCommand } from '../../protocols/device-mqtt/messages.ts'
import type { Device } from './device.ts'
import type { LevelCurve } from './level-curve.ts'

const noiseMmMax = 4
/** A change since the last report that triggers a report. */
export const tellChangeMm = 50
/** How often the level is checked. */
export const lookIntervalMs = 10_000
export const burstSamplesMax = 20

const burstSchema = z.object({
  samples: z.number().int().min(1).max(burstSamplesMax).default(5),
  intervalMs: z.number().int().min(100).max(60_000).default(1000),
})

export class WaterMonitor {
  readonly kind = 'water'
  readonly device: Device
  readonly curve: LevelCurve
  #sentMm: number | undefined

  constructor(device: Device, curve: LevelCurve) {
    this.device = device
    this.curve = curve
    device.behave({
      report: () => ({ waterLevelMm: this.#sampleMm() }),
      obey: (command) => this.#obey(command),
      wake: () => this.#look(),
      forget: () => {
        this.#sentMm = undefined
      },
    })
  }

  /** A wave that begins now. */
  flood(peakMm: number, riseMs: number, halfFallMs = riseMs * 3): void {
    this.curve.addFlood({ startMs: this.device.clock.monotonicMs(), peakMm, riseMs, halfFallMs })
  }

  /** One wrong reading, such as a drifting branch causes. */
  spike(byMm: number): string | undefined {
    return this.device.record({ waterLevelMm: this.#levelMm() + byMm }, true)
  }

  /** A sample outside the routine. */
  sample(): string | undefined {
    return this.device.record({ waterLevelMm: this.#sampleMm() }, true)
  }

  #levelMm(): number {
    return Math.round(this.curve.levelMm(this.device.clock.monotonicMs()))
  }

  #sampleMm(): number {
    this.#sentMm = this.#levelMm()
    return this.#sentMm + this.device.random.between(-noiseMmMax, noiseMmMax)
  }

  #look(): void {
    this.device.after('look', lookIntervalMs, () => {
      if (this.#sentMm !== undefined && Math.abs(this.#levelMm() - this.#sentMm) >= tellChangeMm)
        this.sample()
      this.#look()
    })
  }

  #obey(command: DeviceCommand): string | undefined {
    if (command.do !== 'burst') return `can not do ${command.do}`
    const burst = burstSchema.safeParse(command)
    if (!burst.success) return `samples 1 to ${burstSamplesMax}, intervalMs 100 to 60000`
    this.#burst(burst.data.samples, burst.data.intervalMs)
    return undefined
  }

  #burst(samples: number, intervalMs: number): void {
    this.sample()
    if (samples > 1) this.device.after('burst', intervalMs, () => this.#burst(samples - 1, intervalMs))
  }
}
