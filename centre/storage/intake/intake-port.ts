// Storage's part of intake: what boxes send, in one commit, and which of their numbers are stored.
import type { Lane } from '../../../protocols/domain/colour.ts'
import type { AlarmRecord, LogRecord, RecordPlace } from '../../../protocols/domain/record.ts'
import type { NumberRange } from '../../../protocols/kit/ranges.ts'
import type { UnreadableAlarm } from '../../alarms/unreadable-alarm.ts'
import type { StoredChange } from '../stored-change.ts'

/** The new records of one lane in one commit, as columns. */
export interface LaneBatch {
  box: string
  epoch: string
  lane: Lane
  numbers: number[]
  sequences: number[]
  bodies: string[]
  /** The AlarmRecords among them. */
  alarms: AlarmRecord[]
  /** Those among them about the start of a boot. */
  clocks: LogRecord[]
  /** Those among them that are about pictures. */
  pictures: LogRecord[]
  /**
   * Those among them that are daily reports, lists of zones and devices, or come with a case that a centre below has
   * handed over; absent when there is none.
   */
  daily?: LogRecord[]
  /** Those among them that were salvaged, by their sequence: stored only when their first position is not. */
  origins: { sequence: number; was: RecordPlace }[]
  skipped: { from: number; to: number; reason: string }[]
  /** All settled numbers of the lane once this batch is stored. */
  settled: NumberRange[]
}

export interface QuarantineEntry {
  box: string
  topic: string
  cause: string
  payload: Uint8Array
  /** It may be an alarm: the same commit raises one of the centre itself. */
  alarm?: UnreadableAlarm | undefined
}

/** A record that came under a stored number. */
export interface RepeatedRecord {
  box: string
  epoch: string
  lane: Lane
  number: number
  /** See `identityOf`. */
  identity: string
}

/** A stored number came again as another record: the box's folder was restored to an earlier state. */
export type RecordConflict = Omit<RepeatedRecord, 'identity'>

export interface IntakeBatch {
  receivedAtMs: number
  lanes: LaneBatch[]
  quarantined: QuarantineEntry[]
  /** Compared with the records stored under their numbers. */
  repeated?: RepeatedRecord[]
  /** Of each box of the batch, where several centres share a database: its fence when this centre claimed it. */
  fences?: Record<string, number>
}

/** A record that makes its commit fail: it went into quarantine instead, and its number is settled. */
export interface UnstorableRecord {
  box: string
  lane: Lane
  number: number
  why: string
}

export interface StoredIntake {
  changes: StoredChange[]
  spoilt: UnstorableRecord[]
  conflicts?: RecordConflict[]
  /** Another centre has these boxes now: nothing of the batch was stored. */
  lost?: string[]
  /** The number of lanes, the first ones, that were stored; nothing else was. An urgent call goes first, and the rest is a call of its own. */
  storedLanes?: number
}

export interface KnownLane {
  box: string
  epoch: string
  lane: Lane
  settled: NumberRange[]
  /** Numbers among them that the box had lost. */
  givenUp: number
}
