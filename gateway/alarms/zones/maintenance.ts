// Maintenance and the walk test: alarms that are raised during it are drills, in separate rows that end with it.
import {
  deviceKey,
  alarmPrefix,
  boxKey,
  readAlarm,
  readBox,
  zoneKey,
  type Maintenance,
} from '../documents.ts'
import { isBoxInMaintenance, log, maintenanceOf, setBox, setZone, zoneOf, type Judging } from '../judging.ts'
import type { DeviceFacts } from '../resolved-settings.ts'
import { endAlarm } from '../lifecycle/write-alarm.ts'
import { dueMsOf } from '../due/alarm-due.ts'

/** Used instead of a zone id: the whole box. */
export const wholeBox = 'box'
/** Most devices recorded in one walk test. */
const heardMax = 5000

function read(judging: Judging, place: string): Maintenance | undefined {
  return place === wholeBox ? readBox(judging.memory).maintenance : zoneOf(judging, place).maintenance
}

function write(judging: Judging, place: string, maintenance: Maintenance | undefined): void {
  const next = maintenance ? { maintenance } : {}
  if (place === wholeBox) {
    const { maintenance: _before, ...box } = readBox(judging.memory)
    setBox(judging, { ...box, ...next })
  } else {
    const { maintenance: _before, ...zone } = zoneOf(judging, place)
    setZone(judging, place, { ...zone, ...next })
  }
}

const devicesIn = (judging: Judging, place: string): Iterable<DeviceFacts> =>
  place === wholeBox ? judging.settings.devices.values() : (judging.settings.devicesByZone.get(place) ?? [])

/** Records the time of each device's first message in a walk test. */
export function noteHeard(judging: Judging, device: DeviceFacts): void {
  const maintenance = maintenanceOf(judging, device)
  if (!maintenance || maintenance.heard.includes(device.id) || maintenance.heard.length >= heardMax) return
  const place = isBoxInMaintenance(judging) ? wholeBox : device.zone?.id
  if (place === undefined) return
  write(judging, place, { ...maintenance, heard: [...maintenance.heard, device.id] })
  const afterMs = judging.now.steadyMs - maintenance.sinceMs
  log(judging, 'walk-test-heard', { place, device: device.id, afterMs })
}

export function endMaintenance(judging: Judging, place: string): void {
  const maintenance = read(judging, place)
  if (!maintenance) return
  write(judging, place, undefined)
  const heard = new Set(maintenance.heard)
  const unheard: string[] = []
  for (const device of devicesIn(judging, place)) {
    if (!heard.has(device.id)) unheard.push(device.id)
    judging.dues.touch(deviceKey(device.id), dueMsOf(deviceKey(device.id), judging))
  }
  log(judging, 'maintenance-ended', { place, by: maintenance.by, heard: maintenance.heard, unheard })
  for (const key of judging.memory.keys(alarmPrefix)) {
    const document = readAlarm(judging.memory, key)
    if (document?.alarm.isDrill && !maintenanceOf(judging, judging.settings.device(document.alarm.device)))
      endAlarm(judging, document)
  }
}

export function takeMaintenance(judging: Judging, place: string, forMs: number, by: string): void {
  if (place !== wholeBox && !judging.settings.zones.has(place))
    return log(judging, 'maintenance-refused', { place, by, why: 'no such zone' })
  if (forMs <= 0) return endMaintenance(judging, place)
  const sinceMs = judging.now.steadyMs
  const untilMs = sinceMs + Math.min(forMs, judging.settings.limits.maintenanceSMax * 1000)
  write(judging, place, { sinceMs, untilMs, by, heard: [] })
  judging.dues.touch(place === wholeBox ? boxKey : zoneKey(place), untilMs)
  log(judging, 'maintenance-began', { place, by, forMs: untilMs - sinceMs })
}
