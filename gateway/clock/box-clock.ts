// The box's time: boot number and milliseconds since boot, which are always right, and wall time with its quality.
import { readFileSync } from 'node:fs'
import type { BoxTime, ClockQuality } from '../../protocols/domain/event.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { judgeCentreTime, type CentreTimeVerdict, type ClockBounds } from './centre-time.ts'
import type { CentreTime, TimeComparison } from './port.ts'

/** The centre's time and the box's may differ by this much before the box's is corrected, ms. */
const toleranceMs = 2000

/** Identifies one boot of the machine; if the system has no boot id, every start counts as a boot. */
export function readBootId(random: () => string): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return random()
  }
}

/** Milliseconds since the machine booted, on the system's monotonic clock. */
export function createBootTimer(): () => number {
  // Both are the monotonic clock: one counts from the boot, the other, which is much cheaper to read, from the start of
  // the program.
  const startMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()
  return () => Math.floor(startMs + performance.now())
}

export interface BoxClockOptions {
  clock: Clock
  sinceBootMs: () => number
  boot: number
  /** Steady time at which this boot began: the sum of the earlier boots. */
  steadyBaseMs: number
  /** True when the system's own time service reports a set clock. */
  isSystemSynced?: () => boolean
  /** The bounds of a right clock; without them every time is possible. */
  bounds?: ClockBounds
}

const anyTime: ClockBounds = { earliestMs: Number.NEGATIVE_INFINITY, latestMs: Number.POSITIVE_INFINITY }

export class BoxClock {
  readonly #options: BoxClockOptions
  /** The centre's time minus the wall clock, once known. */
  #correctionMs: number | undefined
  #quality: ClockQuality = 'unsynced'
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #heard: TimeComparison | undefined
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

  /** Called for every event until the clock is known, so the system is asked at most once a second. */
  #isSystemSynced(): boolean {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#lookedAtMs < 1000) return false
    this.#lookedAtMs = nowMs
    return this.#options.isSystemSynced?.() === true
  }

  /** Wall time at which this boot began: used to repair the times of an unsynced boot. */
  bootWallMs(): number {
    return this.wallMs() - this.#options.sinceBootMs()
  }

  /** The box's own system keeps its clock. */
  get isKept(): boolean {
    return this.#options.isSystemSynced?.() === true
  }

  /** What the centre's last word was; absent before the first. */
  get heard(): TimeComparison | undefined {
    return this.#heard
  }

  /** The centre sent its time. A system with a time service of its own is trusted more. */
  hearCentreTime(centre: CentreTime): CentreTimeVerdict {
    const verdict = this.#judge(centre)
    if (verdict === 'own-kept') this.#becomeSynced(undefined)
    else if (verdict !== 'doubted') this.#takeTime(centre.wallMs)
    this.#heard = { offsetMs: this.wallMs() - centre.wallMs, isDoubted: verdict === 'doubted' }
    return verdict
  }

  #judge(centre: CentreTime): CentreTimeVerdict {
    if (this.isKept) return 'own-kept'
    return judgeCentreTime(centre, this.wallMs(), this.#options.bounds ?? anyTime)
  }

  #takeTime(centreMs: number): void {
    const off = centreMs - this.wallMs()
    if (this.#quality === 'synced' && Math.abs(off) < toleranceMs) return
    this.#becomeSynced(
      Math.abs(off) < toleranceMs ? this.#correctionMs : centreMs - this.#options.clock.wallMs(),
    )
  }

  /** Registers a listener that is called once, when the clock becomes known; at once when it is known already. */
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
