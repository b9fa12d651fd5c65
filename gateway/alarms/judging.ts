// One call of the engine: its inputs, and its decisions so far.
import type { Alarm, AlarmChange } from '../../protocols/domain/alarm.ts'
import { outranks, type Colour } from '../../protocols/domain/colour.ts'
import { offsetMinAt } from '../../protocols/domain/time-zone.ts'
import {
  alarmKey,
  boxKey,
  readBox,
  readZone,
  type AlarmDocument,
  type BoxDocument,
  type Maintenance,
  type ZoneDocument,
  zoneKey,
} from './documents.ts'
import type { DueQueue } from './due/due-queue.ts'
import type { AlarmMemory, LocalCommand, LogEntry, Now, Transition } from './port.ts'
import type { DeviceFacts, ResolvedSettings } from './resolved-settings.ts'

export interface Judging {
  settings: ResolvedSettings
  memory: AlarmMemory
  now: Now
  dues: DueQueue
  /** Finds an alarm's document by the alarm's id. It is a hint: the document is checked after reading. */
  keyById: Map<string, string>
  transitions: Transition[]
  commands: LocalCommand[]
  logs: LogEntry[]
  flags: string[]
  /** Counts the alarms raised by this input; the count is part of their ids. */
  raised: number
  /** An alarm has changed in a way that is not sent now. */
  hasUntold: boolean
}

/** Minutes between UTC and the village's local time at that moment. */
export function offsetMinOf({ settings }: Pick<Judging, 'settings'>, wallMs: number): number {
  const { utcOffsetMin, timeZone } = settings.limits
  return utcOffsetMin ?? offsetMinAt(timeZone, wallMs)
}

export function log(judging: Judging, what: string, facts: Record<string, unknown>): void {
  judging.logs.push({ what, facts })
}

export function setBox(judging: Judging, box: BoxDocument): void {
  judging.memory.set(boxKey, box)
}

export const defaultZone = (judging: Judging, zone: string): ZoneDocument => ({
  isArmed: judging.settings.zones.get(zone)?.armed ?? false,
  by: 'default',
  sinceMs: 0,
})

export function zoneOf(judging: Judging, zone: string): ZoneDocument {
  return readZone(judging.memory, zone) ?? defaultZone(judging, zone)
}

export function setZone(judging: Judging, zone: string, document: ZoneDocument): void {
  judging.memory.set(zoneKey(zone), document)
}

const holds = (maintenance: Maintenance | undefined, nowMs: number): maintenance is Maintenance =>
  maintenance !== undefined && maintenance.untilMs > nowMs

/** The maintenance a device is in: its zone's, or the whole box's. */
export function maintenanceOf(judging: Judging, device: DeviceFacts): Maintenance | undefined {
  const { memory, now } = judging
  const ofBox = readBox(memory).maintenance
  if (holds(ofBox, now.steadyMs)) return ofBox
  const ofZone = device.zone && readZone(memory, device.zone.id)?.maintenance
  return holds(ofZone, now.steadyMs) ? ofZone : undefined
}

/** True when the whole box is in maintenance, not only a zone. */
export function isBoxInMaintenance({ memory, now }: Judging): boolean {
  return holds(readBox(memory).maintenance, now.steadyMs)
}

export function bypassUntilMs(judging: Judging, device: string): number {
  return readBox(judging.memory).bypasses?.[device]?.untilMs ?? -Infinity
}

export const isBypassed = (judging: Judging, device: string): boolean =>
  bypassUntilMs(judging, device) > judging.now.steadyMs

export const keyOf = (alarm: Alarm): string => alarmKey(alarm.device, alarm.kind, alarm.isDrill ?? false)

/** The most urgent colour among the decisions since `from`. */
export function mostUrgent(transitions: readonly Transition[], from: number): Colour | undefined {
  let most: Colour | undefined
  for (let index = from; index < transitions.length; index++) {
    const alarm = transitions[index]?.alarm
    if (alarm && (most === undefined || outranks(alarm.colour, most))) most = alarm.colour
  }
  return most
}

/** Writes the document and the transition that belongs to it. */
export type Write = (judging: Judging, change: AlarmChange, document: AlarmDocument) => void
