// The content of the box console, collected from the parts that measure it.
import type { LaneFacts, Uplink } from '../uplink/port.ts'
import type { Alarm } from '../../protocols/domain/alarm.ts'
import { lanes, urgency, type Lane } from '../../protocols/domain/colour.ts'
import type { BoxTime } from '../../protocols/domain/event.ts'
import { villageOf } from '../../protocols/domain/names.ts'
import {
  healthAlarmsMax,
  healthDevicesMax,
  healthQuarantineMax,
  type DevicePresence,
  type HealthAlarm,
  type HealthAnswer,
  type HealthCamera,
  type HealthDevice,
  type HealthFinding,
  type HealthLane,
  type HealthLink,
  type HealthQuarantineEntry,
} from '../../protocols/console/api.ts'
import type { Guard } from '../../protocols/domain/guard.ts'
import { readDeviceVitals, type AlarmMemory } from '../alarms/port.ts'
import type { DeviceBroker } from '../broker/port.ts'
import type { CameraHealth, Cameras } from '../cameras/port.ts'
import type { TimeComparison } from '../clock/port.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { MessageCounts } from '../intake/port.ts'
import type { Journal, QuarantineRow } from '../journal/port.ts'
import type { BoxExtras } from './board/box-extras.ts'
import { readAuditHeads } from './audit-heads.ts'
import type { FlashWear } from './flash-wear.ts'

/** Present until it has sent nothing for this long, ms; late until twice as long. */
const presentMs = 180_000
/** Nothing is wrong before this time after the start: devices connect again one by one. */
const unheardAfterMs = 600_000
const excerptLength = 200

export interface HealthReportOptions {
  config: GatewayConfig
  version: string
  journal: Journal
  uplink: Uplink | undefined
  broker: DeviceBroker
  cameras: Pick<Cameras, 'health'> | undefined
  documents: AlarmMemory
  /** What came again or could not be read, by device. */
  counts?: { of(device: string): MessageCounts | undefined }
  guard: () => Guard
  now: () => BoxTime & { steadyMs: number }
  steadyBaseMs: number
  monotonicMs: () => number
  startedMs: number
  /** Monotonic ms of the centre's latest Receipt. */
  lastReceiptMs: () => number | undefined
  /** How the centre's clock compares; undefined before the first Receipt. */
  heardTime: () => TimeComparison | undefined
  disk: () => { freeBytes: number; totalBytes: number }
  flash?: Pick<FlashWear, 'facts'>
  /** Faults of the box's files (such as a missing key file), and the devices that it refuses. */
  findings?: { read(): HealthFinding[] }
  /** What the machine tells. */
  extras?: Pick<BoxExtras, 'read' | 'withForecast'>
}

export class HealthReport {
  readonly #options: HealthReportOptions

  constructor(options: HealthReportOptions) {
    this.#options = options
  }

