// The box's idea of time: boot number and milliseconds since boot, which are always right, and wall time with its quality.
import { readFileSync } from 'node:fs'
import type { BoxTime, ClockQuality } from '../../protocols/domain/event.ts'
import type { Clock } from '../../protocols/kit/clock.ts'

/** The centre's word and ours may differ by this much before ours is corrected, ms. */
const toleranceMs = 2000

/** Tells one boot of the machine from another; where the system does not say, every start counts as a boot. */
export function readBootId(random: () => string): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return random()
  }
}

/** Milliseconds since the machine booted, on the system's monotonic clock. */
export function createBootTimer(): () => number {
  // Both are the monotonic clock: one counts from the boot, the other, which is much cheaper to ask, from our start.
  const startMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()
  return () => Math.floor(startMs + performance.now())
}

export interface BoxClockOptions {
  clock: Clock
  sinceBootMs: () => number
  boot: number
  /** Steady time at which this boot began: what earlier boots add up to. */
  steadyBaseMs: number
  /** Whether the system's own time service says that the clock is set. */
  isSystemSynced?: () => boolean
}

export class BoxClock {
  readonly #options: BoxClockOptions
  /** What the centre's time and our wall clock differ by, once known. */
  #correctionMs: number | undefined
  #quality: ClockQuality = 'unsynced'
  #lookedAtMs = Number.NEGATIVE_INFINITY
  readonly #listeners = new Set<() => void>()

  constructor(options: BoxClockOptions) {
    this.#options = options
  }

  now(): BoxTime & { steadyMs: number } {
    const sinceBootMs = this.#options.sinceBootMs()
    return {
      boot: this.#options.boot,
      sinceBootMs,
      atMs: Math.round(this.wallMs()),
      clock: this.quality(),
      steadyMs: this.#options.steadyBaseMs + sinceBootMs,
    }
  }

  wallMs(): number {
    return this.#options.clock.wallMs() + (this.#correctionMs ?? 0)
  }

  quality(): ClockQuality {
    if (this.#quality === 'unsynced' && this.#isSystemSynced()) this.#becomeSynced(undefined)
    return this.#quality
  }

  /** Asked for every event until the clock is known, so the system is looked at once a second only. */
  #isSystemSynced(): boolean {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#lookedAtMs < 1000) return false
    this.#lookedAtMs = nowMs
    return this.#options.isSystemSynced?.() === true
  }

  /** Wall time at which this boot began: what repairs the times of an unsynced boot. */
  bootWallMs(): number {
    return this.wallMs() - this.#options.sinceBootMs()
  }

  /** The centre said what time it is. A system that keeps time itself is believed more. */
  hearCentreTime(centreMs: number): void {
    if (this.#options.isSystemSynced?.()) {
      this.#correctionMs = undefined
      this.#becomeSynced(undefined)
      return
    }
    const off = centreMs - this.wallMs()
    if (this.#quality === 'synced' && Math.abs(off) < toleranceMs) return
    this.#becomeSynced(
      Math.abs(off) < toleranceMs ? this.#correctionMs : centreMs - this.#options.clock.wallMs(),
    )
  }

  /** Told once, when the clock becomes known; at once when it is known already. */
  onSynced(listener: () => void): void {
    if (this.quality() === 'synced') listener()
    else this.#listeners.add(listener)
  }

  #becomeSynced(correctionMs: number | undefined): void {
    this.#correctionMs = correctionMs
    if (this.#quality === 'synced') return
    this.#quality = 'synced'
    for (const listener of this.#listeners) listener()
  }
}
