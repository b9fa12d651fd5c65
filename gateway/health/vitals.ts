// The health of the box for the town: the facts of its own health page, shortened to what needs attention.
import type { HealthAnswer, HealthCamera, HealthDevice, HealthFinding } from '../../protocols/console/api.ts'
import { faultsOfVitals } from '../../protocols/health/vitals-faults.ts'
import { textLengths } from '../../protocols/domain/limits.ts'
import {
  fitVitals,
  vitalsEveryMs,
  type BoxVitals,
  type VitalFinding,
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

/** As much of the health as a heartbeat has room for. */
export const vitalsOf = (health: HealthAnswer): BoxVitals => fitVitals(allVitalsOf(health))

export function allVitalsOf(health: HealthAnswer): BoxVitals {
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
  const { cardYears } = flash ?? {}
  return defined({
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
    devices: worst.map(({ id, name, kind, presence, lastHeardAgoMs, batteryPercent, flatAtMs, signalDbm }) =>
      defined({ id, name, kind, presence, quietMs: lastHeardAgoMs, batteryPercent, flatAtMs, signalDbm }),
    ),
    unheard: unheardOf(devices),
    cameras: (health.cameras ?? []).flatMap(cameraOf),
    bridges: (health.bridges ?? [])
      .filter(({ isConnected }) => !isConnected)
      .map(({ id, name }) => defined({ id, name })),
    findings: [...(health.findings ?? []), ...unreadable(health)].map(cutFinding),
  }) as BoxVitals
}

function unheardOf({ list }: HealthAnswer['devices']): BoxVitals['unheard'] {
  const unheard = list.filter(({ isUnheard }) => isUnheard)
  if (unheard.length === 0) return undefined
  // Only a listed device has a kind.
  const ofDevices = list.filter(({ kind, isUnheard }) => kind !== undefined || isUnheard).length
  return {
    count: unheard.length,
    ofDevices,
    devices: unheard.map(({ id, name }) => cutTo(name === undefined ? id : `${name} (${id})`, 80)),
  }
}

/** A camera that does not answer, first by a look or for good, and one whose pictures are not what they should be. */
function cameraOf({ id, name, isOffline, problem }: HealthCamera): NonNullable<BoxVitals['cameras']> {
  if (!isOffline && !problem) return []
  const { zh, en } = problem ?? { zh: '无应答', en: 'no answer' }
  return [
    {
      id,
      name,
      ...(isOffline ? {} : { isFaulty: true as const }),
      zh: cutTo(zh, 200),
      en: cutTo(en, 200),
    },
  ]
}

function unreadable({ quarantine: { count, latest } }: HealthAnswer): HealthFinding[] {
  const [last] = latest
  if (count === 0 || !last) return []
  return [{ code: 'unreadable', facts: { count, topic: last.topic, why: last.problem } }]
}

function cutFinding({ code, about, facts }: HealthFinding): VitalFinding {
  return {
    code,
    ...(about === undefined ? {} : { about: cutTo(about, textLengths.name) }),
    facts: Object.fromEntries(
      Object.entries(facts).map(([key, value]) => [
        key,
        typeof value === 'string' ? cutTo(value, 200) : value,
      ]),
    ),
  }
}

const cutTo = (text: string, length: number): string => text.slice(0, length)

/** The health is read again this often, and reported at once if a fault came or went. */
const readEveryMs = 60_000

/** Faults that a person should act on. Others change with the load and wait for the next report. */
const newsOf = (vitals: BoxVitals, nowMs: number): string =>
  faultsOfVitals(vitals, { nowMs })
    .filter(({ code, grade }) => grade === 'act' || code === 'devices-unheard' || code === 'camera-faulty')
    .map(({ code, about = '', facts }) => `${code} ${about} ${facts['count'] ?? ''}`)
    .join('\n')

export interface HeartbeatVitalsOptions {
  monotonicMs: () => number
  onFailed: (error: unknown) => void
}

/**
 * The part of a heartbeat about the box's health: in the first one of each connection, in one every few minutes, and in the next one after
 * a fault came or went. It is collected beside the heartbeat, which waits for nothing.
 */
export class HeartbeatVitals {
  readonly #options: HeartbeatVitalsOptions
  #read: (() => Promise<HealthAnswer>) | undefined
  #latest: { vitals: BoxVitals; news: string } | undefined
  #sentNews = ''
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
    if (nowMs - this.#readAtMs >= readEveryMs) void this.refresh()
    const latest = this.#latest
    if (!latest) return {}
    if (nowMs - this.#sentAtMs < vitalsEveryMs && latest.news === this.#sentNews) return {}
    this.#sentAtMs = nowMs
    this.#sentNews = latest.news
    return { vitals: latest.vitals }
  }

  /** Never rejects. */
  async refresh(): Promise<void> {
    if (!this.#read || this.#isReading) return
    this.#isReading = true
    try {
      const health = await this.#read()
      const vitals = vitalsOf(health)
      this.#latest = { vitals, news: newsOf(vitals, health.clock.atMs) }
      this.#readAtMs = this.#options.monotonicMs()
    } catch (error) {
      this.#options.onFailed(error)
    } finally {
      this.#isReading = false
    }
  }
}
