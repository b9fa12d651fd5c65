// Sends commands to their boxes: stored before they are sent, sent again until the box answers, expired when their time
// is over. A box that was away at that moment is asked for the outcome; it is never assumed.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { DeskCommand } from '../../protocols/desk/commands.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import { withPlainText } from '../../protocols/domain/plain-text.ts'
import { describeProblems } from '../../protocols/kit/result.ts'
import { encodeJson, parseCentreCommandResult } from '../../protocols/uplink/codec.ts'
import type { CentreCommand } from '../../protocols/uplink/command.ts'
import type { CommandStep, Storage, StoredChange } from '../storage/port.ts'

/** Most commands in progress, of one box and of all; further ones are refused. */
export const openPerBoxMax = 50
export const openMax = 5000
/** An answer may arrive this long after the time is over; after that the command counts as unanswered. */
const graceMs = 10_000
/**
 * A command without an answer is sent again after this time; one that the box is executing is asked about less often.
 */
const againMs = 15_000
const askAgainMs = 60_000
/** The box is asked about an unanswered command for this long after its time. */
const askedForMs = 7 * 86_400_000
const tickMs = 1000

const finalStates: ReadonlySet<DeskCommand['state']> = new Set(['done', 'refused', 'failed', 'expired'])

export interface CommandSenderOptions {
  storage: Pick<Storage, 'askCommand' | 'moveCommand' | 'closeCommand'>
  clock: Clock
  logger: Logger
  registry: Registry
  canReach: (box: string) => boolean
  /** False when it was not sent. */
  publish: (box: string, payload: Uint8Array) => boolean
  onStored: (changes: readonly StoredChange[]) => void
}

interface Open {
  command: DeskCommand
  /** Monotonic; undefined until this program has sent it. */
  sentMs: number | undefined
  isMoving: boolean
}

export class CommandSender {
  readonly #options: CommandSenderOptions
  readonly #open = new Map<string, Open>()
  readonly #counts: Counter<'do' | 'state'>
  #cancel: (() => void) | undefined

