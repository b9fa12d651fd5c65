// Keeps the stored alarms of the centre itself equal to its present findings, through failing commits and restarts.
import type { Logger } from 'pino'
import type { Alarm } from '../../protocols/domain/alarm.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { Storage, StoredChange } from '../storage/port.ts'

const retryDelayMs = 2000

/** Under this id the centre reports about itself; no box can have it. */
export const centreBox = { id: '-centre', name: '镇中心 Town centre' } as const

export interface OwnAlarmsOptions {
  storage: Pick<Storage, 'changeOwnAlarm'>
  clock: Clock
  random: Random
  logger: Logger
  onStored: (changes: StoredChange[]) => void
  /** False while another centre looks after what is about the centre itself. */
  isOnDuty?: (() => boolean) | undefined
}

/** The subject of an alarm; each has at most one at a time. */
export interface OwnSubject {
  box: string
  kind: Alarm['kind']
  /** Set if a box can have several of a kind. */
  variant?: string | undefined
}

/** The text and colour of the raise. */
export type OwnWords = Pick<Alarm, 'colour' | 'text'>

interface Watched {
  subject: OwnSubject
  wanted: OwnWords | undefined
  /** The alarm as stored. */
  open: Alarm | undefined
  isBusy: boolean
  cancelRetry?: () => void
}

const keyOf = ({ box, kind, variant }: OwnSubject): string => `${box} ${kind} ${variant ?? ''}`

export class OwnAlarms {
  readonly #options: OwnAlarmsOptions
  readonly #watched = new Map<string, Watched>()
  readonly #running = new Set<Promise<void>>()
  #isStopped = false

  constructor(options: OwnAlarmsOptions) {
    this.#options = options
  }

  /** The alarms that were active when the centre stopped; each stays active until its subject is reported well. */
  remember(alarms: readonly DeskAlarm[]): void {
    for (const alarm of alarms) {
      const { box, kind, variant, colour, text } = alarm
      const subject = { box, kind, variant }
      const open = alarmOf(alarm.id.slice(box.length + 1), subject, { colour, text })
      this.#watched.set(keyOf(subject), { subject, wanted: open, open, isBusy: false })
    }
  }

  /** Another centre has raised or ended an alarm of the centre itself. */
  heardElsewhere(alarm: DeskAlarm): void {
    const { box, kind, variant } = alarm
    const key = keyOf({ box, kind, variant })
    const isMine = alarm.id.startsWith(`${box}.${kind}-`)
    if (!isMine || this.#watched.get(key)?.isBusy) return
    if (alarm.state !== 'normal') this.remember([alarm])
    else this.#watched.delete(key)
  }

  /** The subjects of `kind` whose alarm stands or is being stored. */
  standing(kind: Alarm['kind']): OwnSubject[] {
    return [...this.#watched.values()].flatMap(({ subject, wanted }) =>
      wanted && subject.kind === kind ? [subject] : [],
    )
  }

  /** Raises the alarm of `subject` with `wanted`, or ends it; nothing changes when it already stands, or does not. */
  set(subject: OwnSubject, wanted: OwnWords | undefined): void {
    if (subject.box === centreBox.id && !(this.#options.isOnDuty?.() ?? true)) return
    const key = keyOf(subject)
    const watched = this.#watched.get(key)
    if (!watched && !wanted) return
    const known = watched ?? { subject, wanted, open: undefined, isBusy: false }
    known.wanted = wanted
    this.#watched.set(key, known)
    this.#start(known)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const { cancelRetry } of this.#watched.values()) cancelRetry?.()
    await Promise.all(this.#running)
  }

  #start(watched: Watched): void {
    if (watched.isBusy || this.#isStopped) return
    const run = this.#align(watched).finally(() => this.#running.delete(run))
    this.#running.add(run)
  }

  async #align(watched: Watched): Promise<void> {
    const { storage, clock, random, logger, onStored } = this.#options
    const { subject } = watched
    watched.isBusy = true
    try {
      while ((watched.wanted === undefined) !== (watched.open === undefined)) {
        const atMs = clock.wallMs()
        const { open, wanted } = watched
        const raised = wanted && alarmOf(`${subject.kind}-${random.hex(8)}`, subject, wanted)
        const alarm: Alarm | undefined = open ? { ...open, state: 'normal' } : raised
        if (!alarm) break
        const change = open ? ('ended' as const) : ('raised' as const)
        const changes = await storage.changeOwnAlarm({ box: subject.box, change, alarm, atMs })
        watched.open = open ? undefined : alarm
        onStored(changes)
      }
      if (!watched.open && !watched.wanted) this.#watched.delete(keyOf(subject))
    } catch (error) {
      logger.error({ err: error, ...subject }, 'an alarm of the centre itself can not be stored')
      if (this.#isStopped) return
      // One timer for each: a finding that is repeated while storage fails leads here again and again.
      watched.cancelRetry?.()
      watched.cancelRetry = clock.after(retryDelayMs, () => this.#start(watched))
    } finally {
      watched.isBusy = false
    }
  }
}

function alarmOf(id: string, { box, kind, variant }: OwnSubject, { colour, text }: OwnWords): Alarm {
  return {
    id,
    device: box,
    kind,
    ...(variant === undefined ? {} : { variant }),
    colour,
    latchedColour: colour,
    state: 'unacknowledged',
    occurrences: 1,
    text,
  }
}
