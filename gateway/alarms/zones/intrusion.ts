// A contact or motion in an armed zone: exit delay, entry delay, perimeter, and confirmation by a second sensor.
import type { Readings } from '../../../protocols/domain/reading.ts'
import { escalateToConfirmed } from '../lifecycle/answer.ts'
import { alarmKey, readAlarm, type ZoneDocument } from '../documents.ts'
import { isBypassed, log, maintenanceOf, setZone, zoneOf, type Judging } from '../judging.ts'
import type { DeviceFacts } from '../resolved-settings.ts'
import { raise } from '../lifecycle/raise.ts'
import { zoneKey } from '../documents.ts'
import { isByHand } from './schedule.ts'

/** Sensors kept during one entry delay, or while the schedule is not known; one is enough to confirm. */
const othersMax = 8

export function isArmed(judging: Judging, device: DeviceFacts): boolean {
  return device.zone !== undefined && zoneOf(judging, device.zone.id).isArmed
}

function raiseIntrusion(judging: Judging, device: DeviceFacts, readings: Readings, variant?: string): void {
  const zone = device.zone
  if (!zone) return
  const document = zoneOf(judging, zone.id)
  const nowMs = judging.now.steadyMs
  const { trigger } = document
  const isSecond =
    trigger !== undefined &&
    trigger.device !== device.id &&
    nowMs - trigger.atMs <= judging.settings.limits.confirmWithinS * 1000
  setZone(judging, zone.id, { ...document, trigger: { device: device.id, atMs: nowMs } })
  const first = isSecond ? readAlarm(judging.memory, alarmKey(trigger.device, 'intrusion')) : undefined
  const own = device.settings?.isPerimeter ? 'perimeter' : variant
  raise(judging, device, {
    kind: 'intrusion',
    variant: isSecond && !first ? 'confirmed' : own,
    isEdge: true,
    readings,
  })
  if (first && first.alarm.colour !== 'red') escalateToConfirmed(judging, first)
}

/** A sensor of the zone was triggered. `isEdge` false: it repeats its last state. */
export function trip(judging: Judging, device: DeviceFacts, readings: Readings, isEdge: boolean): void {
  const { zone } = device
  if (!zone) return
  const condition = { kind: 'intrusion', isEdge, readings } as const
  if (maintenanceOf(judging, device)) return raise(judging, device, condition)
  const document = zoneOf(judging, zone.id)
  const nowMs = judging.now.steadyMs
  if (!document.isArmed && isEdge) hold(judging, device, readings)
  if (!document.isArmed || (document.exitUntilMs ?? -Infinity) > nowMs) return
  if (!isEdge) {
    // A contact that was open before arming is no intrusion; while its alarm stands, repeats are counted.
    if (readAlarm(judging.memory, alarmKey(device.id, 'intrusion'))?.isPresent)
      raise(judging, device, condition)
    return
  }
  if (isBypassed(judging, device.id)) return raise(judging, device, condition)
  const { entry } = document
  if (entry && !device.settings?.isPerimeter) {
    if (entry.device !== device.id && entry.others.length < othersMax)
      setZone(judging, zone.id, {
        ...document,
        entry: { ...entry, others: [...entry.others, { device: device.id, atMs: nowMs }] },
      })
    return
  }
  if (device.settings?.isEntry && zone.entryDelayS > 0) {
    const untilMs = nowMs + zone.entryDelayS * 1000
    setZone(judging, zone.id, { ...document, entry: { device: device.id, untilMs, others: [], readings } })
    judging.dues.touch(zoneKey(zone.id), untilMs)
    return log(judging, 'entry-delay-began', { zone: zone.id, device: device.id, seconds: zone.entryDelayS })
  }
  raiseIntrusion(judging, device, readings)
}

/** Without the time it is not known whether the schedule arms the zone: what is triggered waits until it is. */
function hold(judging: Judging, device: DeviceFacts, readings: Readings): void {
  const { zone } = device
  if (judging.now.clock !== 'unsynced' || !zone?.schedule || isBypassed(judging, device.id)) return
  const document = zoneOf(judging, zone.id)
  const held = document.held ?? []
  if (isByHand(document.by) || held.length >= othersMax || held.some((one) => one.device === device.id))
    return
  setZone(judging, zone.id, { ...document, held: [...held, { device: device.id, readings }] })
}

/** The schedule holds, and held while these were triggered. */
export function raiseHeld(judging: Judging, held: NonNullable<ZoneDocument['held']>): void {
  for (const { device, readings } of held) raiseIntrusion(judging, judging.settings.device(device), readings)
}

/**
 * The entry delay ended without disarming: the alarm of the door is raised, and any other triggered sensor confirms
 * it.
 */
export function endEntryDelay(judging: Judging, zone: string): void {
  const { entry, ...document } = zoneOf(judging, zone)
  if (!entry) return
  setZone(judging, zone, document)
  if (!document.isArmed) return
  const device = judging.settings.device(entry.device)
  raiseIntrusion(judging, device, entry.readings, 'entry')
  const other = entry.others[0]
  const first = other && readAlarm(judging.memory, alarmKey(entry.device, 'intrusion'))
  if (first && first.alarm.colour !== 'red') escalateToConfirmed(judging, first)
}
