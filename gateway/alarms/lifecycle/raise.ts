// A condition holds: it raises an alarm, repeats it, or changes its colour, after ISA-18.2. Red passes every filter.
import type { Alarm, AlarmState } from '../../../protocols/domain/alarm.ts'
import { outranks, type Colour } from '../../../protocols/domain/colour.ts'
import { untoldMsMax } from '../due/alarm-due.ts'
import { noteChange, takeRepeat } from '../floods/chatter.ts'
import { colourOf, type Condition } from '../condition.ts'
import {
  alarmKey,
  pastKey,
  readAlarm,
  type AlarmDocument,
  type PastDocument,
  type Suppression,
} from '../documents.ts'
import { isBypassed, maintenanceOf, type Judging } from '../judging.ts'
import type { DeviceFacts } from '../resolved-settings.ts'
import { findRootCause, rootCauseRemark } from '../floods/root-cause.ts'
import { admitLine, joinStorm } from '../floods/storm.ts'
import { withoutCallOff } from './call-off.ts'
import { coloured, keepUntold, withText, writeAlarm } from './write-alarm.ts'

interface Start {
  state: AlarmState
  change: 'raised' | 'suppressed' | 'out-of-service'
  suppression?: Suppression
}

/** The first state of a new alarm. */
function startOf(
  judging: Judging,
  device: DeviceFacts,
  kind: Alarm['kind'],
  colour: Colour,
  isDrill: boolean,
): Start {
  if (colour === 'red' || isDrill || kind === 'storm' || kind === 'assist')
    return { state: 'unacknowledged', change: 'raised' }
  if (isBypassed(judging, device.id)) return { state: 'out-of-service', change: 'out-of-service' }
  const cause = findRootCause(judging, device, kind)
  if (cause !== undefined)
    return { state: 'suppressed', change: 'suppressed', suppression: { why: 'root-cause', cause } }
  if (!admitLine(judging, kind, colour))
    return { state: 'suppressed', change: 'suppressed', suppression: { why: 'storm' } }
  return { state: 'unacknowledged', change: 'raised' }
}

function raiseNew(judging: Judging, device: DeviceFacts, condition: Condition, isDrill: boolean): void {
  const { now, memory } = judging
  const { kind, variant, readings } = condition
  const colour = colourOf(condition, device, judging.settings)
  const start = startOf(judging, device, kind, colour, isDrill)
  const { suppression } = start
  const remark =
    suppression?.why === 'root-cause' ? rootCauseRemark(judging, suppression.cause) : condition.remark
  const count = judging.raised++
  const key = alarmKey(device.id, kind, isDrill)
  const past = memory.get(pastKey(key)) as PastDocument | undefined
  const alarm: Alarm = {
    id: count === 0 ? now.inputId : `${now.inputId}-${count}`,
    device: device.id,
    kind,
    ...(variant === undefined ? {} : { variant }),
    colour,
    latchedColour: colour,
    state: start.state,
    occurrences: 1,
    ...(device.zone ? { zone: device.zone.id } : {}),
    text: { zh: '', en: '' },
    ...(readings ? { readings } : {}),
    ...(isDrill ? { isDrill } : {}),
  }
  const document: AlarmDocument = {
    alarm,
    isPresent: true,
    raisedMs: now.steadyMs,
    raisedWallMs: now.wallMs,
    raisedClock: now.clock,
    writtenMs: now.steadyMs,
    changesMs: past?.changesMs ?? [],
    ...(start.suppression ? { suppression: start.suppression } : {}),
    ...(remark ? { remark } : {}),
  }
  if (past) memory.set(pastKey(key), undefined)
  judging.keyById.set(alarm.id, key)
  writeAlarm(judging, start.change, withText(judging, noteChange(judging, document)))
  if (start.suppression?.why === 'storm') joinStorm(judging, alarm)
}

/**
 * The state after the colour has risen: a new answer is needed, except while a person or the design suppresses the
 * alarm.
 */
function stateAfterRise(document: AlarmDocument, colour: Colour): AlarmState {
  const { state } = document.alarm
  const isHeldBack = state === 'suppressed' || state === 'out-of-service'
  return isHeldBack && colour !== 'red' ? state : 'unacknowledged'
}

