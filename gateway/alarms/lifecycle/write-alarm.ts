// The only place where an alarm document changes: it writes the document, the transition and the due time, and calls
// the local rules.
import type { Alarm, AlarmChange } from '../../../protocols/domain/alarm.ts'
import { outranks } from '../../../protocols/domain/colour.ts'
import { alarmText } from '../alarm-text.ts'
import { pastKey, type AlarmDocument } from '../documents.ts'
import { keyOf, offsetMinOf, type Judging } from '../judging.ts'
import { applyRules } from '../local-rules.ts'
import { alarmDueMs } from '../due/alarm-due.ts'

/** Rebuilds the text and place of the alarm after its variant, colour or remark has changed. */
export function withText(judging: Judging, document: AlarmDocument): AlarmDocument {
  const { alarm } = document
  const device = judging.settings.device(alarm.device)
  const utcOffsetMin = offsetMinOf(judging, document.raisedWallMs)
  const text = alarmText({
    kind: alarm.kind,
    variant: alarm.variant,
    device,
    remark: document.remark,
    raisedWallMs: document.raisedWallMs,
    raisedClock: document.raisedClock,
    utcOffsetMin,
    isDrill: alarm.isDrill ?? false,
    isCalledOff: document.calledOffBy !== undefined,
  })
  return { ...document, alarm: { ...alarm, place: { ...device.alarmPlace, utcOffsetMin }, text } }
}

/** Saves the document without a transition. */
export function keepAlarm(judging: Judging, document: AlarmDocument): void {
  const key = keyOf(document.alarm)
  judging.memory.set(key, document)
  judging.dues.touch(key, alarmDueMs(document, judging))
}

/** Saves a change of the alarm itself that is not sent now. */
export function keepUntold(judging: Judging, document: AlarmDocument): void {
  judging.hasUntold = true
  keepAlarm(judging, document)
}

export function writeAlarm(judging: Judging, change: AlarmChange, document: AlarmDocument): void {
  judging.transitions.push({ change, alarm: document.alarm })
  const acting = applyRules(judging, change, document)
  keepAlarm(judging, { ...document, writtenMs: judging.now.steadyMs, isUntold: undefined, acting })
}

/** The alarm ends. Its recent changes are kept for the next alarm of the same kind. */
export function endAlarm(judging: Judging, document: AlarmDocument): void {
  const alarm: Alarm = { ...document.alarm, state: 'normal' }
  const key = keyOf(alarm)
  judging.memory.set(key, undefined)
  judging.keyById.delete(alarm.id)
  const { chatterWindowS } = judging.settings.limits
  const fromMs = judging.now.steadyMs - chatterWindowS * 1000
  const changesMs = document.changesMs.filter((atMs) => atMs > fromMs)
  if (changesMs.length > 0 && alarm.colour !== 'red' && !alarm.isDrill) {
    judging.memory.set(pastKey(key), { changesMs })
    judging.dues.touch(pastKey(key), judging.now.steadyMs + chatterWindowS * 1000)
  }
  judging.transitions.push({ change: 'ended', alarm })
  applyRules(judging, 'ended', document)
}

/** The alarm with `colour` now. The latched highest colour rises with it and falls only by an answer. */
export function coloured(alarm: Alarm, colour: Alarm['colour']): Alarm {
  const latchedColour = outranks(colour, alarm.latchedColour) ? colour : alarm.latchedColour
  return { ...alarm, colour, latchedColour }
}
