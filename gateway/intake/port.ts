// What intake reports to the rest of the gateway after a commit, and what it can be asked to judge.
import type { AlarmInput, LogEntry, Transition } from '../alarms/port.ts'
import type { StoredRecord } from '../journal/port.ts'
import type { AlarmRecord, EventRecord } from '../../protocols/domain/record.ts'
import type { CommandResult, DeviceCommand } from '../../protocols/device-mqtt/messages.ts'

/** A command as stored in the journal until its device answers; `sinceSteadyMs` is the time of the request. */
export interface CommandDocument {
  device: string
  command: DeviceCommand
  sinceSteadyMs: number
  /** Dropped then, because a late execution would be useless. */
  untilSteadyMs?: number
}

/** The device's message behind an alarm: its sender gets the stages of the answer, also after a restart. */
export interface CauseDocument {
  device: string
  messageId: string
}

export const causePrefix = 'cause:'
export const causeKey = (alarmId: string): string => causePrefix + alarmId

export const commandKey = (device: string, id: string): string => `command:${device}/${id}`

/** One input that is now in the journal, with all its results. An event without any result is not reported. */
export interface StoredInput {
  event?: EventRecord
  /** As stored in the journal, the event first. */
  stored: readonly StoredRecord[]
  alarms: readonly AlarmRecord[]
  transitions: readonly Transition[]
  /** Also stored as documents until their devices answer. */
  commands: readonly CommandDocument[]
  result?: { device: string; result: CommandResult }
}

/** Messages of one device, since the program started. */
export interface MessageCounts {
  /** That came again after they had been stored. */
  repeats: number
  /** That could not be read and lie in quarantine. */
  refused: number
}

/** Committed together with the engine's results for these inputs. */
export interface ExtraWrites {
  logs: readonly LogEntry[]
  state: readonly (readonly [key: string, value: object | undefined])[]
  /** Commands for devices, to be sent once they are in the journal. */
  documents: readonly CommandDocument[]
}

export interface AlarmJudge {
  /**
   * Judges an input that is not a device message (time, the centre's stages, arming, facts of the box) and stores the
   * results.
   */
  judge(input: AlarmInput): Promise<void>
  /**
   * Judges inputs that succeed or fail together; `extraWrites` gets the engine's remarks. One commit, or nothing of it.
   */
  judgeTogether(
    inputs: readonly AlarmInput[],
    extraWrites: (remarks: readonly LogEntry[]) => ExtraWrites,
  ): Promise<void>
}
