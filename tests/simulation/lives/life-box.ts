// One start of the box in virtual time: the real journal, intake, alarm engine and uplink session over the model of its
// disk, wired as the gateway wires them. It ends with the power.
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { createAlarmEngine } from '../../../gateway/alarms/alarm-engine.ts'
import { parseAlarmSettings } from '../../../gateway/config/alarm-settings.ts'
import { Intake } from '../../../gateway/intake/intake.ts'
import { BatchingJournal } from '../../../gateway/journal/journal.ts'
import {
  JournalError,
  type StorageAnswer,
  type JournalEntry,
  type StoredRecord,
} from '../../../gateway/journal/port.ts'
import { packReport } from '../../../gateway/uplink/queues/pack.ts'
import { type ReadDone, type ReadLimits, SendOrder } from '../../../gateway/uplink/send-order.ts'
import type { SessionEvents } from '../../../gateway/uplink/session-events.ts'
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { Heartbeat } from '../../../protocols/uplink/heartbeat.ts'
import { type Disk, DiskThread } from './life-disk.ts'
import type { Canary, LifeFaults } from './life-faults.ts'

const commitWindowMs = 500
const tickMs = 1000
const parsed = parseAlarmSettings('box', {
  zones: [{ id: 'yard', armed: true }],
  devices: [
    { id: 'button-1', kind: 'button', zone: 'yard' },
    { id: 'button-2', kind: 'button', zone: 'yard' },
    { id: 'door-1', kind: 'contact', zone: 'yard' },
    { id: 'door-2', kind: 'contact' },
    { id: 'smoke-1', kind: 'smoke' },
    { id: 'gauge', kind: 'water', water: { nearWarningMm: 300, warningMm: 500, guaranteeMm: 700 } },
  ],
})
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
const settings = parsed.value
const logger = pino({ level: 'silent' })

export interface LifeBoxOptions {
  disk: Disk
  clock: Clock
  random: Random
  faults: () => LifeFaults
  canary: Canary | undefined
  isPacked: boolean
  /** Milliseconds that earlier boots were up. */
  steadyBases: Map<number, number>
  events: SessionEvents
  onSettled: (lane: Lane, storedTo: number) => void
  onDeaf: () => void
  onPowerCut: () => void
  /** The program did something that must never happen. */
  onFailed: (error: unknown) => void
}

export class LifeBox {
  readonly boot: number
  readonly journal: BatchingJournal
  readonly #options: LifeBoxOptions
  readonly #thread: DiskThread
  readonly #intake: Intake
  #session: SendOrder | undefined
  readonly #clock: Clock
  readonly #startMs: number
  #isDead = false
  #isReady = false

  constructor(options: LifeBoxOptions) {
    const { clock, canary, random } = options
    this.#options = options
    this.#startMs = clock.monotonicMs()
    this.#thread = new DiskThread(options)
    this.boot = this.#thread.opened.boot
    // Timers of an ended process never run.
    this.#clock = {
      monotonicMs: () => clock.monotonicMs(),
      wallMs: () => clock.wallMs(),
      after: (delayMs, run) =>
        clock.after(delayMs, () => {
          if (!this.#isDead) run()
        }),
    }
    const journalOptions = { folder: '', clock: this.#clock, random, logger, bootId: '', commitWindowMs }
    this.journal = new BatchingJournal(journalOptions, this.#thread)
    if (canary === 'waits-for-company') {
      const put = this.journal.put.bind(this.journal)
      this.journal.put = (entry: JournalEntry, told: StorageAnswer<readonly StoredRecord[]>) =>
        put({ ...entry, isUrgent: false }, told)
    }
    this.#intake = new Intake({
      journal: this.journal,
      engine: createAlarmEngine(settings),
      now: () => this.#now(),
      steadyBaseOf: (boot) => options.steadyBases.get(boot) ?? 0,
      monotonicMs: () => clock.monotonicMs(),
      logger,
      metrics: new Registry(),
      pause: (ms) => new Promise((resolve) => this.#clock.after(ms, () => resolve())),
    })
  }

  get isUp(): boolean {
    return this.#isReady && !this.#isDead
  }

  get session(): SendOrder | undefined {
    return this.isUp ? this.#session : undefined
  }

  async start(): Promise<void> {
    const { events, canary, onSettled, onDeaf } = this.#options
    await this.#intake.start()
    const session = new SendOrder({
      epoch: this.journal.epoch,
      positions: this.journal.positions(),
      read: (lane, after, limits, done) => void this.#read(lane, after, limits, done),
      settle: (lane, storedTo) => {
        onSettled(lane, storedTo)
        this.journal.settle(lane, storedTo)
      },
      stepBack: (lane, storedTo) => this.journal.stepBack(lane, storedTo),
      pack: this.#options.isPacked ? packReport : (text) => new TextEncoder().encode(text),
      clock: this.#clock,
      events,
      againAfterMsMin: 2000,
      deafAfterMs: 15_000,
      onDeaf,
    })
    this.#session = session
    this.journal.onCommitted((records) => {
      if (canary === 'hears-of-red-late') this.#tellLate(records, session)
      else session.commit(records)
    })
    this.#isReady = true
    void this.#judge({ type: 'started' })
    this.#tick()
  }

  /** Power off: a running commit is on disk or not, and no caller gets an answer. */
  die(): void {
    const { steadyBases } = this.#options
    steadyBases.set(this.boot + 1, this.#now().steadyMs)
    this.#isDead = true
    this.#session?.stop()
    this.#thread.die()
  }

  accept(message: { device: string; topic: string; payload: Uint8Array }): Promise<void> {
    const kept = this.#intake.accept(message)
    if (this.#options.canary !== 'acks-early') return kept
    kept.catch(() => undefined)
    return Promise.resolve()
  }

  /** An operator's step has arrived. */
  stage(alarm: string, stage: 'seen' | 'accepted'): void {
    void this.#judge({ type: 'stage', alarm, stage, by: 'operator' })
  }

  heartbeat(): Heartbeat {
    const { boot, sinceBootMs, atMs } = this.#now()
    const time = { boot, sinceBootMs, atMs, clock: 'synced' as const, uptimeMs: sinceBootMs }
    return { v: 1, epoch: this.journal.epoch, lanes: this.journal.positions(), ...time }
  }

  #now() {
    const sinceBootMs = this.#options.clock.monotonicMs() - this.#startMs
    const steadyMs = (this.#options.steadyBases.get(this.boot) ?? 0) + sinceBootMs
    const atMs = Math.round(this.#options.clock.wallMs())
    return { boot: this.boot, sinceBootMs, atMs, clock: 'synced' as const, steadyMs }
  }

  async #judge(input: Parameters<Intake['judge']>[0]): Promise<void> {
    try {
      await this.#intake.judge(input)
    } catch (error) {
      if (!(error instanceof JournalError)) this.#options.onFailed(error)
    }
  }

  async #read(lane: Lane, after: number, limits: ReadLimits, done: ReadDone): Promise<void> {
    done(await this.journal.read(lane, after, limits))
  }

  #tick(): void {
    this.#clock.after(tickMs, () => {
      if (this.#intake.nextDueMs() <= this.#now().steadyMs) void this.#judge({ type: 'tick' })
      this.#session?.tick()
      this.#tick()
    })
  }

  #tellLate(records: readonly StoredRecord[], session: SendOrder): void {
    session.commit(records.filter(({ lane }) => lane !== lanes[0]))
    this.#clock.after(5000, () => session.commit(records.filter(({ lane }) => lane === lanes[0])))
  }
}
