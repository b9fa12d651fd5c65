// Arming and disarming of zones: manually, by the centre, by schedule. A manual setting holds until the schedule next
// changes.
import type { ZoneSettings } from '../../config/alarm-settings.ts'
import { clear } from '../lifecycle/clear.ts'
import { readBox, readDevice, readZone, zoneKey, type ZoneDocument } from '../documents.ts'
import { judgeTamper } from '../judge-event.ts'
import { log, offsetMinOf, setZone, zoneOf, type Judging } from '../judging.ts'
import { noteArming } from './activity.ts'
import { openContacts, reportOpenDoors } from './exit-error.ts'
import { raiseHeld } from './intrusion.ts'
import { bySchedule, isByHand, isWithin } from './schedule.ts'

function judgeTampers(judging: Judging, zone: string): void {
  for (const device of judging.settings.devicesByZone.get(zone) ?? [])
    if (readDevice(judging.memory, device.id)?.tamper) judgeTamper(judging, device, true)
}

export function arm(
  judging: Judging,
  zone: ZoneSettings,
  isArmed: boolean,
  by: string,
  isWithoutClock = false,
): void {
  const before = zoneOf(judging, zone.id)
  const { exitUntilMs: _exit, entry: _entry, trigger: _trigger, isWithoutClock: _safe, ...more } = before
  const { held, ...rest } = more
  const nowMs = judging.now.steadyMs
  const exit: Pick<ZoneDocument, 'exitUntilMs'> =
    isArmed && isByHand(by) && zone.exitDelayS > 0 ? { exitUntilMs: nowMs + zone.exitDelayS * 1000 } : {}
  const safe = isWithoutClock ? { isWithoutClock } : {}
  setZone(judging, zone.id, { ...rest, isArmed, by, sinceMs: nowMs, ...exit, ...safe })
  if (exit.exitUntilMs !== undefined) judging.dues.touch(zoneKey(zone.id), exit.exitUntilMs)
  else if (isArmed) reportOpenDoors(judging, zone.id)
  noteArming(judging, zone, isArmed)
  if (isArmed === before.isArmed) return log(judging, 'arming-kept', { zone: zone.id, isArmed, by })
  if (isArmed) {
    log(judging, 'armed', { zone: zone.id, by, ...safe, open: openContacts(judging, zone.id) })
  } else {
    log(judging, 'disarmed', { zone: zone.id, by })
    for (const { id } of judging.settings.devicesByZone.get(zone.id) ?? []) {
      clear(judging, id, 'intrusion')
      clear(judging, id, 'exit-error')
    }
  }
  judgeTampers(judging, zone.id)
  if (isArmed && !isByHand(by)) raiseHeld(judging, held ?? [])
}

export function takeArm(judging: Judging, input: { zone: string; isArmed: boolean; by: string }): void {
  const zone = judging.settings.zones.get(input.zone)
  if (!zone) return log(judging, 'arm-refused', { zone: input.zone, by: input.by, why: 'no such zone' })
  arm(judging, zone, input.isArmed, input.by)
}

/** If the box never got the time, its schedules take the safer side after this long. */
const clockGraceMs = 120_000
const daysOfWeek = 7

/** True for a schedule that covers every minute of the week: it needs no clock. */
function isAlways(zone: ZoneSettings): boolean {
  return (zone.schedule ?? []).some(
    ({ from, to, days }) => from === to && (days === undefined || new Set(days).size === daysOfWeek),
  )
}

function isScheduled(judging: Judging, zone: ZoneSettings): boolean {
  const { wallMs } = judging.now
  return (zone.schedule ?? []).some((span) => isWithin(span, wallMs, offsetMinOf(judging, wallMs)))
}

/**
 * Without a set clock a schedule is taken to hold: a shop that is armed by day is noticed, a shop that is not armed
 * by night is not. It holds at once if the box's own clock says so, because that clock may be right; otherwise after a
 * while, and what was triggered until then counts. A manual setting stays.
 */
function takeSaferSide(judging: Judging): void {
  const startedMs = readBox(judging.memory).startedMs ?? 0
  const isLong = judging.now.steadyMs - startedMs >= clockGraceMs
  for (const zone of judging.settings.scheduledZones) {
    const { isArmed, by } = zoneOf(judging, zone.id)
    if (isArmed || isByHand(by)) continue
    if (isLong || isAlways(zone) || isScheduled(judging, zone)) arm(judging, zone, true, bySchedule, true)
  }
}

/** Evaluates the schedules. If the clock was never set, they take the safer side after a while. */
export function followSchedules(judging: Judging): void {
  if (judging.now.clock === 'unsynced') return takeSaferSide(judging)
  for (const zone of judging.settings.scheduledZones) {
    const wanted = isScheduled(judging, zone)
    const before = readZone(judging.memory, zone.id)
    if (before?.scheduled === wanted && !before.isWithoutClock && !before.held) continue
    const { isWithoutClock, held, ...rest } = zoneOf(judging, zone.id)
    setZone(judging, zone.id, { ...rest, scheduled: wanted, ...(wanted && held ? { held } : {}) })
    // Outside its schedule a zone without a manual setting keeps its default.
    if (before?.scheduled === undefined && !wanted && !isWithoutClock) continue
    if (rest.isArmed !== wanted) arm(judging, zone, wanted, bySchedule)
  }
}
