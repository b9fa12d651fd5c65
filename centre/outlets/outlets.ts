// All outlets of the centre: follows the steps of cases, queues what the rules say, keeps a pair of turns for each receiver, and raises
// the alarms about receivers that fail or do not answer.
import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { every } from '../../platform/time/every.ts'
import { urgency } from '../../protocols/domain/colour.ts'
import type {
  CaseOutletsAnswer,
  DeskDelivery,
  OutletSummary,
  OutletTestAnswer,
} from '../../protocols/desk/outlets.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { OutletSettings } from '../config/outlets/outlet-settings.ts'
import { minuteOfWeek } from '../../platform/time/duty-hours.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import { waitingMax, type NewDelivery, type StoredDelivery } from '../../platform/outlets/queue/queue-port.ts'
import type { OutletCase, OutletEvent, OutletEventPage } from '../storage/outlet-port.ts'
import type { TakeAnswer } from './case-answer.ts'
import { testMessage } from '../../platform/outlets/message.ts'
import { testOutlet } from '../../platform/outlets/test-outlet.ts'
import { messageOf, type StepFacts } from './case-message.ts'
import type { OutletFigures } from '../../platform/outlets/queue/outlet-figures.ts'
import { OutletTurn } from '../../platform/outlets/queue/outlet-turn.ts'
import { OutletWatch, type OutletTroubles } from '../../platform/outlets/queue/outlet-watch.ts'
import type { Outlet } from '../../platform/outlets/port.ts'
import { stepFor } from './rules.ts'

const tickMs = 1000
/** Entries of the audit log in one look. */
const pageMax = 500
/** How far it was looked is stored this often when nothing was queued. */
const noteEveryMs = 5000
/** What a case shows. */
const shownMax = 100

export interface OutletsOptions {
  outlets: readonly { settings: OutletSettings; outlet: Outlet }[]
  timeZone: string
  storage: Pick<
    Storage,
    | 'openOutlets'
    | 'outletEvents'
    | 'outletCase'
    | 'addDeliveries'
    | 'moveDeliveries'
    | 'dueDeliveries'
    | 'nextDelivery'
    | 'deliveriesOf'
    | 'delivery'
    | 'outletStates'
  >
  clock: Clock
  random: Random
  logger: Logger
  figures: OutletFigures
  troubles: OutletTroubles
  onStored: (changes: readonly StoredChange[]) => void
  /** What a person answered by key, as a step of the case. */
  takeAnswer: TakeAnswer
}

interface Opened {
  settings: OutletSettings
  outlet: Outlet
  turns: OutletTurn<StoredChange>[]
}

export class Outlets {
  readonly #options: OutletsOptions
  readonly #opened: Opened[]
  readonly #watch: OutletWatch
  readonly #stopped = new AbortController()
  #cancels: (() => void)[] = []
  #lookedTo: number | undefined
  #notedTo: number | undefined
  #notedAtMs = 0
  #isLooking = false
  #mustLook = false
  #looking: Promise<void> = Promise.resolve()

