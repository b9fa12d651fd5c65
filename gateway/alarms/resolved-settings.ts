// The settings in the form that the engine needs: by id, with zones joined, defaults applied and places as text.
import type { AlarmKind, AlarmPlace, BilingualText } from '../../protocols/domain/alarm.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type {
  AlarmSettings,
  DeviceKind,
  DeviceSettings,
  Guidance,
  RuleSettings,
  ZoneSettings,
} from '../config/alarm-settings.ts'
import { alarmKey, deviceKey } from './documents.ts'
import { placeSirensMax } from '../../protocols/uplink/report.ts'
import { resolveWater, type ResolvedWater } from './water/water-limits.ts'

export interface DeviceFacts {
  id: string
  /** Keys of its document and of its silence, built once. */
  key: string
  silentKey: string
  kind: DeviceKind
  isRegistered: boolean
  zone?: ZoneSettings
  settings?: DeviceSettings
  /** The place as text. */
  place: BilingualText
  /** The place for programs, with telephone numbers and the sirens there. */
  alarmPlace: AlarmPlace
  guidance: Guidance
  reportIntervalMs: number
  /** Silent after this long without a message; Infinity for unregistered devices. */
  silentAfterMs: number
  /** Its reports are in no configuration: they are learned. */
  isLearned: boolean
  /** Silent this long after its connection is lost; Infinity for devices that sleep. */
  silentOfflineMs: number
  water: ResolvedWater
}

