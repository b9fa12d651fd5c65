// Options of intake.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { BoxTime } from '../../protocols/domain/event.ts'
import type { AlarmEngine, LocalCommand, Transition } from '../alarms/port.ts'
import type { CommandResult } from '../../protocols/device-mqtt/messages.ts'
import type { EventRecord } from '../../protocols/domain/record.ts'
import type { Journal, UncountedId, QuarantineRow } from '../journal/port.ts'
import type { ExtraWrites } from './port.ts'
import type { NamedInput, RefusedIds } from './memory/refused-ids.ts'

export interface IntakeOptions {
  journal: Journal
  engine: AlarmEngine
  now: () => BoxTime & { steadyMs: number }
  /** Steady time at which a boot began, for records of earlier boots. */
  steadyBaseOf: (boot: number) => number
  monotonicMs: () => number
  logger: Logger
  metrics: Registry
  /** Of an earlier run in this process: a call that was refused then keeps its id. */
  refusedIds?: RefusedIds | undefined
  /** Waits this many milliseconds; by default in real time. */
  pause?: (ms: number) => Promise<void>
}

/**
 * The records that the journal refused. Called again each time the input is repeated and refused again, with the same
 * ids.
 */
export interface UnstoredOutcome {
  at: BoxTime
  inputs: readonly NamedInput[]
  transitions: readonly Transition[]
  commands: readonly LocalCommand[]
}

/** Stored in the same commit as the records of one input. */
export interface CommitParts {
  inputs: readonly NamedInput[]
  event?: EventRecord
  cause?: number
  uncountedIds?: readonly UncountedId[] | undefined
  result?: { device: string; result: CommandResult }
  quarantine?: QuarantineRow
  state?: ExtraWrites['state']
  documents?: ExtraWrites['documents']
}
