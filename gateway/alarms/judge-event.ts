// Judges one event of a device: updates its document, and each reading raises or clears its alarms.
import type { AlarmKind } from '../../protocols/domain/alarm.ts'
import type { DeviceEvent } from '../../protocols/domain/event.ts'
import type { Readings } from '../../protocols/domain/reading.ts'
import { deviceDueMs } from './due/alarm-due.ts'
import { judgeBlind, noteReadable } from './blind.ts'
import { callOffFrom } from './lifecycle/call-off.ts'
import { clear } from './lifecycle/clear.ts'
import type { DeviceDocument } from './documents.ts'
import { heardAt } from './due/silence-due.ts'
import { endSilence } from './lifecycle/end-silence.ts'
import { isArmed, trip } from './zones/intrusion.ts'
import type { Judging } from './judging.ts'
import { judgeWater } from './water/judge-water.ts'
import { noteMovement } from './zones/activity.ts'
import { noteHeard } from './zones/maintenance.ts'
import { raise } from './lifecycle/raise.ts'
import type { DeviceFacts } from './resolved-settings.ts'
import { takeWaterSample } from './water/water-sample.ts'
import type { WaterVerdict } from './water/water-track.ts'

/** Readings that are true while the danger lasts, with the kind of each. */
const dangers = ['fire', 'smoke', 'gas', 'leak'] as const satisfies readonly AlarmKind[]
/** The kind of each reading whose name differs from the kind. */
const dangerReadings = { 'carbon-monoxide': 'carbonMonoxide' } as const
const flags = [...dangers, 'motion', 'tamper', 'carbonMonoxide'] as const

const motionAgainMs = 60_000

/** A battery value outside 0 to 100 %, such as 8700 or -1, is ignored. */
const isPercent = (value: number): boolean => value >= 0 && value <= 100

interface DeviceUpdate {
  document: DeviceDocument
  verdict: WaterVerdict | undefined
}

/** The device's document after this event, made only of its own inputs and limits. */
function carryOn(
  before: DeviceDocument | undefined,
  { readings, deviceAtMs }: DeviceEvent,
  device: DeviceFacts,
  judging: Judging,
): DeviceUpdate {
  const nowMs = judging.now.steadyMs
  const document: DeviceDocument = { ...before, ...heardAt(before, device, nowMs) }
  if (document.offlineMs !== undefined) delete document.offlineMs
  if (document.hintMs !== undefined) delete document.hintMs
  if (readings.contact !== undefined) document.contact = readings.contact
  for (const flag of flags) {
    const value = readings[flag]
    if (typeof value === 'boolean') document[flag] = value
  }
  if (readings.motion === true) document.motionMs = nowMs
  if (readings.mains === 'on' && document.mainsOffMs !== undefined) delete document.mainsOffMs
  if (readings.mains === 'off') document.mainsOffMs = before?.mainsOffMs ?? nowMs
  const { batteryPercent, signalDbm, waterLevelMm } = readings
  if (typeof signalDbm === 'number') document.signalDbm = signalDbm
  if (batteryPercent !== undefined && isPercent(batteryPercent)) {
    document.batteryPercent = batteryPercent
    const { batteryLowPercent, batteryOkPercent } = judging.settings.limits
    document.isBatteryLow =
      batteryPercent <= batteryLowPercent ||
      (before?.isBatteryLow === true && batteryPercent < batteryOkPercent)
  } else if (typeof readings.batteryLow === 'boolean') document.isBatteryLow = readings.batteryLow
  if (waterLevelMm === undefined) return { document, verdict: undefined }
  const reading = { levelMm: waterLevelMm, deviceAtMs }
  const taken = takeWaterSample(before?.water, reading, judging.now, device.water, device.reportIntervalMs)
  document.water = taken.track
  return { document, verdict: taken.verdict }
}

function judgeButton(judging: Judging, device: DeviceFacts, readings: Readings): void {
  const { button } = readings
  if (button === undefined) return
  if (button === 'cancel') return callOffFrom(judging, device)
  const emergency = device.settings?.emergency ?? 'general'
  if (button === 'assist' || (emergency === 'assist' && button !== 'duress'))
    return raise(judging, device, { kind: 'assist', isEdge: true, readings })
  const isPlain = button === 'duress' || emergency === 'general' || emergency === 'assist'
  const variant = isPlain ? button : emergency
  raise(judging, device, { kind: 'sos', variant, isEdge: true, readings })
}

/** Where no end is reported, the state before proves nothing: without this a second fire would count as the first. */
const isEdge = (hasChanged: boolean, readings: Readings): boolean =>
  hasChanged || readings.isNewAlarm === true

function judgeDangers(
  judging: Judging,
  device: DeviceFacts,
  before: DeviceDocument | undefined,
  readings: Readings,
): void {
  for (const kind of dangers) {
    const value = readings[kind]
    if (value === true)
      raise(judging, device, { kind, isEdge: isEdge(before?.[kind] !== true, readings), readings })
    else if (value === false) clear(judging, device.id, kind)
  }
  for (const [kind, name] of Object.entries(dangerReadings) as [AlarmKind, 'carbonMonoxide'][]) {
    const value = readings[name]
    if (value === true)
      raise(judging, device, { kind, isEdge: isEdge(before?.[name] !== true, readings), readings })
    else if (value === false) clear(judging, device.id, kind)
  }
}

