// The engine's memory in detail: the shape of every document and its key. Values are replaced, never changed in place.
import type { Alarm, AlarmKind, BilingualText } from '../../protocols/domain/alarm.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { ClockQuality } from '../../protocols/domain/event.ts'
import type { Readings } from '../../protocols/domain/reading.ts'
import { devicePrefix, type AlarmMemory, type BoxFact, type DeviceSaid } from './port.ts'
import type { WaterTrack } from './water/water-track.ts'

export { devicePrefix } from './port.ts'

export const boxKey = 'box'
export const alarmPrefix = 'alarm:'
export const zonePrefix = 'zone:'
/** How often an alarm that has ended changed lately, so that a new one is known to chatter. */
export const pastPrefix = 'past:'

export const deviceKey = (device: string): string => devicePrefix + device
export const zoneKey = (zone: string): string => zonePrefix + zone
/** A drill has a row of its own beside the real one: neither can hide or end the other. */
export const alarmKey = (device: string, kind: AlarmKind, isDrill = false): string =>
  `${alarmPrefix}${device}/${kind}${isDrill ? '/drill' : ''}`
export const pastKey = (alarm: string): string => pastPrefix + alarm.slice(alarmPrefix.length)

/** Why an alarm is suppressed by design. */
export type Suppression = { why: 'storm' } | { why: 'root-cause'; cause: string }

export interface AlarmDocument {
  alarm: Alarm
  /** The condition holds now, whatever people have done about it. */
  isPresent: boolean
  /** Steady time of the raise, and the wall time beside it for the text. */
  raisedMs: number
  raisedWallMs: number
  raisedClock: ClockQuality
  /** Steady time of the last transition that was written. */
  writtenMs: number
  /** Steady times of its latest raises and returns below red, oldest first. */
  changesMs: number[]
  /** Chattering: held as it is until nothing has changed for the window. */
  heldUntilMs?: number
  /** Shelved until. */
  shelvedUntilMs?: number
  shelvedBy?: string
  suppression?: Suppression
  /** Muted until then although its root cause has gone, so that it can come back by itself. */
  unmuteMs?: number
  /** Remarks for the text, such as the level or the hub that is silent. */
  remark?: BilingualText
  /** The local rules that act for it, each with the limit of that run. */
  acting?: Record<string, number> | undefined
  /** Something changed that no transition has told yet. */
  isUntold?: boolean | undefined
  /** Of a storm: how many alarms of each kind it holds. */
  storm?: Partial<Record<AlarmKind, number>>
  /** Of a storm that has calmed: when to look at what still stands in it. */
  releaseMs?: number
}

export interface PastDocument {
  changesMs: number[]
}

/** What we know of one device. It depends on that device's own inputs alone. */
export interface DeviceDocument extends DeviceSaid {
  heardMs: number
  /** How late its reports come as a habit: sleep timers run slow. */
  lateMs?: number
  /** Since when its connection is lost. */
  offlineMs?: number
  contact?: Readings['contact']
  motion?: boolean
  /** When it last saw somebody move. */
  motionMs?: number
  fire?: boolean
  smoke?: boolean
  gas?: boolean
  leak?: boolean
  tamper?: boolean
  carbonMonoxide?: boolean
  isBatteryLow?: boolean
  mainsOffMs?: number
  /** Messages in a row in which nobody could read what this kind of device is there for. */
  unreadable?: number
  /** And in which it said nothing of it. */
  withoutLevel?: number
  /** When it was last readable; where it never was, when it was first heard, and `isReadableOnce` is missing. */
  readableMs?: number
  isReadableOnce?: boolean
  water?: WaterTrack
}

export interface Maintenance {
  untilMs: number
  sinceMs: number
  by: string
  /** Devices heard since it began, for the walk test. */
  heard: string[]
}

export interface EntryDelay {
  device: string
  untilMs: number
  /** Other sensors of the zone that spoke meanwhile, with when. */
  others: { device: string; atMs: number }[]
  readings: Readings
}

export interface ZoneDocument {
  isArmed: boolean
  by: string
  sinceMs: number
  /** Signals do not count until then. */
  exitUntilMs?: number
  /** What the schedule said last; a hand holds until it says something else. */
  scheduled?: boolean
  /** Armed by the safer side of its schedule, because the box does not know the time. */
  isWithoutClock?: boolean
  entry?: EntryDelay
  /** The latest intrusion, waiting for a second sensor to confirm it. */
  trigger?: { device: string; atMs: number }
  maintenance?: Maintenance
}

export interface ActingRule {
  /** Its limit, which also tells this run of the rule from an earlier one. */
  untilMs: number
  /** How many alarms it acts for. */
  alarms: number
}

export interface BoxDocument {
  /** Steady time of the latest start: silence counts from there at the earliest. */
  startedMs?: number
  bypasses?: Record<string, { untilMs: number; by: string }>
  maintenance?: Maintenance
  /** Lines below red that people were given lately. */
  lines?: { atMs: number; kind: AlarmKind; colour: Colour }[]
  /** When the storm's latest alarms came, at most the five that its end is told by. */
  stormMs?: number[]
  /** Box facts that wait for their delay. */
  waiting?: Record<string, { fact: BoxFact; dueMs: number }>
  acting?: Record<string, ActingRule>
}

export const readAlarm = (memory: AlarmMemory, key: string): AlarmDocument | undefined =>
  memory.get(key) as AlarmDocument | undefined
export const readDevice = (memory: AlarmMemory, device: string): DeviceDocument | undefined =>
  memory.get(deviceKey(device)) as DeviceDocument | undefined
export const readZone = (memory: AlarmMemory, zone: string): ZoneDocument | undefined =>
  memory.get(zoneKey(zone)) as ZoneDocument | undefined
const emptyBox: BoxDocument = Object.freeze({})
export const readBox = (memory: AlarmMemory): BoxDocument =>
  (memory.get(boxKey) as BoxDocument | undefined) ?? emptyBox
