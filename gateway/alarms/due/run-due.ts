// Processes changes that time alone causes, one document at a time: silence, ends of shelves, holds, delays,
// bypasses, storms.
import { alarmDueMs, calmMs, pendingSinceMs, untoldMsMax, unconfirmedForMs } from './alarm-due.ts'
import { unhold, unshelve } from '../lifecycle/answer.ts'
import { raiseWaiting } from '../box-facts.ts'
import { endBypass } from '../zones/bypass.ts'
import {
  alarmKey,
  alarmPrefix,
  boxKey,
  devicePrefix,
  pastPrefix,
  readAlarm,
  readBox,
  readDevice,
  readZone,
  zonePrefix,
} from '../documents.ts'
import { judgeActivity } from '../zones/activity.ts'
import { endExitDelay } from '../zones/exit-error.ts'
import { endEntryDelay } from '../zones/intrusion.ts'
import { maintenanceOf, type Judging } from '../judging.ts'
import { raiseUnconfirmed } from '../water/judge-water.ts'
import { stopRule } from '../local-rules.ts'
import { endMaintenance, wholeBox } from '../zones/maintenance.ts'
import { raise } from '../lifecycle/raise.ts'
import { muteHanging, unmute } from '../floods/root-cause.ts'
import { silentDueMs } from './silence-due.ts'
import { releaseStorm, tellStorm } from '../floods/storm.ts'
import { writeAlarm } from '../lifecycle/write-alarm.ts'

function runAlarm(judging: Judging, key: string): void {
  const nowMs = judging.now.steadyMs
  const document = readAlarm(judging.memory, key)
  if (!document || alarmDueMs(document, judging) > nowMs) return
  if (document.alarm.state === 'shelved' && (document.shelvedUntilMs ?? Infinity) <= nowMs)
    return unshelve(judging, document)
  if ((document.heldUntilMs ?? Infinity) <= nowMs) return unhold(judging, document)
  if (document.suppression?.why === 'root-cause') return unmute(judging, document)
  if (document.storm && document.isPresent && (document.releaseMs ?? calmMs(judging)) <= nowMs)
    return releaseStorm(judging, document)
  if (document.isUntold && document.writtenMs + untoldMsMax(document) <= nowMs)
    return document.storm ? tellStorm(judging, document) : writeAlarm(judging, 'updated', document)
}

function runDevice(judging: Judging, id: string): void {
  const { memory, settings, now } = judging
  const device = settings.device(id)
  const document = readDevice(memory, id)
  if (!document || maintenanceOf(judging, device)) return
  const isSilent = silentDueMs(document, device, readBox(memory).startedMs) <= now.steadyMs
  if (isSilent && !readAlarm(memory, device.silentKey)?.isPresent) {
    const variant = device.kind === 'button' ? 'button' : undefined
    raise(judging, device, { kind: 'device-silent', variant, isEdge: true })
    muteHanging(judging, id)
  }
  const isDark =
    document.mainsOffMs !== undefined &&
    now.steadyMs >= document.mainsOffMs + settings.limits.mainsLostAfterS * 1000
  if (isDark && !readAlarm(memory, alarmKey(id, 'mains-lost'))?.isPresent)
    raise(judging, device, { kind: 'mains-lost', isEdge: true, readings: { mains: 'off' } })
  const { water } = document
  if (
    water?.pending &&
    now.steadyMs >= pendingSinceMs(water, document) + unconfirmedForMs(device.reportIntervalMs)
  )
    raiseUnconfirmed(judging, device, water)
}

function runBox(judging: Judging): void {
  const nowMs = judging.now.steadyMs
  const box = readBox(judging.memory)
  for (const [device, { untilMs }] of Object.entries(box.bypasses ?? {}))
    if (untilMs <= nowMs) endBypass(judging, device, 'expired')
  for (const [key, { fact, dueMs }] of Object.entries(box.waiting ?? {}))
    if (dueMs <= nowMs) raiseWaiting(judging, key, fact)
  for (const [rule, { untilMs }] of Object.entries(box.acting ?? {}))
    if (untilMs <= nowMs) stopRule(judging, rule)
  if (box.maintenance && box.maintenance.untilMs <= nowMs) endMaintenance(judging, wholeBox)
}

function runZone(judging: Judging, id: string): void {
  const nowMs = judging.now.steadyMs
  const zone = readZone(judging.memory, id)
  if (zone?.entry && zone.entry.untilMs <= nowMs) endEntryDelay(judging, id)
  if (zone?.exitUntilMs !== undefined && zone.exitUntilMs <= nowMs) endExitDelay(judging, id)
  if (zone?.maintenance && zone.maintenance.untilMs <= nowMs) endMaintenance(judging, id)
  if (zone?.activity?.lookMs !== undefined && zone.activity.lookMs <= nowMs) judgeActivity(judging, id)
}

export function runDue(judging: Judging, key: string): void {
  if (key === boxKey) runBox(judging)
  else if (key.startsWith(alarmPrefix)) runAlarm(judging, key)
  else if (key.startsWith(devicePrefix)) runDevice(judging, key.slice(devicePrefix.length))
  else if (key.startsWith(zonePrefix)) runZone(judging, key.slice(zonePrefix.length))
  else if (key.startsWith(pastPrefix)) judging.memory.set(key, undefined)
}
