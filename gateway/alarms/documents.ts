// The engine's memory: the shape and the key of every document. A document is replaced, never changed in place.
import type { Alarm, AlarmKind, BilingualText } from '../../protocols/domain/alarm.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { ClockQuality } from '../../protocols/domain/event.ts'
import type { Readings } from '../../protocols/domain/reading.ts'
import { devicePrefix, type AlarmMemory, type BoxFact, type DeviceVitals } from './port.ts'
import type { WaterTrack } from './water/water-track.ts'

export { devicePrefix } from './port.ts'

export const boxKey = 'box'
export const alarmPrefix = 'alarm:'
export const zonePrefix = 'zone:'
/** Recent changes of an alarm that has ended, so that chattering is detected when it is raised again. */
export const pastPrefix = 'past:'

export const deviceKey = (device: string): string => devicePrefix + device
export const zoneKey = (zone: string): string => zonePrefix + zone
/** A drill has a separate row, so that a drill and a real alarm can not hide or end each other. */
export const alarmKey = (device: string, kind: AlarmKind, isDrill = false): string =>
  `${alarmPrefix}${device}/${kind}${isDrill ? '/drill' : ''}`
export const pastKey = (alarm: string): string => pastPrefix + alarm.slice(alarmPrefix.length)

/** Why the alarm is suppressed by design. */
export type Suppression = { why: 'storm' } | { why: 'root-cause'; cause: string }

export interface AlarmDocument {
  alarm: Alarm
  /** The condition holds now, independent of what people did about the alarm. */
  isPresent: boolean
  /** Steady time of the raise; the wall time beside it is for the text. */
  raisedMs: number
  raisedWallMs: number
  raisedClock: ClockQuality
  /** Steady time of the last transition that was written. */
  writtenMs: number
  /** Steady times of its latest raises and returns (colours below red only), oldest first. */
  changesMs: number[]
  /** Chattering: the state is held until nothing has changed for one window. */
  heldUntilMs?: number
  /** Shelved until. */
  shelvedUntilMs?: number
  shelvedBy?: string
  suppression?: Suppression
  /** Muted until then although its root cause has gone, so that the device has time to report. */
  unmuteMs?: number
  /** Remarks for the text, such as the level or the id of the silent hub. */
  remark?: BilingualText
  /** The person of the household who called it a mistake. */
  calledOffBy?: string
  /** The local rules that act for this alarm, each with the time limit of that run. */
  acting?: Record<string, number> | undefined
  /** Repeats of a red that may still be sent one by one, as of a steady time. */
  repeats?: { left: number; atMs: number }
  /** A change that is not yet in any transition. */
  isUntold?: boolean | undefined
  /** For a storm: how many alarms of each kind it holds. */
  storm?: Partial<Record<AlarmKind, number>>
  /** For a storm that has ended: when to check the alarms that are still active in it. */
  releaseMs?: number
}

export interface PastDocument {
  changesMs: number[]
}

/** The longest gap of the time that is running, and of the one before it. */
export interface ReportIntervals {
  sinceMs: number
  longestMs: number
  count: number
  beforeMs?: number
}

/** The state of one device. It depends only on that device's own inputs. */
export interface DeviceDocument extends DeviceVitals {
  heardMs: number
  /** How late its reports usually are: sleep timers run slow. */
  lateMs?: number
  /** Since when its connection is lost. */
  offlineMs?: number
  /** Since when its bridge reports it offline. */
  hintMs?: number
  /** How often it sends by itself. */
  rhythm?: ReportIntervals
  contact?: Readings['contact']
  motion?: boolean
  /** Steady time at which it last reported motion. */
  motionMs?: number
  fire?: boolean
  smoke?: boolean
  gas?: boolean
  leak?: boolean
  tamper?: boolean
  carbonMonoxide?: boolean
  isBatteryLow?: boolean
  mainsOffMs?: number
  /** Messages in a row without the readings for which this kind of device exists. */
  unreadable?: number
  /** Messages in a row without any of those readings, readable or not. */
  withoutLevel?: number
  /** When it was last readable. If it never was, the time of its first message, and `isReadableOnce` is missing. */
  readableMs?: number
  isReadableOnce?: boolean
  water?: WaterTrack
}

export interface Maintenance {
  untilMs: number
  sinceMs: number
  by: string
  /** Devices that sent since the walk test began. */
  heard: string[]
}

export interface EntryDelay {
  device: string
  untilMs: number
  /** Other sensors of the zone that were triggered in the meantime, with their times. */
  others: { device: string; atMs: number }[]
  readings: Readings
}

export interface ZoneDocument {
  isArmed: boolean
  by: string
  sinceMs: number
  /** Signals are ignored until then. */
  exitUntilMs?: number
  /** The state that the schedule gave last. A manual setting holds until the schedule gives another state. */
  scheduled?: boolean
  /** Armed because the clock is not set: the schedule then takes its safer side. */
  isWithoutClock?: boolean
  /** Sensors triggered while it was not known whether the schedule holds: they count if it turns out that it did. */
  held?: { device: string; readings: Readings }[]
  entry?: EntryDelay
  /** The latest intrusion, waiting for a second sensor to confirm it. */
  trigger?: { device: string; atMs: number }
  maintenance?: Maintenance
  /** Of a household with `noActivity`: time of the last movement, and when to check again. */
  activity?: { movedMs: number; lookMs?: number }
}

export interface ActingRule {
  /** Time limit of the run; it also identifies this run of the rule. */
  untilMs: number
  /** Number of alarms for which the rule acts. */
  alarms: number
}

export interface BoxDocument {
  /** Steady time of the latest start: silence counts from there at the earliest. */
  startedMs?: number
  bypasses?: Record<string, { untilMs: number; by: string }>
  maintenance?: Maintenance
  /** Alarms below red that people received lately. */
  lines?: { atMs: number; kind: AlarmKind; colour: Colour }[]
  /** Times of the storm's latest alarms, at most five: they decide when the storm ends. */
  stormMs?: number[]
  /** Facts of the box that wait for their delay. */
  waiting?: Record<string, { fact: BoxFact; dueMs: number }>
  acting?: Record<string, ActingRule>
}

export const readAlarm = (memory: AlarmMemory, key: string): AlarmDocument | undefined =>
  memory.get(key) as AlarmDocument | undefined
export const readDevice = (memory: AlarmMemory, device: string): DeviceDocument | undefined =>
  memory.get(deviceKey(device)) as DeviceDocument | undefined
export const readZone = (memory: AlarmMemory, zone: string): ZoneDocument | undefined =>
  memory.get(zoneKey(zone)) as ZoneDocument | undefined
/** Alarms that are active at this moment, drills too. */
export const activeAlarms = (memory: AlarmMemory): AlarmDocument[] =>
  [...memory.keys(alarmPrefix)].flatMap((key) => readAlarm(memory, key) ?? [])
const emptyBox: BoxDocument = Object.freeze({})
export const readBox = (memory: AlarmMemory): BoxDocument =>
  (memory.get(boxKey) as BoxDocument | undefined) ?? emptyBox
