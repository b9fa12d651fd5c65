// Storage's part of reporting upward: the outbox of this centre, and what came back.
import type { Lane, Colour } from '../../protocols/domain/colour.ts'
import type { CaseOutcome } from './case-port.ts'

export interface UpwardSettings {
  /** What people call the next centre: `county`. */
  to: string
  /** Cases of these colours go up by themselves. */
  byRule: readonly Colour[]
}

/** Numbers in (receipted, last] wait for the next centre's Receipt. */
export interface UpwardLane {
  last: number
  receipted: number
}

export interface UpwardState {
  epoch: string
  lanes: Record<Lane, UpwardLane>
}

export interface UpwardRecord {
  number: number
  body: string
}

/** The answer of the next centre about a case. */
export interface UpwardAnswer {
  case: string
  stage: 'seen' | 'accepted' | 'dispatched' | 'closed' | 'instruction'
  text: string
  who: string
  /** Of an instruction: carried out once. */
  command?: string
}

export interface UpwardWriterCalls {
  /** Nothing goes up until it is called. `epoch` is taken where there is none yet. */
  openUpward(settings: UpwardSettings, epoch: string): UpwardState
  /** Everything of the lane up to `storedTo` is with the next centre; a smaller number: it has lost the rest. */
  settleUpward(lane: Lane, storedTo: number): void
  /** The next centre has other records under our numbers: the waiting records get new numbers. */
  renewUpward(epoch: string): UpwardState
  takeUpwardAnswer(answer: UpwardAnswer, atMs: number): CaseOutcome
}

export interface UpwardReaderCalls {
  upwardState(): UpwardState | undefined
  upwardRecords(lane: Lane, after: number, limit: number): UpwardRecord[]
}

export const upwardWriterCalls = [
  'openUpward',
  'settleUpward',
  'renewUpward',
  'takeUpwardAnswer',
] as const satisfies (keyof UpwardWriterCalls)[]
export const upwardReaderCalls = [
  'upwardState',
  'upwardRecords',
] as const satisfies (keyof UpwardReaderCalls)[]
