// A command of the centre as stored in the journal: enough to answer a repeat the same way, for ever.
import type { BoxTime } from '../../protocols/domain/event.ts'
import type {
  CentreCommand,
  CentreCommandResult,
  CommandResultState,
} from '../../protocols/uplink/command.ts'
import type { CommandReason } from './command-reasons.ts'

export interface CentreCommandDocument {
  id: string
  do: string
  by: string
  why?: string
  alarm?: string
  state: CommandResultState
  atMs: number
  clock: BoxTime['clock']
  /**
   * The boot in which it arrived: steady time stands still while the power is off, so after a boot its age is unknown.
   */
  boot: number
  sinceSteadyMs: number
  untilSteadyMs: number
  reason?: CommandReason
  reached?: string[]
  missed?: string[]
  snapshots?: string[]
  /** Devices and cameras that have not answered yet. */
  waiting?: string[]
}

export const centreCommandPrefix = 'centre:'
export const centreCommandKey = (id: string): string => centreCommandPrefix + id

type Moment = BoxTime & { steadyMs: number }

export interface CommandOutcome {
  state: CommandResultState
  reason?: CommandReason | undefined
  reached?: readonly string[] | undefined
  missed?: readonly string[] | undefined
  snapshots?: readonly string[] | undefined
  waiting?: readonly string[] | undefined
}

/** What was asked and by whom: the same in every state. */
const askedFor = ({ id, do: what, by, why, alarm }: CentreCommand | CentreCommandDocument) => ({
  id,
  do: what,
  by,
  ...(why === undefined ? {} : { why }),
  ...(alarm === undefined ? {} : { alarm }),
})

/** The document of a new command. */
export function documentOf(
  command: CentreCommand,
  now: Moment,
  untilSteadyMs: number,
  ending: CommandOutcome,
): CentreCommandDocument {
  const times = { boot: now.boot, sinceSteadyMs: now.steadyMs, untilSteadyMs }
  return { ...askedFor(command), ...times, ...endingOf(ending, now) }
}

/** The same command in its next state. */
export function movedOn(
  command: CentreCommandDocument,
  now: Moment,
  ending: CommandOutcome,
): CentreCommandDocument {
  const { boot, sinceSteadyMs, untilSteadyMs } = command
  return { ...askedFor(command), boot, sinceSteadyMs, untilSteadyMs, ...endingOf(ending, now) }
}

function endingOf(
  { state, reason, reached, missed, snapshots, waiting }: CommandOutcome,
  { atMs, clock }: Moment,
): Pick<CentreCommandDocument, 'state' | 'atMs' | 'clock'> & Partial<CentreCommandDocument> {
  const list = (name: 'reached' | 'missed' | 'snapshots' | 'waiting', names?: readonly string[]): object =>
    names && names.length > 0 ? { [name]: [...names] } : {}
  return {
    state,
    atMs,
    clock,
    ...(reason ? { reason } : {}),
    ...list('reached', reached),
    ...list('missed', missed),
    ...list('snapshots', snapshots),
    ...list('waiting', waiting),
  }
}

/** The result for the centre: names that still wait count as not reached. */
export function resultOf(document: CentreCommandDocument): CentreCommandResult {
  const { id, state, atMs, clock, reason, reached, missed = [], snapshots, waiting = [] } = document
  const unreached = [...missed, ...waiting]
  return {
    v: 1,
    id,
    state,
    atMs,
    clock,
    ...(reason ? { reason } : {}),
    ...(reached ? { reached: reached.slice(0, 200) } : {}),
    ...(unreached.length > 0 ? { missed: unreached.slice(0, 200) } : {}),
    ...(snapshots ? { snapshots } : {}),
  }
}

/** The content of its record: who, what, and the outcome. */
export function factsOf(document: CentreCommandDocument): Record<string, unknown> {
  const { id, do: what, by, why, alarm, state, reason, reached, missed, snapshots, waiting } = document
  const result = {
    id,
    do: what,
    by,
    why,
    alarm,
    state,
    reason: reason?.code,
    reached,
    missed,
    snapshots,
    waiting,
  }
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined))
}
