// "That was me": a household calls off its own alarm by mistake within some minutes. The alarm stays as red and as loud as it
// is, and is shown with a mark; people at the desk decide.
import { callOffKinds } from '../../../protocols/domain/alarm.ts'
import { alarmPrefix, readAlarm, type AlarmDocument } from '../documents.ts'
import { log, type Judging } from '../judging.ts'
import type { DeviceFacts } from '../resolved-settings.ts'
import { findAlarm } from './answer.ts'
import { withText, writeAlarm } from './write-alarm.ts'

/** Who was forced to call, or calls in secret, may be forced to call off. */
const neverCalledOff = new Set(['duress', 'silent', 'hostile'])

function refusalOf(judging: Judging, { alarm, raisedMs, isPresent }: AlarmDocument): string | undefined {
  if (!callOffKinds.has(alarm.kind)) return 'not an alarm that a household raises'
  if (alarm.variant !== undefined && neverCalledOff.has(alarm.variant)) return 'a call that may be forced'
  if (!isPresent && alarm.state === 'returned-unacknowledged') return 'it has returned'
  if (judging.now.steadyMs - raisedMs > judging.settings.limits.callOffS * 1000) return 'too late'
  return undefined
}

function mark(judging: Judging, document: AlarmDocument, by: string): void {
  const why = refusalOf(judging, document)
  const { alarm } = document
  if (why !== undefined) return log(judging, 'call-off-refused', { alarm: alarm.id, by, why })
  if (document.calledOffBy !== undefined) return
  log(judging, 'called-off', { alarm: alarm.id, by })
  const readings = { ...alarm.readings, calledOff: true }
  writeAlarm(
    judging,
    'updated',
    withText(judging, { ...document, calledOffBy: by, alarm: { ...alarm, readings } }),
  )
}

/** A person at the box, or a program, for the household. */
export function callOff(judging: Judging, input: { alarm: string; by: string }): void {
  const document = findAlarm(judging, input.alarm)
  if (!document) return log(judging, 'call-off-refused', { ...input, why: 'no such alarm' })
  mark(judging, document, input.by)
}

/** The key of the household calls off every active alarm of its zone; without a zone, those of its own device. */
export function callOffFrom(judging: Judging, device: DeviceFacts): void {
  for (const key of judging.memory.keys(alarmPrefix)) {
    const document = readAlarm(judging.memory, key)
    if (!document) continue
    const { alarm } = document
    const isTheirs = device.zone ? alarm.zone === device.zone.id : alarm.device === device.id
    if (isTheirs && callOffKinds.has(alarm.kind)) mark(judging, document, device.id)
  }
}

/** A new press is a new call: no earlier calling-off counts for it. */
export function withoutCallOff(document: AlarmDocument): AlarmDocument {
  const { calledOffBy: _over, ...rest } = document
  const { readings, ...alarm } = rest.alarm
  if (!readings || !('calledOff' in readings)) return rest
  const { calledOff: _too, ...own } = readings
  return { ...rest, alarm: { ...alarm, readings: own } }
}