/** An empty list of faults ends the alarm; a missing list changes nothing. */
function judgeFaults(judging: Judging, device: DeviceFacts, readings: Readings): void {
  const { faults } = readings
  if (!Array.isArray(faults)) return
  if (faults.length === 0) return clear(judging, device.id, 'device-fault')
  const words = faults.map(String).join(', ').slice(0, 120)
  raise(judging, device, {
    kind: 'device-fault',
    variant: device.kind === 'button' ? 'button' : undefined,
    isEdge: false,
    isLevel: true,
    remark: { zh: `故障：${words}`, en: `Fault: ${words}` },
    readings,
  })
}

function judgeGuards(
  judging: Judging,
  device: DeviceFacts,
  before: DeviceDocument | undefined,
  readings: Readings,
): void {
  const { contact, motion } = readings
  if (contact === 'open') trip(judging, device, readings, isEdge(before?.contact !== 'open', readings))
  if (motion === true) {
    // Many motion sensors never report the end of motion: after a while the next report counts as new motion.
    const quietMs = judging.now.steadyMs - (before?.motionMs ?? -Infinity)
    trip(judging, device, readings, before?.motion !== true || quietMs >= motionAgainMs)
  }
  if (contact === 'closed') clear(judging, device.id, 'exit-error')
  const isQuiet = (contact ?? before?.contact) !== 'open' && (motion ?? before?.motion) !== true
  if ((contact === 'closed' || motion === false) && isQuiet) clear(judging, device.id, 'intrusion')
}

/** Orange while armed, else yellow; also evaluated when the arming of the zone changes. */
export function judgeTamper(
  judging: Judging,
  device: DeviceFacts,
  isTampered: boolean,
  readings?: Readings,
): void {
  if (!isTampered) return clear(judging, device.id, 'tamper')
  raise(judging, device, {
    kind: 'tamper',
    variant: isArmed(judging, device) ? 'armed' : undefined,
    isEdge: false,
    isLevel: true,
    ...(readings ? { readings } : {}),
  })
}

function judgeBattery(judging: Judging, device: DeviceFacts, isLow: boolean, readings: Readings): void {
  if (!isLow) return clear(judging, device.id, 'device-battery-low')
  const variant = device.kind === 'button' ? 'button' : undefined
  raise(judging, device, { kind: 'device-battery-low', variant, isEdge: false, isLevel: true, readings })
}

export function judgeEvent(
  judging: Judging,
  event: DeviceEvent,
  device: DeviceFacts,
  canRemember: boolean,
): void {
  const { readings } = event
  const before = judging.memory.get(device.key) as DeviceDocument | undefined
  const { document, verdict } = carryOn(before, event, device, judging)
  const reading = device.isRegistered
    ? noteReadable(document, before, device, event, judging.now.steadyMs)
    : undefined
  if (before || canRemember) judging.memory.set(device.key, document)
  noteHeard(judging, device)
  noteMovement(judging, device, before, readings)
  judgeButton(judging, device, readings)
  if (reading) judgeBlind(judging, device, document, event, reading)
  judgeDangers(judging, device, before, readings)
  judgeGuards(judging, device, before, readings)
  judgeFaults(judging, device, readings)
  if (readings.tamper !== undefined) judgeTamper(judging, device, readings.tamper, readings)
  if (readings.mains === 'on') clear(judging, device.id, 'mains-lost')
  if (verdict && document.water) judgeWater(judging, device, document.water, verdict, readings)
  const { batteryPercent } = readings
  if (batteryPercent !== undefined && !isPercent(batteryPercent)) judging.flags.push('battery-out-of-range')
  else if (
    document.isBatteryLow !== undefined &&
    (batteryPercent !== undefined || readings.batteryLow !== undefined) &&
    before?.isBatteryLow !== document.isBatteryLow
  )
    judgeBattery(judging, device, document.isBatteryLow, readings)
  endSilence(judging, device)
  judging.dues.touch(device.key, deviceDueMs(judging, device, document))
}

/** Its connection opened or closed. A device that never sent anything stays unknown and does not become silent. */
export function judgePresence(judging: Judging, id: string, isOnline: boolean): void {
  const device = judging.settings.device(id)
  const before = judging.memory.get(device.key) as DeviceDocument | undefined
  if (!before && (!isOnline || !device.isRegistered)) return
  const nowMs = judging.now.steadyMs
  const { offlineMs, ...rest } = before ?? { heardMs: nowMs }
  const document: DeviceDocument = isOnline
    ? { ...rest, ...heardAt(before, device, nowMs) }
    : { ...rest, offlineMs: offlineMs ?? nowMs }
  judging.memory.set(device.key, document)
  if (isOnline) endSilence(judging, device)
  judging.dues.touch(device.key, deviceDueMs(judging, device, document))
}

/** A bridge's report about a listed device proves nothing: "offline" shortens the wait for its next report, "online" ends no silence. */
export function takeHint(judging: Judging, id: string, isOnline: boolean): void {
  const device = judging.settings.device(id)
  const before = judging.memory.get(device.key) as DeviceDocument | undefined
  if (!before || !device.isRegistered) return
  const { hintMs, ...rest } = before
  const document: DeviceDocument = isOnline ? rest : { ...rest, hintMs: hintMs ?? judging.now.steadyMs }
  judging.memory.set(device.key, document)
  judging.dues.touch(device.key, deviceDueMs(judging, device, document))
}
