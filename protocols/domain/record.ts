// A Record is one entry of a box's journal as the centre receives it: what a lane of the uplink carries.
import type { Alarm, AlarmChange } from './alarm.ts'
import type { BoxTime, DeviceEvent } from './event.ts'

/** Where a record stands in its box's own order: journal order inside an epoch, across lanes. */
export interface RecordPlace {
  epoch: string
  sequence: number
}

/** `sequence` rises over all records of an epoch in the order they happened, across lanes, with leaps; a lane's own number is beside it. */
interface Recorded extends BoxTime {
  sequence: number
  /** Where it stood first, when a damaged journal was salvaged into a new epoch: one place, one record, for ever. */
  was?: RecordPlace
}

/** What a device said. It travels in the lane of the alarm it caused, or `routine`. */
export interface EventRecord extends Recorded, DeviceEvent {
  type: 'event'
}

/** A change of an alarm, with the alarm as it stands after it. `cause` is the sequence of the event behind it. */
export interface AlarmRecord extends Recorded {
  type: 'alarm'
  change: AlarmChange
  alarm: Alarm
  cause?: number
}

/** Something the box did or noticed that is no device event: arming, eviction, salvage, repaired clock. */
export interface LogRecord extends Recorded {
  type: 'log'
  what: string
  facts?: Record<string, unknown>
}

/** Flag of an event whose device used the id before for something else: it was reset or replaced, and counts anew. */
export const idUsedAgain = 'id-used-again'

/** Log record: from here on nothing that this device said before counts as heard. */
export const deviceForgotten = 'device-forgotten'

export type JournalRecord = EventRecord | AlarmRecord | LogRecord