function escalate(judging: Judging, document: AlarmDocument, alarm: Alarm): void {
  const state = stateAfterRise(document, alarm.colour)
  const { shelvedUntilMs: _over, suppression, heldUntilMs: _free, ...rest } = document
  const held = state === 'suppressed' && suppression ? { suppression } : {}
  const next: AlarmDocument = { ...rest, ...held, isPresent: true, alarm: { ...alarm, state } }
  writeAlarm(judging, 'escalated', withText(judging, next))
  if (held.suppression?.why === 'storm') joinStorm(judging, next.alarm, true)
}

/**
 * The same colour again: it is counted. A new answer is needed if the condition had gone or begins anew after an
 * answer.
 */
function repeat(judging: Judging, before: AlarmDocument, next: AlarmDocument, isEdge: boolean): void {
  const { state, colour } = before.alarm
  const isRed = colour === 'red'
  const hasGone = !before.isPresent
  const noted = hasGone ? noteChange(judging, next) : next
  const isHeld = noted.heldUntilMs !== undefined && !isRed
  const asksAnew =
    state === 'returned-unacknowledged' || (state === 'acknowledged' && (hasGone || isEdge) && !isHeld)
  if (state === 'acknowledged' && !asksAnew && !isHeld) return
  const document: AlarmDocument = {
    ...noted,
    alarm: {
      ...noted.alarm,
      occurrences: noted.alarm.occurrences + 1,
      state: asksAnew ? 'unacknowledged' : state,
    },
  }
  const isSoon = judging.now.steadyMs - document.writtenMs < untoldMsMax(document)
  const repeats = isRed ? takeRepeat(judging, document) : undefined
  const isThinned = !asksAnew && isSoon && (isRed ? !repeats : isHeld || !isEdge)
  if (isThinned) keepUntold(judging, { ...document, isUntold: true })
  else writeAlarm(judging, 'repeated', repeats ? { ...document, repeats } : document)
}

/** A level changed: a lower colour, another stage, or back again after it had gone. */
function moveLevel(
  judging: Judging,
  before: AlarmDocument,
  next: AlarmDocument,
  colour: Colour,
  isNews: boolean,
): void {
  const { alarm } = next
  if (outranks(alarm.colour, colour)) {
    const latchedColour = alarm.state === 'acknowledged' ? colour : alarm.latchedColour
    const lower = { ...next, alarm: { ...alarm, colour, latchedColour } }
    if (before.isPresent) return writeAlarm(judging, 'deescalated', withText(judging, lower))
    return repeat(judging, before, withText(judging, lower), true)
  }
  if (!before.isPresent) return repeat(judging, before, withText(judging, next), true)
  if (before.alarm.variant !== alarm.variant) return writeAlarm(judging, 'updated', withText(judging, next))
  if (isNews) writeAlarm(judging, 'updated', withText(judging, next))
}

/** Processes a condition that holds. During maintenance it is a drill in a separate row. */
export function raise(judging: Judging, device: DeviceFacts, condition: Condition): void {
  const isDrill = maintenanceOf(judging, device) !== undefined
  const standing = readAlarm(judging.memory, alarmKey(device.id, condition.kind, isDrill))
  const isAnew = standing?.calledOffBy !== undefined && condition.isEdge
  const before = isAnew ? withoutCallOff(standing) : standing
  if (!before) return raiseNew(judging, device, condition, isDrill)
  const colour = colourOf(condition, device, judging.settings)
  const isHigher = outranks(colour, before.alarm.colour)
  // A normal press after a duress press keeps the variant duress: a forced person may be forced to press again.
  const isDuress = before.alarm.variant === 'duress'
  const keepsVariant = isDuress || (!condition.isLevel && outranks(before.alarm.colour, colour))
  const { variant: variantBefore, ...withoutVariant } = before.alarm
  const variant = keepsVariant ? variantBefore : condition.variant
  const next: AlarmDocument = {
    ...before,
    isPresent: true,
    ...(condition.remark ? { remark: condition.remark } : {}),
    alarm: {
      ...withoutVariant,
      ...(variant === undefined ? {} : { variant }),
      ...(condition.readings ? { readings: condition.readings } : {}),
    },
  }
  if (isHigher) return escalate(judging, next, coloured(next.alarm, colour))
  if (condition.isLevel) return moveLevel(judging, before, next, colour, condition.isNews ?? false)
  const shown = variant === variantBefore && !isAnew ? next : withText(judging, next)
  repeat(judging, before, shown, condition.isEdge)
}
