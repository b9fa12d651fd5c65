// The one place where an alarm document changes: it writes the document, the transition, the due time, and tells the
// local rules.
import type { Alarm, AlarmChange } from '../../../protocols/domain/alarm.ts'
import { outranks } from '../../../protocols/domain/colour.ts'
import { alarmText } from '../alarm-text.ts'
import { pastKey, type AlarmDocument } from '../documents.ts'
import { keyOf, offsetMinOf, type Judging } from '../judging.ts'
import { applyRules } from '../local-rules.ts'
import { alarmDueMs } from '../due/alarm-due.ts'

/** Puts text and place of the alarm anew, after its variant, colour or remark has changed. */
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
  })
  return { ...document, alarm: { ...alarm, place: { ...device.alarmPlace, utcOffsetMin }, text } }
}

/** Keeps the document without telling anybody. */
export function keepAlarm(judging: Judging, document: AlarmDocument): void {
  const key = keyOf(document.alarm)
  judging.memory.set(key, document)
  judging.dues.touch(key, alarmDueMs(document, judging))
}

export function writeAlarm(judging: Judging, change: AlarmChange, document: AlarmDocument): void {
  judging.transitions.push({ change, alarm: document.alarm })
  const acting = applyRules(judging, change, document)
  keepAlarm(judging, { ...document, writtenMs: judging.now.steadyMs, isUntold: undefined, acting })
}

/** The end of an alarm's life. What it changed lately is remembered for the one that may follow. */
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

/** The alarm with `colour` now; the latch goes up with it and only an answer takes it down. */
export function coloured(alarm: Alarm, colour: Alarm['colour']): Alarm {
  const latchedColour = outranks(colour, alarm.latchedColour) ? colour : alarm.latchedColour
  return { ...alarm, colour, latchedColour }
}
