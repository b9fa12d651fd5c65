// A Record is one entry of a box's journal as the centre receives it: a lane of the uplink carries records.
import type { Alarm, AlarmChange } from './alarm.ts'
import type { BoxTime, DeviceEvent } from './event.ts'

/** Position of a record in a box's own order: journal order inside an epoch, across lanes. */
export interface RecordPlace {
  epoch: string
  sequence: number
}

/**
 * `sequence` rises over all records of an epoch in their order, across lanes, with large steps; a lane's own number is beside
 * it.
 */
interface Recorded extends BoxTime {
  sequence: number
  /** Its first position, if a damaged journal was salvaged into a new epoch: one position, one record, for ever. */
  was?: RecordPlace
}

/** A device's event. It is sent in the lane of the alarm it caused, or `routine`. */
export interface EventRecord extends Recorded, DeviceEvent {
  type: 'event'
}

/** A change of an alarm, with the alarm after it. `cause` is the sequence of its event. */
export interface AlarmRecord extends Recorded {
  type: 'alarm'
  change: AlarmChange
  alarm: Alarm
  cause?: number
}

/** An action or finding of the box that is not a device event: arming, eviction, salvage, repaired clock. */
export interface LogRecord extends Recorded {
  type: 'log'
  what: string
  facts?: Record<string, unknown>
}

/**
 * Flag of an event whose device used the id before for other content: it was reset or replaced, and counts from the
 * start.
 */
export const idUsedAgain = 'id-used-again'

/** Log record: from here on no earlier message of this device counts as received. */
export const deviceForgotten = 'device-forgotten'

export type JournalRecord = EventRecord | AlarmRecord | LogRecord
