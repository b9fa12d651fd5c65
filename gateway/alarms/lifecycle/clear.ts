// The condition is over: the alarm returns to normal, and ends once it has been accepted.
import type { AlarmKind } from '../../../protocols/domain/alarm.ts'
import { noteChange } from '../floods/chatter.ts'
import { alarmKey, readAlarm, type AlarmDocument } from '../documents.ts'
import type { Judging } from '../judging.ts'
import { endAlarm, keepAlarm, keepUntold, writeAlarm } from './write-alarm.ts'

/** The ISA-18.2 transition of an alarm whose condition no longer holds. */
export function settleGone(judging: Judging, document: AlarmDocument): void {
  const { alarm } = document
  if (alarm.isDrill) return endAlarm(judging, document)
  switch (alarm.state) {
    case 'unacknowledged':
      return writeAlarm(judging, 'returned', {
        ...document,
        alarm: { ...alarm, state: 'returned-unacknowledged' },
      })
    case 'acknowledged':
    case 'suppressed':
    case 'out-of-service':
      return endAlarm(judging, document)
    case 'shelved':
    case 'returned-unacknowledged':
    case 'normal':
      return keepAlarm(judging, document)
  }
}

function clearRow(judging: Judging, key: string): void {
  const document = readAlarm(judging.memory, key)
  if (!document?.isPresent) return
  const gone = noteChange(judging, { ...document, isPresent: false })
  if (gone.heldUntilMs !== undefined && gone.alarm.colour !== 'red') keepUntold(judging, gone)
  else settleGone(judging, gone)
}

/** Ends the condition, in the real row and in the drill's row. */
export function clear(judging: Judging, device: string, kind: AlarmKind): void {
  clearRow(judging, alarmKey(device, kind))
  clearRow(judging, alarmKey(device, kind, true))
}