  constructor(options: OutletsOptions) {
    this.#options = options
    const { outlets, clock, storage, troubles, logger } = options
    const settings = outlets.map((one) => one.settings)
    const onWaiting = options.figures.waiting
    this.#watch = new OutletWatch({ settings, waitingMax, storage, clock, logger, troubles, onWaiting })
    this.#opened = outlets.map((one) => ({
      ...one,
      turns: [true, false].map((isUrgent) => this.#createTurn(one.settings, one.outlet, isUrgent)),
    }))
  }

  async start(): Promise<void> {
    const { storage, clock } = this.#options
    await storage.openOutlets(
      this.#opened.map(({ settings }) => settings.name),
      clock.wallMs(),
    )
    this.#watch.start()
    if (this.#opened.length === 0) return
    for (const { settings, outlet } of this.#opened) await this.#startOne(settings.name, outlet)
    this.#cancels = [
      every(clock, tickMs, () => this.look(), 0),
      every(clock, tickMs, () => this.#watch.look()),
    ]
    for (const { turns } of this.#opened) for (const turn of turns) turn.look()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    for (const cancel of this.#cancels) cancel()
    await Promise.all(this.#opened.flatMap(({ turns }) => turns.map((turn) => turn.stop())))
    await this.#looking
    await this.#noteLook()
    for (const { outlet } of this.#opened) await outlet.stop?.()
  }

  /** Something was stored: perhaps a step of a case. */
  look(): void {
    this.#mustLook = true
    if (this.#isLooking || this.#stopped.signal.aborted || this.#opened.length === 0) return
    this.#isLooking = true
    this.#looking = this.#look().finally(() => (this.#isLooking = false))
  }

  summaries(states: ReadonlyMap<string, number>): OutletSummary[] {
    return this.#opened.map(({ settings: { name, label, type, drills } }) => ({
      name,
      label: label ?? name,
      type,
      takesDrills: drills,
      waiting: states.get(name) ?? 0,
      ...this.#watch.stateOf(name),
    }))
  }

  async list(): Promise<OutletSummary[]> {
    const states = await this.#options.storage.outletStates(Number.MAX_SAFE_INTEGER)
    return this.summaries(new Map(states.map(({ outlet, waiting }) => [outlet, waiting])))
  }

  /** `user`: who looks, for what that person's telephone can do. */
  async ofCase(id: string, user = ''): Promise<CaseOutletsAnswer | undefined> {
    const [stored, found] = await Promise.all([
      this.#options.storage.deliveriesOf(id, shownMax),
      this.#options.storage.outletCase(id),
    ])
    if (!found) return undefined
    const open = this.#opened.filter(({ settings }) => !found.case.isDrill || settings.drills)
    return {
      deliveries: stored.map((one) => this.#shown(one)),
      outlets: open.map(({ settings }) => ({
        name: settings.name,
        label: settings.label ?? settings.name,
        ...callsOf(settings, found, user),
      })),
    }
  }

  /** A person sends the case to a receiver. */
  async ask(
    caseId: string,
    name: string,
    by: string,
    text: string,
    household: HouseholdCall = 'none',
  ): Promise<'queued' | 'no-outlet' | 'no-case' | 'drill' | 'no-call'> {
    const { storage, clock, random } = this.#options
    const opened = this.#opened.find(({ settings }) => settings.name === name)
    if (!opened) return 'no-outlet'
    const found = await storage.outletCase(caseId)
    if (!found) return 'no-case'
    if (found.case.isDrill && !opened.settings.drills) return 'drill'
    const calls = callsOf(opened.settings, found, by)
    if (household !== 'none' && !calls.callsHousehold) return 'no-call'
    if (household === 'connect' && !calls.connectsHousehold) return 'no-call'
    const has = found.sent.some(({ outlet, step }) => outlet === name && step === 'raised')
    const facts: StepFacts = {
      id: `g-${random.hex(10)}`,
      step: household !== 'none' ? 'household' : has ? 'again' : 'raised',
      atMs: Math.round(clock.wallMs()),
      who: by,
      text,
      ...(household === 'connect' ? { deskPhone: deskPhoneOf(opened.settings, by) } : {}),
    }
    const made = [{ ...this.#delivery(opened, found, facts), by }]
    this.#queued(await storage.addDeliveries(made, undefined, clock.wallMs()), made)
    return 'queued'
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

  /** A person, or the receiver's program, says that the message has arrived. False when there is no such message of the case. */
  async confirm(caseId: string, id: string, words: string, who: string): Promise<boolean> {
    const found = await this.#options.storage.delivery(id)
    if (found?.case !== caseId) return false
    await this.#confirm([found.number], words, who)
    return true
  }

  async #confirm(numbers: number[], words: string, who: string): Promise<void> {
    const { storage, clock, onStored } = this.#options
    const move = { numbers, state: 'confirmed' as const, words, atMs: clock.wallMs(), isAttempt: false, who }
    onStored(await storage.moveDeliveries(move))
    this.#watch.look()
  }

  #createTurn(settings: OutletSettings, outlet: Outlet, isUrgent: boolean): OutletTurn<StoredChange> {
    const { storage, clock, random, logger, figures, onStored } = this.#options
    return new OutletTurn({
      settings,
      outlet,
      isUrgent,
      storage,
      clock,
      random,
      logger,
      onChanges: (changes) => {
        if (changes.length > 0) onStored(changes)
      },
      onAttempt: (answer, tookMs, madeAtMs, isGivenUp) => {
        const isWell = answer.state !== 'refused'
        figures.attempt(settings.name, answer.state, tookMs)
        if (isWell) figures.handedOver(settings.name, clock.wallMs() - madeAtMs)
        this.#watch.attempted(settings.name, isWell, answer.words, isGivenUp)
      },
    })
  }

  async #startOne(name: string, outlet: Outlet): Promise<void> {
    const { logger, storage } = this.#options
    try {
      await outlet.start?.({
        heard: (isWell, words) => this.#watch.heard(name, isWell, words),
        answered: async (id, key, words, who) => {
          const found = await storage.delivery(id)
          if (found?.outlet !== name) return
          await this.#confirm([found.number], words, who)
          await this.#options.takeAnswer(found.case, key, words, who)
        },
        noted: async (id, words, who) => {
          const found = await storage.delivery(id)
          if (found?.outlet === name) await this.#options.takeAnswer(found.case, undefined, words, who)
        },
        confirmed: (id, words, who) => {
          void storage
            .delivery(id)
            .then((found) => (found?.outlet === name ? this.#confirm([found.number], words, who) : undefined))
            .catch((error: unknown) =>
              logger.error({ err: error, outlet: name }, 'an answer could not be stored'),
            )
        },
      })
    } catch (error) {
      // The others work on; the watch shows it.
      logger.error({ err: error, outlet: name }, 'an outlet could not be started')
      this.#watch.heard(name, false, error instanceof Error ? error.message : 'not started')
    }
  }

  async #look(): Promise<void> {
    const { storage, logger } = this.#options
    try {
      while (this.#mustLook && !this.#stopped.signal.aborted) {
        this.#mustLook = false
        for (let isEnd = false; !isEnd && !this.#stopped.signal.aborted;) {
          const page = await storage.outletEvents(this.#lookedTo, pageMax)
          await this.#queue(page)
          isEnd = page.isEnd
        }
      }
    } catch (error) {
      if (!this.#stopped.signal.aborted)
        logger.error(
          { err: error },
          'steps of cases could not be queued for outlets; they are looked at again',
        )
    }
  }

  /** So that the next run does not look again at what was before it, with other rules. */
  async #noteLook(): Promise<void> {
    const { storage, clock } = this.#options
    if (this.#lookedTo === undefined || this.#lookedTo === this.#notedTo) return
    await storage.addDeliveries([], this.#lookedTo, clock.wallMs())
  }

  async #queue(page: OutletEventPage): Promise<void> {
    const { storage, clock } = this.#options
    const made = this.#plan(page)
    const isNoted = this.#notedTo === page.to || clock.monotonicMs() - this.#notedAtMs < noteEveryMs
    if (made.length > 0 || !isNoted) {
      this.#queued(await storage.addDeliveries(made, page.to, clock.wallMs()), made)
      this.#notedTo = page.to
      this.#notedAtMs = clock.monotonicMs()
    }
    this.#lookedTo = page.to
  }

  #plan({ events }: OutletEventPage): NewDelivery[] {
    const { timeZone } = this.#options
    const made: NewDelivery[] = []
    for (const event of events) {
      const minute = minuteOfWeek(timeZone, event.atMs)
      const inPage = made.filter((one) => one.case === event.case.id)
      for (const opened of this.#opened) {
        const step = stepFor(opened.settings, event, [...event.sent, ...inPage], minute)
        if (step === undefined) continue
        const { atMs, who, text } = event
        const id = deliveryId(event, opened.settings.name, step)
        made.push(this.#delivery(opened, event, { id, step, atMs, who, text }))
      }
    }
    return made
  }

  #delivery({ settings, outlet }: Opened, found: OutletCase, facts: StepFacts): NewDelivery {
    const nowMs = Math.round(this.#options.clock.wallMs())
    const { id, colour } = found.case
    const isUrgent = colour === 'red' || colour === 'orange'
    return {
      id: facts.id,
      outlet: settings.name,
      case: id,
      step: facts.step,
      isUrgent,
      colourRank: urgency(colour),
      madeAtMs: nowMs,
      dueAtMs: nowMs + (isUrgent ? 0 : (outlet.groupMs ?? 0)),
      endsAtMs: nowMs + settings.giveUpMinutes * 60_000,
      body: JSON.stringify(messageOf(found, facts)),
    }
  }

  #queued(changes: readonly StoredChange[], made: readonly NewDelivery[]): void {
    if (changes.length > 0) this.#options.onStored(changes)
    for (const { settings, turns } of this.#opened)
      if (made.some(({ outlet }) => outlet === settings.name)) for (const turn of turns) turn.look()
  }

  #shown({
    case: _case,
    body: _body,
    isUrgent: _urgent,
    colourRank: _rank,
    ...one
  }: StoredDelivery): DeskDelivery {
    const { dueAtMs, endsAtMs: _ends, ...rest } = one
    const label = this.#opened.find(({ settings }) => settings.name === one.outlet)?.settings.label
    return { ...rest, label: label ?? one.outlet, ...(one.state === 'waiting' ? { nextAtMs: dueAtMs } : {}) }
  }
}

/**
 * The same step of a case has the same message for a receiver, whichever centre queues it: a centre that stood still, and does not know that
 * another one follows the cases now, queues nothing twice. The time is part of it, because after an older backup positions are given again.
 */
const deliveryId = ({ case: item, position, atMs }: OutletEvent, outlet: string, step: string): string =>
  `g-${createHash('sha256').update([item.id, outlet, step, position, atMs].join('\n')).digest('hex').slice(0, 20)}`

/** A telephone that rings beside an aggressor is a danger. */
const silentVariants = new Set(['duress', 'silent'])

/** `read`: the program calls the household and reads; `connect`: the person at the desk is connected with it. */
export type HouseholdCall = 'none' | 'read' | 'connect'

const canCallBack = ({ type }: OutletSettings, { alarm }: OutletCase): boolean =>
  type === 'voice' && alarm?.place?.phone !== undefined && !silentVariants.has(alarm.variant ?? '')

const deskPhoneOf = (settings: OutletSettings, user: string): string | undefined => {
  const desk = settings.type === 'voice' ? settings.desk : undefined
  const own = desk && Object.hasOwn(desk.users, user) ? desk.users[user] : undefined
  return own ?? desk?.number
}

function callsOf(
  settings: OutletSettings,
  found: OutletCase,
  user: string,
): { callsHousehold?: true; connectsHousehold?: true } {
  if (!canCallBack(settings, found)) return {}
  const hasPhone = deskPhoneOf(settings, user) !== undefined
  return { callsHousehold: true, ...(hasPhone ? { connectsHousehold: true } : {}) }
}
