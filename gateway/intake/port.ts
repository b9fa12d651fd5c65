// What intake tells the rest of the gateway after a commit, and what others may ask it to judge.
import type { AlarmInput, LogEntry, Transition } from '../alarms/port.ts'
import type { StoredRecord } from '../journal/port.ts'
import type { AlarmRecord, EventRecord } from '../../protocols/domain/record.ts'
import type { CommandResult, DeviceCommand } from '../../protocols/device-mqtt/messages.ts'

/** A command as the journal keeps it until its device answers; `sinceSteadyMs` is when it was asked for. */
export interface CommandDocument {
  device: string
  command: DeviceCommand
  sinceSteadyMs: number
  /** Given up then, where it is worth nothing later. */
  untilSteadyMs?: number
}

/** The device's own message behind an alarm: whom to tell how far people have got, also after a restart. */
export interface CauseDocument {
  device: string
  messageId: string
}

export const causePrefix = 'cause:'
export const causeKey = (alarmId: string): string => causePrefix + alarmId

export const commandKey = (device: string, id: string): string => `command:${device}/${id}`

/** One input that is in the journal now, with everything that came of it. An event of which nothing came is not told. */
export interface StoredInput {
  event?: EventRecord
  /** As they stand in the journal now, the event first. */
  stored: readonly StoredRecord[]
  alarms: readonly AlarmRecord[]
  transitions: readonly Transition[]
  /** Also kept as documents until their devices answer. */
  commands: readonly CommandDocument[]
  result?: { device: string; result: CommandResult }
}

/** What commits together with what the engine makes of some inputs. */
export interface Companions {
  logs: readonly LogEntry[]
  state: readonly (readonly [key: string, value: object | undefined])[]
  /** Commands for devices, to be sent once they are in the journal. */
  documents: readonly CommandDocument[]
}

export interface AlarmJudge {
  /** Judges something that no device said (time, the centre's stages, arming, facts of the box) and keeps what comes of it. */
  judge(input: AlarmInput): Promise<void>
  /** Judges inputs that stand or fall together; `companions` sees the engine's remarks. One commit, or nothing of it. */
  judgeTogether(
    inputs: readonly AlarmInput[],
    companions: (remarks: readonly LogEntry[]) => Companions,
  ): Promise<void>
}