  constructor(options: CommandSenderOptions) {
    this.#options = options
    this.#counts = new Counter({
      name: 'gengfu_centre_commands_total',
      help: 'Commands for boxes, by kind and the states they came to',
      labelNames: ['do', 'state'],
      registers: [options.registry],
    })
  }

  /** Commands that were open when the program ended. */
  restore(commands: readonly DeskCommand[]): void {
    for (const command of commands)
      this.#open.set(command.id, { command, sentMs: undefined, isMoving: false })
  }

  start(): void {
    this.#cancel ??= this.#options.clock.after(tickMs, () => {
      this.#cancel = undefined
      this.start()
      for (const open of this.#open.values()) this.#look(open)
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** False when this number of further commands is above the limit of all boxes together. */
  hasRoomFor(count: number): boolean {
    return this.#open.size + count <= openMax
  }

  /** Commands that were stored together with the bulletin that they carry. */
  adopt(commands: readonly DeskCommand[]): void {
    for (const command of commands) {
      if (this.#open.has(command.id)) continue
      const open: Open = { command, sentMs: undefined, isMoving: false }
      this.#open.set(command.id, open)
      this.#counts.inc({ do: command.do, state: 'asked' })
      this.#look(open)
    }
  }

  /** Another centre has stored this state of a command. */
  heardElsewhere(command: DeskCommand): void {
    const isOver = finalStates.has(command.state)
    const open = this.#open.get(command.id)
    if (isOver) this.#open.delete(command.id)
    else if (open) open.command = command
    else this.adopt([command])
  }

  /** False when too many are in progress. On disk when it resolves. */
  async ask(command: DeskCommand): Promise<boolean> {
    const ofBox = [...this.#open.values()].filter((open) => open.command.box === command.box).length
    if (ofBox >= openPerBoxMax || this.#open.size >= openMax) return false
    const open: Open = { command, sentMs: undefined, isMoving: true }
    this.#open.set(command.id, open)
    try {
      const changes = await this.#options.storage.askCommand(command)
      this.#counts.inc({ do: command.do, state: 'asked' })
      this.#options.onStored(changes)
    } catch (error) {
      this.#open.delete(command.id)
      throw error
    }
    open.isMoving = false
    this.#look(open)
    return true
  }

  /** The box has subscribed: all open commands are sent to it, also expired ones, to learn their outcome. */
  boxReady(box: string): void {
    for (const open of this.#open.values()) {
      if (open.command.box !== box) continue
      open.sentMs = undefined
      this.#look(open)
    }
  }

  /** Resolves once the answer is on disk. */
  async answered(box: string, payload: Uint8Array): Promise<void> {
    const parsed = parseCentreCommandResult(payload)
    if (!parsed.ok) {
      this.#options.logger.warn(
        { box, problems: describeProblems(parsed.problems).slice(0, 500) },
        'a box sent an unreadable result',
      )
      return
    }
    const { id, state, snapshots } = parsed.value
    const { reason, reached, missed, names } = withPlainText(parsed.value) as typeof parsed.value
    const named = this.#open.get(id)?.command
    // A command for one device or camera reached that one or none; a burst reaches the cameras around its device.
    const only = named?.do === 'burst' ? undefined : (named?.device ?? named?.camera)
    const own = (names: string[] | undefined): string[] | undefined =>
      only === undefined ? names : names?.filter((name) => name === only)
    const changedAtMs = Math.round(this.#options.clock.wallMs())
    const step: CommandStep = {
      state,
      changedAtMs,
      reached: own(reached),
      missed: own(missed),
      snapshots,
      ...(names ? { names } : {}),
      ...(reason ? { reason } : {}),
    }
    await this.#move(box, id, step)
  }

  #look(open: Open): void {
    if (open.isMoving) return
    const { clock, logger } = this.#options
    const { command } = open
    const leftMs = command.expiresAtMs - clock.wallMs()
    const { state } = command
    let next: Promise<unknown> | undefined
    if (state === 'waiting' && leftMs <= 0) next = this.#over(open, 'expired')
    else if ((state === 'sent' || state === 'received') && leftMs <= -graceMs)
      next = this.#over(open, 'unanswered')
    else if (state === 'unanswered' && leftMs <= -askedForMs) next = this.#forget(open)
    else if (this.#isDue(open) && this.#options.canReach(command.box)) next = this.#send(open)
    if (!next) return
    open.isMoving = true
    next
      .catch((error: unknown) => {
        logger.error({ err: error, id: command.id, box: command.box }, 'a command could not be moved on')
        // Not repeated at once: the disk may be full.
        open.sentMs = clock.monotonicMs()
      })
      .finally(() => (open.isMoving = false))
  }

  #isDue({ command, sentMs }: Open): boolean {
    if (sentMs === undefined) return true
    const pauseMs = command.state === 'waiting' || command.state === 'sent' ? againMs : askAgainMs
    return this.#options.clock.monotonicMs() - sentMs >= pauseMs
  }

  /** Stored before it is sent: a command that was never sent is known to be not executed. */
  async #send(open: Open): Promise<void> {
    const { clock, publish } = this.#options
    open.sentMs = clock.monotonicMs()
    const { box, id, state } = open.command
    if (state === 'waiting') {
      const changedAtMs = Math.round(clock.wallMs())
      await this.#move(box, id, { state: 'sent', changedAtMs })
    }
    publish(box, encodeJson(onTheWire(open.command, clock.wallMs())))
  }

  async #over(open: Open, state: 'expired' | 'unanswered'): Promise<void> {
    const { box, id } = open.command
    // The box is asked soon, but not in the tick in which its time ended.
    open.sentMs = this.#options.clock.monotonicMs()
    await this.#move(box, id, { state, changedAtMs: Math.round(this.#options.clock.wallMs()) })
  }

  async #forget({ command }: Open): Promise<void> {
    await this.#options.storage.closeCommand(command.id)
    this.#open.delete(command.id)
  }

  async #move(box: string, id: string, step: CommandStep): Promise<void> {
    const isOpen = step.state === 'sent' || step.state === 'received' || step.state === 'unanswered'
    const moved = await this.#options.storage.moveCommand(box, id, step, isOpen)
    if (!moved) return
    const open = this.#open.get(id)
    if (open) open.command = moved.command
    if (!isOpen) this.#open.delete(id)
    if (moved.changes.length === 0) return
    this.#counts.inc({ do: moved.command.do, state: step.state })
    const { do: what, by } = moved.command
    this.#options.logger.info({ box, id, do: what, by, state: step.state }, 'a command for a box')
    this.#options.onStored(moved.changes)
  }
}

/** The box counts the remaining time on its own steady clock: its wall clock may be at 1970. */
export function onTheWire(command: DeskCommand, nowMs: number): CentreCommand {
  const {
    id,
    do: what,
    by,
    why,
    box,
    alarm,
    zone,
    device,
    camera,
    seconds,
    minutes,
    order,
    set,
    isPatch,
    version,
    text,
  } = command
  const given = { why, zone, device, camera, seconds, minutes, order, set, isPatch, version, text }
  return {
    v: 1,
    id,
    do: what,
    by,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(alarm === undefined ? {} : { alarm: alarm.slice(box.length + 1) }),
    sentAtMs: Math.round(nowMs),
    leftMs: Math.max(0, Math.round(command.expiresAtMs - nowMs)),
  }
}