export interface ResolvedSettings {
  boxId: string
  limits: AlarmSettings['limits']
  zones: ReadonlyMap<string, ZoneSettings>
  scheduledZones: readonly ZoneSettings[]
  devicesByZone: ReadonlyMap<string, readonly DeviceFacts[]>
  devices: ReadonlyMap<string, DeviceFacts>
  /** The devices behind a hub. */
  hangingOn: ReadonlyMap<string, readonly DeviceFacts[]>
  rules: readonly RuleSettings[]
  /** Settings of any device, also an unregistered one, and of the box. */
  device(id: string): DeviceFacts
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** This many missed reports count as silence. */
export const missedReportsMax = 3
/** For a device that stays connected, this long after the connection is lost counts as silence. */
const lostConnectionMs = 180_000

const reportIntervalByKind: Record<DeviceKind, number> = {
  button: hourMs,
  contact: 4 * hourMs,
  motion: 4 * hourMs,
  smoke: 4 * hourMs,
  gas: hourMs,
  leak: 4 * hourMs,
  water: 15 * minuteMs,
  hub: 5 * minuteMs,
  camera: hourMs,
  siren: hourMs,
  lamp: hourMs,
  sign: hourMs,
  loudspeaker: hourMs,
  other: 24 * hourMs,
}
/** No device with a foreign dialect may be silent for longer, however seldom it sends. */
const ceilingMsByKind: Record<DeviceKind, number> = {
  button: 26 * hourMs,
  contact: 26 * hourMs,
  motion: 26 * hourMs,
  smoke: 26 * hourMs,
  gas: 6 * hourMs,
  leak: 26 * hourMs,
  water: 2 * hourMs,
  hub: 15 * minuteMs,
  camera: 3 * hourMs,
  siren: 26 * hourMs,
  lamp: 26 * hourMs,
  sign: 26 * hourMs,
  loudspeaker: 26 * hourMs,
  other: 72 * hourMs,
}
/** The grade of a zone makes the default report interval of its devices longer or shorter. */
const intervalFactorByGrade: Record<ZoneSettings['grade'], number> = {
  daily: 2,
  general: 1,
  key: 0.5,
  strict: 0.25,
}
const alwaysConnected = new Set<DeviceKind>(['hub', 'siren', 'lamp', 'sign', 'loudspeaker', 'camera'])

function wordsOfZone(zone: ZoneSettings): BilingualText {
  const name = zone.name ?? zone.id
  const place = zone.place
  const zh = [name]
  const en = [name]
  if (place && 'grid' in place && place.grid) {
    zh.push(`网格 ${place.grid}`)
    en.push(`grid ${place.grid}`)
  }
  if (place && 'household' in place && place.household) {
    zh.push(`${place.household} 户`)
    en.push(`household ${place.household}`)
  }
  if (place && 'lampPost' in place && place.lampPost) {
    zh.push(`灯杆 ${place.lampPost}`)
    en.push(`lamp-post ${place.lampPost}`)
  }
  if (place?.text) {
    zh.push(place.text)
    en.push(place.text)
  }
  return { zh: zh.join('，'), en: en.join(', ') }
}

/** The sirens that an alarm here sounds: those of its zone, or else all. */
function sirensFor(zone: string | undefined, all: AlarmSettings): string[] {
  const sirens = all.devices.filter(({ kind }) => kind === 'siren')
  const near = sirens.filter((siren) => zone !== undefined && siren.zone === zone)
  return (near.length > 0 ? near : sirens).slice(0, placeSirensMax).map(({ id, name }) => name ?? id)
}

function alarmPlaceOf(
  device: DeviceSettings | undefined,
  zone: ZoneSettings | undefined,
  all: AlarmSettings,
): AlarmPlace {
  const phone = device?.phone ?? zone?.phone
  return {
    ...(zone?.name === undefined ? {} : { zone: zone.name }),
    ...(device?.name === undefined ? {} : { device: device.name }),
    ...(zone?.place as Omit<AlarmPlace, 'phone'> | undefined),
    ...(device?.plan ? { plan: device.plan } : {}),
    // General is what a zone is without a grade: it is not sent with every alarm.
    ...(zone && zone.grade !== 'general' ? { grade: zone.grade } : {}),
    ...(phone === undefined ? {} : { phone }),
    sirens: sirensFor(zone?.id, all),
  }
}

function resolveDevice(
  settings: DeviceSettings,
  zone: ZoneSettings | undefined,
  all: AlarmSettings,
): DeviceFacts {
  const { kind } = settings
  const name = settings.name ?? settings.id
  const where = zone && wordsOfZone(zone)
  const reportIntervalMs =
    settings.reportIntervalS === undefined
      ? reportIntervalByKind[kind] * intervalFactorByGrade[zone?.grade ?? 'general']
      : settings.reportIntervalS * 1000
  // A bought device reports at its maker's interval: some once a day.
  const isForeign = settings.via !== undefined || settings.dialect !== undefined
  const isLearned = settings.reportIntervalS === undefined
  const isAlwaysConnected = settings.isAlwaysConnected ?? alwaysConnected.has(kind)
  return {
    id: settings.id,
    key: deviceKey(settings.id),
    silentKey: alarmKey(settings.id, 'device-silent'),
    kind,
    isRegistered: true,
    ...(zone ? { zone } : {}),
    settings,
    place: where ? { zh: `${where.zh}，${name}`, en: `${where.en}, ${name}` } : { zh: name, en: name },
    alarmPlace: alarmPlaceOf(settings, zone, all),
    guidance: { ...zone?.guidance, ...settings.guidance },
    reportIntervalMs,
    silentAfterMs: isForeign && isLearned ? ceilingMsByKind[kind] : missedReportsMax * reportIntervalMs,
    isLearned,
    // A device that sleeps closes its connection after each report, so a closed connection is no fault.
    silentOfflineMs: isAlwaysConnected ? lostConnectionMs : Infinity,
    water: resolveWater(settings.water, all.limits),
  }
}

export function resolveSettings(settings: AlarmSettings): ResolvedSettings {
  const zones = new Map(settings.zones.map((zone) => [zone.id, zone]))
  const devices = new Map<string, DeviceFacts>()
  const devicesByZone = new Map<string, DeviceFacts[]>()
  const hangingOn = new Map<string, DeviceFacts[]>()
  const add = (map: Map<string, DeviceFacts[]>, key: string, facts: DeviceFacts) => {
    const list = map.get(key)
    if (list) list.push(facts)
    else map.set(key, [facts])
  }
  for (const device of settings.devices) {
    const zone = device.zone === undefined ? undefined : zones.get(device.zone)
    const facts = resolveDevice(device, zone, settings)
    devices.set(device.id, facts)
    if (zone) add(devicesByZone, zone.id, facts)
    if (device.via !== undefined) add(hangingOn, device.via, facts)
  }
  const strangersPlace = alarmPlaceOf(undefined, undefined, settings)
  const strangersWater = resolveWater(undefined, settings.limits)
  const stranger = (id: string): DeviceFacts => ({
    id,
    key: deviceKey(id),
    silentKey: alarmKey(id, 'device-silent'),
    kind: 'other',
    isRegistered: false,
    place:
      id === settings.boxId
        ? { zh: '网关', en: 'the box' }
        : { zh: `未登记设备 ${id}`, en: `unregistered device ${id}` },
    alarmPlace: strangersPlace,
    guidance: {},
    reportIntervalMs: reportIntervalByKind.other,
    silentAfterMs: Infinity,
    isLearned: false,
    silentOfflineMs: Infinity,
    water: strangersWater,
  })
  const cameras = new Map(
    (settings.cameras ?? []).map(({ id, name, zone: [first = ''] }) => {
      const zone = zones.get(first)
      const where = zone ? wordsOfZone(zone) : { zh: first, en: first }
      const called = name ?? id
      const place = { zh: `${where.zh}，${called}`, en: `${where.en}, ${called}` }
      const alarmPlace = { ...alarmPlaceOf(undefined, zone, settings), device: called }
      return [id, { ...stranger(id), place, alarmPlace }]
    }),
  )
  return {
    boxId: settings.boxId,
    limits: settings.limits,
    zones,
    scheduledZones: settings.zones.filter((zone) => zone.schedule !== undefined),
    devicesByZone,
    devices,
    hangingOn,
    rules: settings.rules,
    device: (id) => devices.get(id) ?? cameras.get(id) ?? stranger(id),
  }
}

const gradeShift: Record<ZoneSettings['grade'], number> = { daily: 1, general: 0, key: -1, strict: -1 }
const ladder: readonly Colour[] = ['red', 'orange', 'yellow', 'blue']

/** The default colour moved by the grade of the zone: never to red, except for an intrusion in a strict zone. */
export function gradeColour(kind: AlarmKind, colour: Colour, grade: ZoneSettings['grade']): Colour {
  if (colour === 'red') return colour
  if (grade === 'strict' && kind === 'intrusion') return 'red'
  const moved = ladder.indexOf(colour) + gradeShift[grade]
  return ladder[Math.min(3, Math.max(1, moved))] ?? colour
}