  async answer(): Promise<HealthAnswer> {
    const { config, journal, now, version, monotonicMs, startedMs, disk } = this.#options
    const time = now()
    const facts = journal.facts()
    const link = await this.#options.uplink?.facts()
    const flash = this.#options.flash?.facts()
    const auditHeads = await readAuditHeads(journal)
    const findings = this.#options.findings?.read() ?? []
    return {
      v: 1,
      box: {
        id: config.box.id,
        name: config.box.name ?? config.box.id,
        village: villageOf(config.box.id),
        version,
        boot: time.boot,
        sinceBootMs: time.sinceBootMs,
      },
      clock: { quality: time.clock, atMs: time.atMs, ...this.#options.heardTime() },
      link: this.#link(link),
      lanes: this.#lanes(link?.lanes),
      ...(auditHeads.length > 0 ? { auditHeads } : {}),
      devices: this.#devices(time.steadyMs),
      ...(this.#options.cameras
        ? { cameras: this.#options.cameras.health().map((one) => cameraOf(one, time.atMs)) }
        : {}),
      alarms: this.#alarms(time.steadyMs),
      guard: this.#options.guard(),
      quarantine: { count: facts.quarantined, latest: await this.quarantine(healthQuarantineMax) },
      disk: disk(),
      journal: {
        epoch: facts.epoch,
        sizeBytes: facts.sizeBytes,
        records: lanes.reduce((sum, lane) => sum + journal.positions()[lane].last, 0),
        state:
          facts.space.state !== 'sound'
            ? facts.space.state
            : facts.rewound
              ? 'rewound'
              : facts.salvaged
                ? 'salvaged'
                : 'sound',
        droppedRecords: facts.space.dropped,
      },
      process: {
        uptimeMs: monotonicMs() - startedMs,
        residentBytes: process.memoryUsage.rss(),
        nodeVersion: process.version,
      },
      ...(flash ? { flash } : {}),
      ...this.#options.extras?.read(),
      ...(findings.length > 0 ? { findings } : {}),
    }
  }

  /** The things that a person at the box may name. */
  known(): { zones: Set<string>; devices: Set<string>; alarms: Set<string> } {
    const { config, documents } = this.#options
    const alarms = [...documents.keys('alarm:')].map(
      (key) => (documents.get(key) as { alarm: Alarm }).alarm.id,
    )
    return {
      zones: new Set(config.zones.map(({ id }) => id)),
      devices: new Set(config.devices.map(({ id }) => id)),
      alarms: new Set(alarms),
    }
  }

  async quarantine(limit: number): Promise<HealthQuarantineEntry[]> {
    const rows = await this.#options.journal.readQuarantine(limit)
    const { atMs } = this.#options.now()
    return rows.map((row) => quarantineEntry(row, atMs))
  }

  #link(facts: Awaited<ReturnType<Uplink['facts']>> | undefined): HealthLink {
    if (!facts) return { state: 'none', forMs: 0 }
    const receiptMs = this.#options.lastReceiptMs()
    const states = { down: 'waiting', connecting: 'connecting', up: 'connected', deaf: 'connected' } as const
    return {
      state: states[facts.state],
      forMs: facts.stateForMs,
      url: facts.address,
      ...(receiptMs === undefined ? {} : { lastReceiptAgoMs: this.#options.monotonicMs() - receiptMs }),
      ...(facts.roundTripMs > 0 ? { roundTripMs: facts.roundTripMs } : {}),
      ...(facts.bytesPerSecond > 0 ? { bytesPerSecond: facts.bytesPerSecond } : {}),
      ...(facts.reason !== undefined && facts.state !== 'up'
        ? { problem: { zh: `与镇中心的连接：${facts.reason}`, en: facts.reason } }
        : {}),
    }
  }

  #lanes(facts: Record<Lane, LaneFacts> | undefined): Record<Lane, HealthLane> {
    const positions = this.#options.journal.positions()
    return Object.fromEntries(
      lanes.map((lane) => {
        const { waiting = 0, oldestAgeMs = 0 } = facts?.[lane] ?? {}
        return [lane, { ...positions[lane], ...(waiting > 0 ? { oldestWaitingMs: oldestAgeMs } : {}) }]
      }),
    ) as Record<Lane, HealthLane>
  }

  #devices(steadyMs: number): HealthAnswer['devices'] {
    const { config, broker } = this.#options
    const ids = new Set([
      ...config.devices.map(({ id }) => id),
      ...broker.sightings().map(({ device }) => device),
    ])
    const list = [...ids].map((id) => this.device(id, steadyMs))
    const rank: DevicePresence[] = ['silent', 'late', 'unknown', 'present']
    list.sort((a, b) => rank.indexOf(a.presence) - rank.indexOf(b.presence) || a.id.localeCompare(b.id))
    const present = list.filter(({ presence }) => presence === 'present').length
    return { known: list.length, present, list: list.slice(0, healthDevicesMax) }
  }

  /** One device as it is now. */
  device(id: string, steadyMs: number = this.#options.now().steadyMs): HealthDevice {
    const { config, broker, documents } = this.#options
    const nowMs = this.#options.monotonicMs()
    const settings = config.devices.find((device) => device.id === id)
    const vitals = readDeviceVitals(documents, id)
    // What hangs on a bridge has no connection of its own: it is there since its last message.
    const heardForItMs =
      settings?.via === undefined || vitals.heardMs === undefined
        ? undefined
        : nowMs - Math.max(0, steadyMs - vitals.heardMs)
    const lastHeardMs = broker.sightingOf(id).lastHeardMs ?? heardForItMs
    const device: HealthDevice = {
      id,
      ...(settings ? { kind: settings.kind } : {}),
      ...(settings?.name === undefined ? {} : { name: settings.name }),
      ...(settings?.zone === undefined ? {} : { zone: settings.zone }),
      ...zoneNameOf(config.zones, settings?.zone),
      presence: presenceOf(lastHeardMs, nowMs, settings?.reportIntervalS),
      ...(settings && lastHeardMs === undefined && this.#isLate(settings) ? { isUnheard: true } : {}),
      ...(lastHeardMs === undefined ? {} : { lastHeardAgoMs: nowMs - lastHeardMs }),
      ...(vitals.batteryPercent === undefined ? {} : { batteryPercent: vitals.batteryPercent }),
      ...(vitals.signalDbm === undefined ? {} : { signalDbm: vitals.signalDbm }),
      ...countsOf(this.#options.counts?.of(id)),
    }
    return this.#options.extras?.withForecast(device) ?? device
  }

  /** Since the start it had time for a report: one that reports once a day has a day and a half. */
  #isLate({ reportIntervalS = 0 }: GatewayConfig['devices'][number]): boolean {
    const { monotonicMs, startedMs } = this.#options
    return monotonicMs() - startedMs >= Math.max(unheardAfterMs, expectedMsOf(reportIntervalS))
  }

  #alarms(steadyMs: number): HealthAnswer['alarms'] {
    const { documents } = this.#options
    const standing = [...documents.keys('alarm:')].map((key): HealthAlarm => {
      const { alarm, raisedMs } = documents.get(key) as { alarm: Alarm; raisedMs: number }
      return { ...alarm, raisedAgoMs: Math.max(0, steadyMs - raisedMs) }
    })
    standing.sort(
      (a, b) => urgency(a.colour) - urgency(b.colour) || (a.raisedAgoMs ?? 0) - (b.raisedAgoMs ?? 0),
    )
    return { count: standing.length, list: standing.slice(0, healthAlarmsMax) }
  }
}

const countsOf = (
  { repeats, refused }: MessageCounts = { repeats: 0, refused: 0 },
): Partial<MessageCounts> => ({
  ...(repeats > 0 ? { repeats } : {}),
  ...(refused > 0 ? { refused } : {}),
})

function zoneNameOf(zones: GatewayConfig['zones'], id: string | undefined): { zoneName?: string } {
  const name = id === undefined ? undefined : zones.find((zone) => zone.id === id)?.name
  return name === undefined ? {} : { zoneName: name }
}

const expectedMsOf = (intervalS: number): number => intervalS * 1500

function presenceOf(
  lastHeardMs: number | undefined,
  nowMs: number,
  intervalS: number | undefined,
): DevicePresence {
  if (lastHeardMs === undefined) return 'unknown'
  const expectedMs = intervalS === undefined ? presentMs : expectedMsOf(intervalS)
  const agoMs = nowMs - lastHeardMs
  if (agoMs <= expectedMs) return 'present'
  return agoMs <= 2 * expectedMs ? 'late' : 'silent'
}

function cameraOf(one: CameraHealth, nowMs: number): HealthCamera {
  const { reason, lastPictureAtMs } = one
  const known = {
    answerMs: one.lastAnswerMs,
    clockSkewMs: one.clockSkewMs,
    maker: one.maker,
    model: one.model,
  }
  return {
    id: one.camera,
    name: one.name,
    zone: one.zone,
    ...(one.state === undefined ? {} : { state: one.state }),
    picture: one.picture,
    ...(reason ? { problem: reason.text, problemCode: reason.code } : {}),
    isOffline: one.isOffline,
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
    ...(lastPictureAtMs === undefined ? {} : { lastPictureAgoMs: Math.max(0, nowMs - lastPictureAtMs) }),
  }
}

function quarantineEntry(row: QuarantineRow, nowMs: number): HealthQuarantineEntry {
  const text = Buffer.from(row.payload).toString('utf8')
  const isPrintable = /^[\P{C}\s]*$/u.test(text) && !text.includes('\ufffd')
  return {
    agoMs: Math.max(0, nowMs - row.atMs),
    topic: row.topic,
    bytes: row.payload.byteLength,
    problem: row.problem,
    ...(isPrintable ? { excerpt: text.slice(0, excerptLength) } : {}),
  }
}
