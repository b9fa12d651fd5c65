// Arming and disarming of zones by hand, by the centre and by schedule. A hand holds until the schedule next changes.
import type { ZoneSettings } from '../../config/alarm-settings.ts'
import { clear } from '../lifecycle/clear.ts'
import { readDevice, readZone } from '../documents.ts'
import { judgeTamper } from '../judge-event.ts'
import { log, setZone, zoneOf, type Judging } from '../judging.ts'
import { isWithin } from './schedule.ts'

export const bySchedule = 'schedule'

/** Contacts that stand open now: they count again once they have closed. */
function openContacts(judging: Judging, zone: string): string[] {
  const devices = judging.settings.devicesByZone.get(zone) ?? []
  return devices.filter(({ id }) => readDevice(judging.memory, id)?.contact === 'open').map(({ id }) => id)
}

function judgeTampers(judging: Judging, zone: string): void {
  for (const device of judging.settings.devicesByZone.get(zone) ?? [])
    if (readDevice(judging.memory, device.id)?.tamper) judgeTamper(judging, device, true)
}

export function arm(judging: Judging, zone: ZoneSettings, isArmed: boolean, by: string): void {
  const before = zoneOf(judging, zone.id)
  const { exitUntilMs: _exit, entry: _entry, trigger: _trigger, ...rest } = before
  const nowMs = judging.now.steadyMs
  const isByHand = by !== bySchedule
  const exit =
    isArmed && isByHand && zone.exitDelayS > 0 ? { exitUntilMs: nowMs + zone.exitDelayS * 1000 } : {}
  setZone(judging, zone.id, { ...rest, isArmed, by, sinceMs: nowMs, ...exit })
  if (isArmed === before.isArmed) return log(judging, 'arming-kept', { zone: zone.id, isArmed, by })
  if (isArmed) {
    log(judging, 'armed', { zone: zone.id, by, open: openContacts(judging, zone.id) })
  } else {
    log(judging, 'disarmed', { zone: zone.id, by })
    for (const { id } of judging.settings.devicesByZone.get(zone.id) ?? []) clear(judging, id, 'intrusion')
  }
  judgeTampers(judging, zone.id)
}

export function takeArm(judging: Judging, input: { zone: string; isArmed: boolean; by: string }): void {
  const zone = judging.settings.zones.get(input.zone)
  if (!zone) return log(judging, 'arm-refused', { zone: input.zone, by: input.by, why: 'no such zone' })
  arm(judging, zone, input.isArmed, input.by)
}

/** Looks at the schedules. A clock that was never set changes nothing: the arming stays as it is. */
export function followSchedules(judging: Judging): void {
  const { wallMs, clock } = judging.now
  if (clock === 'unsynced') return
  for (const zone of judging.settings.scheduledZones) {
    const wanted = (zone.schedule ?? []).some((span) =>
      isWithin(span, wallMs, judging.settings.limits.utcOffsetMin),
    )
    const before = readZone(judging.memory, zone.id)
    if (before?.scheduled === wanted) continue
    setZone(judging, zone.id, { ...zoneOf(judging, zone.id), scheduled: wanted })
    // Outside its schedule a zone that nobody touched keeps its default.
    if (before?.scheduled === undefined && !wanted) continue
    if (zoneOf(judging, zone.id).isArmed !== wanted) arm(judging, zone, wanted, bySchedule)
  }
}
