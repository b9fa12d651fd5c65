// The receivers outside of a village: follows its alarms, queues what the rules say, keeps a pair of turns for each receiver, and reports
// the receivers that fail or do not answer as faults of the box.
import type { Logger } from 'pino'
import { every } from '../../platform/time/every.ts'
import { minuteOfWeek } from '../../platform/time/duty-hours.ts'
import { testMessage } from '../../platform/outlets/message.ts'
import { testOutlet } from '../../platform/outlets/test-outlet.ts'
import type { AnswerKey, Outlet } from '../../platform/outlets/port.ts'
import type { OutletFigures } from '../../platform/outlets/queue/outlet-figures.ts'
import { OutletTurn } from '../../platform/outlets/queue/outlet-turn.ts'
import { OutletWatch, type TroubleKind } from '../../platform/outlets/queue/outlet-watch.ts'
import type { NewDelivery } from '../../platform/outlets/queue/queue-port.ts'
import { stepOfRules } from '../../platform/outlets/rules.ts'
import { outranks, urgency } from '../../protocols/domain/colour.ts'
import type { OutletSummary, OutletTestAnswer } from '../../protocols/desk/outlets.ts'
import type { AlarmRecord } from '../../protocols/domain/record.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { BoxOutletSettings } from '../config/outlets/outlet-settings.ts'
import type { Journal } from '../journal/port.ts'
import { factsOf, messageOfAlarm, type BoxPlace } from './alarm-message.ts'
import { BoxQueue, boxWaitingMax, type Cursor } from './box-queue.ts'
import { cursorNow, LaneFollower } from './lane-follower.ts'

const tickMs = 1000
/** How far it was looked is stored this often when nothing was queued. */
const noteEveryMs = 60_000

export interface BoxOutletsOptions {
  outlets: readonly { settings: BoxOutletSettings; outlet: Outlet }[]
  box: BoxPlace
  timeZone: string
  journal: Pick<Journal, 'append' | 'loadState' | 'epoch' | 'positions' | 'read' | 'onCommitted'>
  /** Its `wallMs` never steps: a clock that is set must not give up what waits. */
  clock: Clock
  random: Random
  logger: Logger
  figures: OutletFigures
  /** The fault of a kind, with a sentence about each outlet; absent words end it. */
  onTrouble: (kind: TroubleKind, words: string | undefined) => void
  /** A person has answered by key. Rejects when that can not be stored now. */
  takeAnswer: (alarm: string, key: AnswerKey, who: string) => Promise<void>
}

type Opened = BoxOutletsOptions['outlets'][number] & { turns: OutletTurn<never>[] }

export class BoxOutlets {
  readonly #options: BoxOutletsOptions
  readonly #queue: BoxQueue
  readonly #follower: LaneFollower
  readonly #opened: Opened[]
  readonly #watch: OutletWatch
  readonly #stopped = new AbortController()
  readonly #troubles = new Map<TroubleKind, Map<string, string>>()
  #undo: (() => void)[] = []
  #cursor: Cursor
  #notedAtMs = 0
  #isLooking = false
  #mustLook = false
  #looking: Promise<void> = Promise.resolve()

