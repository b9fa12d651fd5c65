// Commands in the town's API and at its desks: who may send which, how long each is useful, its state.
import type { CentreCommand, CentreCommandResult, CommandKind } from '../uplink/command.ts'
import type { Role } from './roles.ts'

/**
 * `waiting`: stored, not sent yet. `sent`: sent to the box. `received`: in progress at the box. Final: `done`,
 * `refused`, `failed`, `expired` (not executed). `unanswered`: sent, expired, and the outcome is unknown; the box is
 * asked for it.
 */
export const deskCommandStates = [
  'waiting',
  'sent',
  'received',
  'done',
  'refused',
  'failed',
  'expired',
  'unanswered',
] as const
export type DeskCommandState = (typeof deskCommandStates)[number]

type Targets = Omit<CentreCommand, 'v' | 'id' | 'do' | 'by' | 'why' | 'alarm' | 'sentAtMs' | 'leftMs'>

/** One command with all known facts; all times by the centre's clock, except `boxAtMs`. */
export interface DeskCommand extends Targets {
  id: string
  box: string
  do: CommandKind
  by: string
  why?: string | undefined
  /** The alarm's id at the desk. */
  alarm?: string | undefined
  state: DeskCommandState
  askedAtMs: number
  /** Not executed after this. */
  expiresAtMs: number
  changedAtMs: number
  reason?: CentreCommandResult['reason']
  reached?: string[] | undefined
  missed?: string[] | undefined
  /** Their names, by id, if the box has names for them. */
  names?: Record<string, string> | undefined
  snapshots?: string[] | undefined
}

/** `POST /api/v1/boxes/{boxId}/commands`: the command as it stands. */
export interface CommandAnswer {
  command: DeskCommand
}

/** `GET /api/v1/boxes/{boxId}/commands?limit=` and `GET /api/v1/commands?limit=`: newest first. */
export interface CommandsAnswer {
  commands: DeskCommand[]
}

export type CommandMessage = {
  type: `command.${'asked' | Exclude<DeskCommandState, 'waiting'>}`
  position: string
  command: DeskCommand
}

const answering: readonly Role[] = ['operator', 'supervisor', 'admin']
const leading: readonly Role[] = ['supervisor', 'admin']
const looking: readonly Role[] = ['operator', 'supervisor', 'maintainer', 'admin']
const repairing: readonly Role[] = ['maintainer', 'admin']

/**
 * An operator may send commands that add attention; a supervisor may remove protection; a maintainer may change devices
 * and programs.
 */
export const commandRoles: Readonly<Record<CommandKind, readonly Role[]>> = {
  arm: answering,
  siren: answering,
  snapshot: answering,
  burst: looking,
  bulletin: answering,
  disarm: leading,
  bypass: leading,
  shelve: leading,
  device: repairing,
  config: repairing,
  update: repairing,
  support: repairing,
  console: repairing,
}

const minuteMs = 60_000
/** How long a command is useful by default: a siren must not start late, a configuration may. */
export const commandLifeMs: Readonly<Record<CommandKind, number>> = {
  siren: 2 * minuteMs,
  snapshot: 2 * minuteMs,
  burst: 5 * minuteMs,
  // A box whose link is down for some minutes still says it; a later text would be wrong.
  bulletin: 15 * minuteMs,
  arm: 15 * minuteMs,
  disarm: 15 * minuteMs,
  bypass: 15 * minuteMs,
  shelve: 15 * minuteMs,
  device: 10 * minuteMs,
  config: 24 * 60 * minuteMs,
  update: 24 * 60 * minuteMs,
  support: 60 * minuteMs,
  // The person stands at the box and waits.
  console: 15 * minuteMs,
}
