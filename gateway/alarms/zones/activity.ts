// No movement in a household with `noActivity`: its sensors report none for the configured hours, outside of its quiet
// hours. Only the time of the last movement is kept, and no pattern.
import type { ZoneSettings } from '../../config/alarm-settings.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import { alarmKey, readAlarm, readZone, zoneKey, type DeviceDocument } from '../documents.ts'
import { isBypassed, maintenanceOf, offsetMinOf, setZone, zoneOf, type Judging } from '../judging.ts'
import { clear } from '../lifecycle/clear.ts'
import { raise } from '../lifecycle/raise.ts'
import type { DeviceFacts } from '../resolved-settings.ts'
import { isWithin } from './schedule.ts'

type NoActivity = NonNullable<ZoneSettings['noActivity']>

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** A newer movement is written when the kept one is this old: one row in ten minutes, not one for each step. */
export const keepEachMs = 10 * minuteMs
/** Quiet hours are looked at in steps. */
const stepMs = 5 * minuteMs
/** It is checked again this much later when nothing can be decided now. */
const laterMs = hourMs

/** The sensors of a household that see people: doors, movement, and the buttons in their hands. */
const watching = new Set<DeviceFacts['kind']>(['contact', 'motion', 'button'])

const sensorsOf = (judging: Judging, zone: string): DeviceFacts[] =>
  (judging.settings.devicesByZone.get(zone) ?? []).filter(({ kind }) => watching.has(kind))

/** A heartbeat with the same values as before is no movement. */
function isMovement(before: DeviceDocument | undefined, readings: Readings): boolean {
  const { contact, motion, vibration, button } = readings
  if (motion === true || vibration === true || button !== undefined) return true
  return contact !== undefined && before?.contact !== undefined && contact !== before.contact
}

function begin(judging: Judging, zone: ZoneSettings, { hours }: NoActivity): void {
  const movedMs = judging.now.steadyMs
  const lookMs = movedMs + hours * hourMs
  setZone(judging, zone.id, { ...zoneOf(judging, zone.id), activity: { movedMs, lookMs } })
  judging.dues.touch(zoneKey(zone.id), lookMs)
}

/** A movement in the household; disarming its zone counts as one. */
function moved(judging: Judging, zone: ZoneSettings, noActivity: NoActivity): void {
  for (const { id } of judging.settings.devicesByZone.get(zone.id) ?? []) clear(judging, id, 'no-activity')
  const activity = readZone(judging.memory, zone.id)?.activity
  const isKept = activity?.lookMs !== undefined && judging.now.steadyMs - activity.movedMs < keepEachMs
  if (!isKept) begin(judging, zone, noActivity)
}

export function noteMovement(
  judging: Judging,
  { zone }: DeviceFacts,
  before: DeviceDocument | undefined,
  readings: Readings,
): void {
  if (zone?.noActivity && isMovement(before, readings)) moved(judging, zone, zone.noActivity)
}

/** Armed, everybody is out: nothing is counted until the zone is disarmed. */
export function noteArming(judging: Judging, zone: ZoneSettings, isArmed: boolean): void {
  if (!zone.noActivity) return
  if (!isArmed) return moved(judging, zone, zone.noActivity)
  const { activity, ...rest } = zoneOf(judging, zone.id)
  if (activity) setZone(judging, zone.id, { ...rest, activity: { movedMs: activity.movedMs } })
}

/** A household that is new in the configuration is counted from the start. */
export function beginActivities(judging: Judging): void {
  for (const zone of judging.settings.zones.values())
    if (zone.noActivity && !readZone(judging.memory, zone.id)?.activity) begin(judging, zone, zone.noActivity)
}

const quietMsOf = ({ quiet }: NoActivity): number =>
  quiet === undefined ? 0 : ((quiet.to - quiet.from + 24 * 60) % (24 * 60)) * minuteMs

/** How much longer nothing may move, from now on, in time that is not quiet; and when the quiet that holds now is over. */
function leftOf(
  judging: Judging,
  noActivity: NoActivity,
  movedMs: number,
): { leftMs: number; quietForMs: number } {
  const { steadyMs, wallMs, clock } = judging.now
  // A late report is judged at its own time.
  const neededMs = noActivity.hours * hourMs + keepEachMs
  const passedMs = steadyMs - movedMs
  const { quiet } = noActivity
  if (!quiet) return { leftMs: neededMs - passedMs, quietForMs: 0 }
  const quietMs = quietMsOf(noActivity)
  if (clock === 'unsynced') {
    // The hour is not known: as long as it can take with every quiet span in between.
    const nights = Math.ceil(neededMs / Math.max(hourMs, dayMs - quietMs))
    return { leftMs: neededMs + nights * quietMs - passedMs, quietForMs: 0 }
  }
  const offsetMin = offsetMinOf(judging, wallMs)
  const isQuiet = (atMs: number): boolean => isWithin(quiet, atMs, offsetMin)
  let activeMs = 0
  for (let backMs = 0; backMs < passedMs && activeMs < neededMs; backMs += stepMs)
    if (!isQuiet(wallMs - backMs)) activeMs += Math.min(stepMs, passedMs - backMs)
  let quietForMs = 0
  while (quietForMs < dayMs && isQuiet(wallMs + quietForMs)) quietForMs += stepMs
  return { leftMs: neededMs - activeMs, quietForMs }
}

function lookAt(judging: Judging, zone: string, lookMs: number | undefined): void {
  const document = zoneOf(judging, zone)
  if (!document.activity) return
  const { movedMs } = document.activity
  setZone(judging, zone, {
    ...document,
    activity: { movedMs, ...(lookMs === undefined ? {} : { lookMs }) },
  })
}

/** The time to check it has come. */
export function judgeActivity(judging: Judging, id: string): void {
  const zone = judging.settings.zones.get(id)
  const { activity, isArmed } = zoneOf(judging, id)
  if (!zone?.noActivity || !activity || isArmed) return lookAt(judging, id, undefined)
  const { steadyMs } = judging.now
  const sensors = sensorsOf(judging, id)
  const [first] = sensors.filter((device) => !isBypassed(judging, device.id))
  const isBlind = sensors.every(({ silentKey }) => readAlarm(judging.memory, silentKey)?.isPresent)
  // A silent sensor is an alarm of its own, and a device on test shows nothing about the people who live there.
  if (!first || isBlind || maintenanceOf(judging, first)) return lookAt(judging, id, steadyMs + laterMs)
  const { leftMs, quietForMs } = leftOf(judging, zone.noActivity, activity.movedMs)
  if (leftMs > 0 || quietForMs > 0)
    return lookAt(judging, id, steadyMs + quietForMs + Math.max(leftMs, minuteMs))
  const { hours } = zone.noActivity
  lookAt(judging, id, undefined)
  if (readAlarm(judging.memory, alarmKey(first.id, 'no-activity'))?.isPresent) return
  raise(judging, first, {
    kind: 'no-activity',
    isEdge: true,
    remark: { zh: `已 ${hours} 小时无动静`, en: `No movement for ${hours} hours` },
  })
}
