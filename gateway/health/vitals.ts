// The health of the box for the town: the facts of its own health page, shortened to what needs attention.
import type { HealthAnswer, HealthDevice } from '../../protocols/console/api.ts'
import {
  fitVitals,
  vitalsDevicesMax,
  vitalsEveryMs,
  vitalsListMax,
  type BoxVitals,
} from '../../protocols/uplink/box-vitals.ts'

/** A battery that lasts longer needs no attention yet. */
const flatWithinMs = 180 * 86_400_000
const batteryLowPercent = 30
const signalWeakDbm = -105
const rank = { silent: 0, late: 1, unknown: 2, present: 3 } as const

const wantsAttention = (device: HealthDevice, nowMs: number): boolean =>
  device.presence === 'silent' ||
  (device.batteryPercent ?? 100) < batteryLowPercent ||
  (device.flatAtMs ?? Infinity) - nowMs < flatWithinMs ||
  (device.signalDbm ?? 0) < signalWeakDbm

const defined = <T extends object>(parts: T): T =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as T

export function vitalsOf(health: HealthAnswer): BoxVitals {
  const { box, clock, disk, flash, board = {}, link, lanes, sim, journal, devices } = health
  const ends = health.certificate
  const waiting = Object.values(lanes).reduce(
    (sum, { last, receipted }) => sum + Math.max(0, last - receipted),
    0,
  )
  const ages = Object.values(lanes).map(({ oldestWaitingMs = 0 }) => oldestWaitingMs)
  const worst = devices.list
    .filter((device) => wantsAttention(device, clock.atMs))
    .sort(
      (one, other) =>
        rank[one.presence] - rank[other.presence] ||
        (one.flatAtMs ?? Infinity) - (other.flatAtMs ?? Infinity) ||
        (one.batteryPercent ?? 100) - (other.batteryPercent ?? 100),
    )
    .slice(0, vitalsDevicesMax)
  const { cardYears } = flash ?? {}
  return fitVitals(
    defined({
      version: box.version,
      ...board,
      disk,
      cardYears,
      certificate: ends && { ...ends, holder: ends.holder.slice(0, 80) },
      link: defined({ roundTripMs: link.roundTripMs, bytesPerSecond: link.bytesPerSecond }),
      waiting: { records: waiting, oldestMs: Math.max(0, ...ages) },
      sim,
      journal: journal.state,
      silentDevices: devices.list.filter(({ presence }) => presence === 'silent').length,
      devices: worst.map(
        ({ id, name, kind, presence, lastHeardAgoMs, batteryPercent, flatAtMs, signalDbm }) =>
          defined({ id, name, kind, presence, quietMs: lastHeardAgoMs, batteryPercent, flatAtMs, signalDbm }),
      ),
      cameras: (health.cameras ?? []).flatMap(({ id, name, isOffline, problem }) =>
        isOffline
          ? [{ id, name, zh: cut(problem?.zh ?? '无应答'), en: cut(problem?.en ?? 'no answer') }]
          : [],
      ),
      bridges: (health.bridges ?? [])
        .filter(({ isConnected }) => !isConnected)
        .slice(0, vitalsListMax)
        .map(({ id, name }) => defined({ id, name })),
    }) as BoxVitals,
  )
}

const cut = (text: string): string => text.slice(0, 200)

export interface HeartbeatVitalsOptions {
  monotonicMs: () => number
  onFailed: (error: unknown) => void
}

/**
 * The part of a heartbeat about the box's health: in the first one of each connection, and in one every few minutes. It is collected
 * beside the heartbeat, which waits for nothing.
 */
export class HeartbeatVitals {
  readonly #options: HeartbeatVitalsOptions
  #read: (() => Promise<HealthAnswer>) | undefined
  #latest: BoxVitals | undefined
  #readAtMs = Number.NEGATIVE_INFINITY
  #sentAtMs = Number.NEGATIVE_INFINITY
  #isReading = false

  constructor(options: HeartbeatVitalsOptions) {
    this.#options = options
  }

  /** `read` is the box's own health page. */
  async start(read: () => Promise<HealthAnswer>): Promise<void> {
    this.#read = read
    await this.refresh()
  }

  /** Another connection: the centre may have none of it. */
  connected(): void {
    this.#sentAtMs = Number.NEGATIVE_INFINITY
    void this.refresh()
  }

  /** Nothing for a look that is not sent. */
  next(isSent = false): { vitals?: BoxVitals } {
    if (!isSent) return {}
    const nowMs = this.#options.monotonicMs()
    const isDue = nowMs - this.#sentAtMs >= vitalsEveryMs
    if (nowMs - this.#readAtMs >= vitalsEveryMs) void this.refresh()
    if (!isDue || !this.#latest) return {}
    this.#sentAtMs = nowMs
    return { vitals: this.#latest }
  }

  /** Never rejects. */
  async refresh(): Promise<void> {
    if (!this.#read || this.#isReading) return
    this.#isReading = true
    try {
      this.#latest = vitalsOf(await this.#read())
      this.#readAtMs = this.#options.monotonicMs()
    } catch (error) {
      this.#options.onFailed(error)
    } finally {
      this.#isReading = false
    }
  }
}
