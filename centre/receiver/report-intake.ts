// Group commit: Reports that arrive during one commit are committed together in the next one, red and orange first and
// separately. The sender gets its answer only when its Report is on disk.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Clock } from '../../protocols/kit/clock.ts'
import { describeProblems } from '../../protocols/kit/result.ts'
import type { UpChannel } from '../../protocols/uplink/topics.ts'
import type { QuarantineEntry, Storage, StoredChange, StoredIntake } from '../storage/port.ts'
import type { BoxLimits } from './box-limits.ts'
import { FairQueue } from '../../platform/fair-queue.ts'
import { alarmAmong, causeOf, rawOf, type FaultyRecord } from './faulty-records.ts'
import { IntakeNotes } from './intake-counters.ts'
import { parseArrivedReport } from './parse-arrived.ts'
import { splitReport, weightOf } from './report-weight.ts'
import { UrgentPace } from './pace/urgent-pace.ts'
import type { GapChange, Plan, ReceiverCore } from './receiver-core.ts'
import { charsOf, createEnd, type Packed, type Waiting } from './waiting-report.ts'
import { messageOf } from '../../platform/failure.ts'
import { isGzip } from '../../protocols/uplink/report.ts'
import { colourOfUnreadable, type UnreadableAlarm } from '../alarms/unreadable-alarm.ts'

/** Most records in one commit of red and orange. */
export const urgentRecordsMax = 6000
/** Most records in a commit of the other lanes. */
export const otherRecordsMax = 600
/** Commits of red and orange before the others get a turn. */
export const urgentInARowMax = 8
/** Of one box in one commit: the red of another box waits for no more. A larger Report is stored in several commits. */
export const boxRecordsMax = 600
/** An unreadable Report is kept in quarantine, up to 16 KiB of it. */
const unreadableWeight = 20
/** Reports waiting for a commit, in bytes as received; further ones are refused, and the box sends them again. */
export const waitingBytesMax = 64 * 1024 * 1024
/** Of one box: beyond it the box is refused, whatever other boxes have waiting. */
export const waitingPerBoxMax = 8 * 1024 * 1024
/** Reports decompressed ahead of their turn, in characters, of all boxes and of one: they take twenty times the memory. */
const unpackedCharsMax = 8 * 1024 * 1024
const unpackedPerBoxMax = 1024 * 1024
/** Bytes of a Report that can not be read, beside its alarm. */
const shownBytesMax = 400

export interface IntakeOptions {
  core: ReceiverCore
  storage: Pick<Storage, 'storeIntake'>
  clock: Clock
  logger: Logger
  registry: Registry
  /** Where several centres share a database: the fence of a box, and what is done when another centre has it now. */
  claims?: { fenceOf: (box: string) => number; lost: (boxes: readonly string[]) => void }
  /** Absent: boxes have no limit. */
  limits?: Pick<BoxLimits, 'putsOff' | 'isReceiptDue' | 'stored'>
}

/** After each commit: the boxes that must get a Receipt, the changes for the stream, the lanes with holes. */
export interface StoredReports {
  heard: { box: string; epoch: string }[]
  changes: StoredChange[]
  gaps: GapChange[]
}

