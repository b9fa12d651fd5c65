// What intake is made of.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { BoxTime, DeviceEvent } from '../../protocols/domain/event.ts'
import type { AlarmEngine, LocalCommand } from '../alarms/port.ts'
import type { CommandResult } from '../../protocols/device-mqtt/messages.ts'
import type { EventRecord } from '../../protocols/domain/record.ts'
import type { Journal, OddId, QuarantineRow } from '../journal/port.ts'
import type { Companions, Kept } from './port.ts'

export interface IntakeOptions {
  journal: Journal
  engine: AlarmEngine
  now: () => BoxTime & { steadyMs: number }
  /** Steady time at which a boot began, for records of earlier boots. */
  steadyBaseOf: (boot: number) => number
  monotonicMs: () => number
  logger: Logger
  metrics: Registry
  onKept: (kept: Kept) => void
  /** An event could not be kept; these are what local rules ask for. The siren does not wait for a card that may never write again. */
  onUnkept?: (event: DeviceEvent, commands: readonly LocalCommand[]) => void
  /** Lets so many milliseconds pass; the machine's own time when left out. */
  pause?: (ms: number) => Promise<void>
}

/** What is kept together with the records of one input. */
export interface Companion {
  event?: EventRecord
  cause?: number
  oddIds?: readonly OddId[] | undefined
  result?: { device: string; result: CommandResult }
  quarantine?: QuarantineRow
  state?: Companions['state']
  documents?: Companions['documents']
}
