// How long an alarm may wait to be accepted, and the level of its lamp.
import { shallowRef } from 'vue'
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import { outranks, type Colour } from '../../../protocols/domain/colour.ts'
import { lampAmberAt, lampRedAt, stepLimits } from '../../../protocols/domain/step-limits.ts'

export type Lamp = 'in-time' | 'due' | 'overdue'

export interface Deadline {
  lamp: Lamp
  ageMs: number
  /** Until the limit; negative after it. */
  leftMs: number
}

/** No person has answered it, or it occurred again after the answer. */
export function isWaiting(alarm: DeskAlarm): boolean {
  if (alarm.state === 'normal') return false
  if (alarm.needsAnswer) return true
  if (alarm.acceptedBy !== undefined || alarm.stage === 'dispatched' || alarm.stage === 'closed') return false
  // Red is never shelved or suppressed, even if a box reports it so.
  return (
    alarm.state === 'unacknowledged' ||
    alarm.state === 'returned-unacknowledged' ||
    (shownColour(alarm) === 'red' && alarm.state !== 'acknowledged')
  )
}

export const isWaitingRed = (alarm: DeskAlarm): boolean => shownColour(alarm) === 'red' && isWaiting(alarm)

/** The most urgent colour since the last answer: an alarm that was red is answered as red. */
export function shownColour(alarm: DeskAlarm): Colour {
  const { colour, latchedColour } = alarm
  // Asked for each open alarm at each draw, and nearly always equal.
  return latchedColour !== colour && outranks(latchedColour, colour) ? latchedColour : colour
}

/** The town's limits for accepting; until the centre has said them, those of the alarm table. */
const acceptLimitsMs = shallowRef<Partial<Record<Colour, number>>>()

export function useAcceptLimits(limits: Partial<Record<Colour, number>> | undefined): void {
  acceptLimitsMs.value = limits
}

/** `waitingSinceMs` by the centre's clock. The box's own time is shown but not used here: it may be wrong by years. */
export function acceptDeadline(colour: Colour, waitingSinceMs: number, centreNowMs: number): Deadline {
  const town = acceptLimitsMs.value
  const limitMs = (town ? town[colour] : stepLimits.accept[colour].limitMs) ?? Infinity
  const ageMs = Math.max(0, centreNowMs - waitingSinceMs)
  const lamp = ageMs >= limitMs * lampRedAt ? 'overdue' : ageMs >= limitMs * lampAmberAt ? 'due' : 'in-time'
  return { lamp, ageMs, leftMs: limitMs - ageMs }
}