export class ReportIntake {
  readonly #options: IntakeOptions
  readonly #urgent = new FairQueue<Waiting>()
  readonly #rest = new FairQueue<Waiting>()
  readonly #bytesOfBox = new Map<string, number>()
  readonly #charsOfBox = new Map<string, number>()
  readonly #notes: IntakeNotes
  readonly #pace: UrgentPace
  #isDraining = false
  #isUnpacking = false
  #waitingBytes = 0
  #unpackedChars = 0
  #running: Promise<void> | undefined
  #cancelRun: () => void = () => undefined
  #isFailing = false
  #urgentInARow = 0
  #stored: (stored: StoredReports) => void = () => undefined
  #urgentCame: () => void = () => undefined

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#pace = new UrgentPace(options.clock)
    this.#notes = new IntakeNotes(options)
  }

  onStored(listener: (stored: StoredReports) => void): void {
    this.#stored = listener
  }

  /** False while commits fail. */
  get isHealthy(): boolean {
    return !this.#isFailing
  }

  /**
   * `done` is called once: without an error only when everything in `payload` is on disk (or in quarantine there), or
   * when it is deferred: then no Receipt contains it, and the box sends it again.
   */
  offer(
    box: string,
    channel: UpChannel,
    topic: string,
    payload: Uint8Array,
    done: (error?: Error) => void,
  ): void {
    if (this.#options.limits?.putsOff(box, channel)) {
      done()
      this.#remind(box)
      return
    }
    const bytes = payload.byteLength
    const ofBox = (this.#bytesOfBox.get(box) ?? 0) + bytes
    if (ofBox > waitingPerBoxMax || this.#waitingBytes + bytes > waitingBytesMax) {
      this.#notes.refused(1)
      done(new Error('too many Reports wait for the disk'))
      return
    }
    this.#waitingBytes += bytes
    this.#bytesOfBox.set(box, ofBox)
    const waiting: Waiting = {
      box,
      topic,
      packed: { channel, payload },
      arrived: undefined,
      unreadable: undefined,
      bytes,
      chars: 0,
      weight: () => this.#weigh(waiting),
      split: (weightMax) => this.#split(waiting, weightMax),
      failure: undefined,
      done: (error) => done(error ?? waiting.failure),
    }
    const isUrgent = channel === 'red' || channel === 'orange'
    ;(isUrgent ? this.#urgent : this.#rest).push(waiting)
    this.#running ??= this.#run()
    if (isUrgent) this.#urgentCame()
    this.#unpackAhead()
  }

  /** Resolves when everything that `box` offered before is answered. */
  async settled(box: string): Promise<void> {
    const ends = [this.#urgent, this.#rest].map(
      (queue) => new Promise<void>((resolve) => queue.push(createEnd(box, resolve))),
    )
    this.#running ??= this.#run()
    await Promise.all(ends)
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    this.#isDraining = true
    this.#cancelRun()
    if (this.#urgent.size > 0) this.#running ??= this.#run()
    while (this.#running) await this.#running
  }

  async #run(): Promise<void> {
    // First lets everything of this turn of the event loop arrive.
    await new Promise((resolve) => setImmediate(resolve))
    for (let batch = this.#take(); batch.length > 0; batch = this.#take())
      if (this.#urgentInARow === 0 && this.#options.claims) await this.#commitBulk(batch)
      else await this.#commit(batch)
    this.#running = undefined
    if (this.#urgent.size > 0) this.#runLater()
  }

  /** Storage that several centres share ends a commit of bulk early when an urgent one comes: it is not kept until then. */
  async #commitBulk(batch: readonly Waiting[]): Promise<void> {
    let isOver = false
    const bulk = this.#commit(batch).finally(() => (isOver = true))
    while (!isOver) {
      const came = new Promise<void>((resolve) => (this.#urgentCame = resolve))
      const urgent = this.#takeUrgent()
      if (urgent.length > 0) await this.#commit(urgent)
      else await Promise.race([bulk, came])
    }
    this.#urgentInARow = 0
  }

  /** Only boxes above their pace wait: runs again at the first turn. One timer: every further Report leads here too. */
  #runLater(): void {
    const waits = Array.from(this.#urgent.boxes(), (box) => this.#pace.waitMs(box))
    this.#cancelRun()
    this.#cancelRun = this.#options.clock.after(Math.ceil(Math.min(...waits)) + 1, () => {
      this.#running ??= this.#run()
    })
  }

  /** Urgent ones; if they do not end, others between them. */
  #take(): Waiting[] {
    const isUrgentNext = this.#urgentInARow < urgentInARowMax || this.#rest.size === 0
    const urgent = isUrgentNext ? this.#takeUrgent() : []
    this.#urgentInARow = urgent.length > 0 ? this.#urgentInARow + 1 : 0
    if (urgent.length > 0) return urgent
    return this.#left(this.#rest.take(otherRecordsMax, boxRecordsMax))
  }

  #takeUrgent(): Waiting[] {
    const isHeld = (box: string): boolean => !this.#isDraining && this.#pace.waitMs(box) > 0
    const urgent = this.#urgent.take(urgentRecordsMax, boxRecordsMax, isHeld)
    for (const { box, weight } of urgent) this.#pace.charge(box, weight())
    return this.#left(urgent)
  }

  #left(batch: Waiting[]): Waiting[] {
    for (const waiting of batch) this.#leave(waiting)
    this.#unpackAhead()
    return batch
  }

  #leave({ box, bytes, chars }: Waiting): void {
    this.#waitingBytes -= bytes
    lower(this.#bytesOfBox, box, bytes)
    this.#unpackedChars -= chars
    lower(this.#charsOfBox, box, chars)
  }

  /**
   * During a commit this costs no time, while there is room. One a turn of the event loop: several large ones of a box
   * would keep the red of another in its socket.
   */
  #unpackAhead(): void {
    if (this.#isUnpacking) return
    this.#isUnpacking = true
    setImmediate(() => {
      this.#isUnpacking = false
      const next = this.#nextPacked()
      if (!next) return
      this.#unpack(next)
      this.#unpackAhead()
    })
  }

  #nextPacked(): Waiting | undefined {
    if (this.#unpackedChars >= unpackedCharsMax) return undefined
    for (const queue of [this.#urgent, this.#rest])
      for (const waiting of queue.inTurn())
        if (waiting.packed && (this.#charsOfBox.get(waiting.box) ?? 0) < unpackedPerBoxMax) return waiting
    return undefined
  }

  /** The first part, with the other records left to wait. */
  #split(waiting: Waiting, weightMax: number): Waiting | undefined {
    const parts = waiting.arrived && splitReport(waiting.arrived, weightMax)
    if (!parts) return undefined
    const [arrived, rest] = parts
    const chars = charsOf(arrived)
    waiting.arrived = rest
    waiting.chars -= chars
    const part: Waiting = {
      ...waiting,
      arrived,
      chars,
      bytes: 0,
      weight: () => this.#weigh(part),
      done: (error) => (waiting.failure ??= error),
    }
    return part
  }

  #weigh(waiting: Waiting): number {
    if (waiting.packed) this.#unpack(waiting)
    const { arrived, unreadable } = waiting
    const kept = unreadable || arrived?.faulty ? unreadableWeight : 0
    return arrived ? weightOf(arrived) + kept : kept
  }

  #unpack(waiting: Waiting): void {
    const { box, topic, packed } = waiting
    if (!packed) return
    waiting.packed = undefined
    const parsed = parseArrivedReport(box, packed.channel, packed.payload)
    if (parsed.ok) {
      waiting.arrived = parsed.value
      waiting.chars = charsOf(parsed.value)
      this.#unpackedChars += waiting.chars
      this.#charsOfBox.set(box, (this.#charsOfBox.get(box) ?? 0) + waiting.chars)
    } else {
      const cause = describeProblems(parsed.problems.slice(0, 5))
      const alarm = alarmOfReport(packed, cause)
      waiting.unreadable = { ...this.#notes.quarantine(box, topic, cause, packed.payload), alarm }
    }
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const { core, storage, clock, logger } = this.#options
    const reports = batch.flatMap(({ arrived }) => arrived ?? [])
    const plan = core.plan(reports)
    const quarantined = batch.flatMap(({ unreadable }) => unreadable ?? [])
    for (const { index, reason } of plan.refused) {
      const report = reports[index]
      if (report)
        quarantined.push(this.#notes.quarantine(report.box, report.report.lane, reason, new Uint8Array()))
    }
    quarantined.push(...this.#newFaulty(batch, plan))
    const startMs = clock.monotonicMs()
    try {
      // Repeats need no commit, but are compared with the stored records.
      const isNews = plan.lanes.length > 0 || quarantined.length > 0 || plan.repeated.length > 0
      const receivedAtMs = clock.wallMs()
      const intake = { receivedAtMs, lanes: plan.lanes, quarantined, repeated: plan.repeated }
      const stored: StoredIntake = isNews
        ? await storage.storeIntake({ ...intake, ...this.#fencesOf(batch) })
        : { changes: [], spoilt: [] }
      const { changes, spoilt, conflicts = [], lost } = stored
      if (lost) return await this.#commitWithout(batch, lost)
      for (const one of spoilt) this.#notes.spoilt(one)
      const gaps = core.settle(plan)
      this.#options.limits?.stored(plan.lanes)
      for (const one of conflicts) {
        core.conflict(one)
        this.#notes.conflict(one)
      }
      if (this.#isFailing) logger.info('storage takes Reports again')
      this.#isFailing = false
      this.#notes.givenUp(plan.lanes)
      this.#notes.stored(plan.lanes, plan.repeats, (clock.monotonicMs() - startMs) / 1000)
      for (const { done } of batch) done()
      this.#stored({ heard: plan.heard, changes, gaps })
    } catch (error) {
      if (!this.#isFailing) logger.error({ err: error }, 'storage fails: no Report is acknowledged')
      this.#isFailing = true
      this.#notes.refused(batch.length)
      const failure = error instanceof Error ? error : new Error(messageOf(error))
      for (const { done } of batch) done(failure)
    }
  }

  #fencesOf(batch: readonly Waiting[]): { fences?: Record<string, number> } {
    const { claims } = this.#options
    return claims ? { fences: Object.fromEntries(batch.map(({ box }) => [box, claims.fenceOf(box)])) } : {}
  }

  /** Another centre has these boxes: they get no answer here, and the rest of the commit is made without them. */
  async #commitWithout(batch: readonly Waiting[], lost: readonly string[]): Promise<void> {
    const gone = new Set(lost)
    this.#options.claims?.lost(lost)
    for (const { box, done } of batch) if (gone.has(box)) done(new Error('another centre has this box'))
    if (batch.some(({ box }) => !gone.has(box))) await this.#commit(batch.filter(({ box }) => !gone.has(box)))
  }

  /** Of the records that can not be read, those whose numbers are new: a Report that comes again changes nothing. */
  #newFaulty(batch: readonly Waiting[], { lanes }: Plan): QuarantineEntry[] {
    const taken = new Set<string>()
    return batch.flatMap(({ box, topic, arrived }) => {
      if (!arrived?.faulty) return []
      const { epoch, lane } = arrived.report
      const planned = lanes.find((one) => one.box === box && one.epoch === epoch && one.lane === lane)
      const numbers = new Set(planned?.numbers)
      const isNew = ({ number }: FaultyRecord): boolean =>
        numbers.has(number) && !taken.has(`${box}/${epoch}/${lane}/${number}`)
      const faulty = arrived.faulty.filter(isNew)
      for (const { number } of faulty) taken.add(`${box}/${epoch}/${lane}/${number}`)
      if (faulty.length === 0) return []
      const entry = this.#notes.quarantine(box, topic, causeOf(faulty), rawOf(faulty))
      return [{ ...entry, alarm: alarmAmong(faulty) }]
    })
  }

  /** A Receipt without news: without any the box would assume that the centre is deaf. */
  #remind(box: string): void {
    const { core, limits } = this.#options
    const epoch = core.latestEpoch(box)
    if (epoch !== undefined && limits?.isReceiptDue(box))
      this.#stored({ heard: [{ box, epoch }], changes: [], gaps: [] })
  }
}

/** A Report of red or orange that can not be read at all gets no Receipt: its alarms would be missing here for as long as that lasts. */
function alarmOfReport({ channel, payload }: Packed, cause: string): UnreadableAlarm | undefined {
  const colour = colourOfUnreadable(channel, undefined)
  const beginning = isGzip(payload) ? cause : Buffer.from(payload.subarray(0, shownBytesMax)).toString()
  return colour && { colour, beginning, mayComeAgain: true }
}

function lower(sums: Map<string, number>, box: string, by: number): void {
  const left = (sums.get(box) ?? 0) - by
  if (left > 0) sums.set(box, left)
  else sums.delete(box)
}