  constructor(options: BoxOutletsOptions) {
    this.#options = options
    const { outlets, journal, clock, logger, figures } = options
    this.#queue = new BoxQueue(journal)
    this.#follower = new LaneFollower(journal)
    this.#cursor = cursorNow(journal)
    this.#watch = new OutletWatch({
      settings: outlets.map(({ settings }) => settings),
      waitingMax: boxWaitingMax,
      storage: this.#queue,
      clock,
      logger,
      troubles: { set: (...trouble) => this.#setTrouble(...trouble), standing: () => [] },
      onWaiting: figures.waiting,
    })
    this.#opened = outlets.map((one) => ({
      ...one,
      turns: [true, false].map((isUrgent) => this.#createTurn(one, isUrgent)),
    }))
  }

  async start(): Promise<void> {
    const { journal, clock } = this.#options
    const names = this.#opened.map(({ settings }) => settings.name)
    await this.#queue.open(names, this.#cursor, clock.wallMs())
    if (names.length === 0) return
    this.#cursor = this.#follower.adopt(this.#queue.cursor ?? this.#cursor)
    this.#watch.start()
    for (const one of this.#opened) await this.#startOne(one)
    this.#undo = [
      journal.onCommitted((records) => {
        if (records.some(({ lane }) => lane !== 'routine' && lane !== 'picture')) this.look()
      }),
      every(clock, tickMs, () => this.look(), 0),
      every(clock, tickMs, () => this.#watch.look()),
    ]
    for (const { turns } of this.#opened) for (const turn of turns) turn.look()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    for (const undo of this.#undo) undo()
    await Promise.all(this.#opened.flatMap(({ turns }) => turns.map((turn) => turn.stop())))
    await this.#looking
    for (const { outlet } of this.#opened) await outlet.stop?.()
  }

  /** How each receiver is, for the console. */
  async list(): Promise<OutletSummary[]> {
    const states = await this.#queue.outletStates(Number.MAX_SAFE_INTEGER)
    const waiting = new Map(states.map((state) => [state.outlet, state.waiting]))
    return this.#opened.map(({ settings: { name, label, type, drills } }) => ({
      name,
      label: label ?? name,
      type,
      takesDrills: drills,
      waiting: waiting.get(name) ?? 0,
      ...this.#watch.stateOf(name),
    }))
  }

  /** Sends a test message, or with `isDry` nothing: the bytes either way. */
  async test(name: string, by: string, isDry: boolean): Promise<OutletTestAnswer | undefined> {
    const { clock, random } = this.#options
    const opened = this.#opened.find(({ settings }) => settings.name === name)
    if (!opened) return undefined
    const message = testMessage(`g-${random.hex(10)}`, Math.round(clock.wallMs()), by)
    const answer = await testOutlet(opened, message, isDry, clock, this.#stopped.signal)
    if (answer.state !== undefined)
      this.#watch.attempted(name, answer.state !== 'failed', answer.words ?? '', true)
    return answer
  }

  /** An alarm may have been stored. */
  look(): void {
    this.#mustLook = true
    if (this.#isLooking || this.#stopped.signal.aborted) return
    this.#isLooking = true
    this.#looking = this.#look().finally(() => (this.#isLooking = false))
  }

  async #look(): Promise<void> {
    const { logger } = this.#options
    try {
      while (this.#mustLook && !this.#stopped.signal.aborted) {
        this.#mustLook = false
        for (let isEnd = false; !isEnd && !this.#stopped.signal.aborted;) {
          const page = await this.#follower.next(this.#cursor)
          await this.#take(page.alarms, page.cursor)
          isEnd = page.isEnd
        }
      }
    } catch (error) {
      if (!this.#stopped.signal.aborted)
        logger.error({ err: error }, 'alarms could not be queued for outlets; they are looked at again')
    }
  }

  async #take(alarms: readonly AlarmRecord[], cursor: Cursor): Promise<void> {
    const { clock } = this.#options
    const made: NewDelivery[] = []
    for (const record of alarms) made.push(...this.#plan(record, made))
    const isMoved = cursor !== this.#cursor
    if (made.length > 0 || (isMoved && clock.monotonicMs() - this.#notedAtMs >= noteEveryMs)) {
      await this.#queue.add(made, cursor, clock.wallMs())
      this.#notedAtMs = clock.monotonicMs()
    }
    this.#cursor = cursor
    for (const { settings, turns } of this.#opened)
      if (made.some(({ outlet }) => outlet === settings.name)) for (const turn of turns) turn.look()
  }

  #plan(record: AlarmRecord, inPage: readonly NewDelivery[]): NewDelivery[] {
    const { box, timeZone, random, clock } = this.#options
    const { alarm } = record
    const minute = record.clock === 'unsynced' ? undefined : minuteOfWeek(timeZone, record.atMs)
    const sent = [...this.#queue.sentOf(alarm.id), ...inPage.filter((one) => one.case === alarm.id)]
    return this.#opened.flatMap(({ settings, outlet }) => {
      const facts = factsOf(record, box, (name) => this.#isTroubled(name), settings.name)
      const step = facts && stepOfRules(settings, facts, sent, minute)
      if (step === undefined) return []
      const id = `g-${random.hex(10)}`
      const nowMs = clock.wallMs()
      const isUrgent = !outranks('orange', alarm.colour)
      return {
        id,
        outlet: settings.name,
        case: alarm.id,
        step,
        isUrgent,
        colourRank: urgency(alarm.colour),
        madeAtMs: nowMs,
        dueAtMs: nowMs + (isUrgent ? 0 : (outlet.groupMs ?? 0)),
        endsAtMs: nowMs + settings.giveUpMinutes * 60_000,
        body: JSON.stringify(messageOfAlarm(record, box, { id, step })),
      }
    })
  }

  #createTurn(
    { settings, outlet }: BoxOutletsOptions['outlets'][number],
    isUrgent: boolean,
  ): OutletTurn<never> {
    const { clock, random, logger, figures } = this.#options
    return new OutletTurn({
      settings,
      outlet,
      isUrgent,
      storage: this.#queue,
      clock,
      random,
      logger,
      onChanges: () => undefined,
      onAttempt: (answer, tookMs, madeAtMs, isGivenUp) => {
        const isWell = answer.state !== 'refused'
        figures.attempt(settings.name, answer.state, tookMs)
        if (isWell) figures.handedOver(settings.name, clock.wallMs() - madeAtMs)
        else
          logger.warn(
            { outlet: settings.name, words: answer.words, isGivenUp },
            'an outlet has refused a message',
          )
        this.#watch.attempted(settings.name, isWell, answer.words, isGivenUp)
      },
    })
  }

  async #startOne({ settings: { name }, outlet }: Opened): Promise<void> {
    const { logger } = this.#options
    const confirm = async (id: string, words: string): Promise<string | undefined> => {
      const found = this.#queue.delivery(id)
      if (found?.outlet !== name) return undefined
      const atMs = this.#options.clock.wallMs()
      await this.#queue.moveDeliveries({
        numbers: [found.number],
        state: 'confirmed',
        words,
        atMs,
        isAttempt: false,
      })
      this.#watch.look()
      return found.case
    }
    try {
      await outlet.start?.({
        heard: (isWell, words) => this.#watch.heard(name, isWell, words),
        answered: async (id, key, words, who) => {
          const alarm = await confirm(id, `${who}: ${words}`)
          if (alarm !== undefined) await this.#options.takeAnswer(alarm, key, who)
        },
        noted: (id, words, who) => {
          logger.info({ outlet: name, id, words, who }, 'words of an unproven sender about a message')
          return Promise.resolve()
        },
        confirmed: (id, words) =>
          void confirm(id, words).catch((error: unknown) =>
            logger.error({ err: error, outlet: name }, 'an answer could not be stored'),
          ),
      })
    } catch (error) {
      // The others work on; the watch shows it.
      logger.error({ err: error, outlet: name }, 'an outlet could not be started')
      this.#watch.heard(name, false, error instanceof Error ? error.message : 'not started')
    }
  }

  #isTroubled(outlet: string): boolean {
    return [...this.#troubles.values()].some((words) => words.has(outlet))
  }

  /** The box has one alarm of a kind: it names every outlet that fails when it is raised. */
  #setTrouble(kind: TroubleKind, outlet: string, words: string | undefined): void {
    const standing = this.#troubles.get(kind) ?? new Map<string, string>()
    this.#troubles.set(kind, standing)
    if (words === undefined) standing.delete(outlet)
    else standing.set(outlet, words)
    const all = [...standing].map(([name, what]) => `${this.#labelOf(name)}: ${what}`)
    this.#options.onTrouble(kind, all.length === 0 ? undefined : all.join('; '))
  }

  #labelOf(outlet: string): string {
    return this.#opened.find(({ settings }) => settings.name === outlet)?.settings.label ?? outlet
  }
}
